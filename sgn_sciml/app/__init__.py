"""The ``sgn`` command: what it does with the applications."""
