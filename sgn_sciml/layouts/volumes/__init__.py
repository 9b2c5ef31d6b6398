"""Volumes of medicine and microscopy: their values, and where these lie in space."""
