"""Families of neural operators beside the FNO, each in its published form, on any axes."""

from sgn_sciml.operators.families.convnext import ConvNextUNet
from sgn_sciml.operators.families.mgno import MgNO
from sgn_sciml.operators.families.unet import UNet

__all__ = ["ConvNextUNet", "MgNO", "UNet"]
