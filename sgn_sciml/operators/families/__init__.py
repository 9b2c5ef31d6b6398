"""Families of neural operators beside the FNO, each in its published form, on any axes."""

from sgn_sciml.operators.families.mgno import MgNO

__all__ = ["MgNO"]
