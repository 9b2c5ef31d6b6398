"""Layouts that are a dictionary of arrays: torch's, NumPy's, and arrays in memory."""
