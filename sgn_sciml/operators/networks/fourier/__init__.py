"""Fourier layers in real arithmetic, channels last; start with ``product.py``."""
