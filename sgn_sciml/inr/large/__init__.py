"""Signals that are larger than memory: read, measured and written a part at a time."""
