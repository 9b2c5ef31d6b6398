"""Families of neural operators beside the FNO, each in its published form, on any axes."""

from sgn_sciml.operators.families.convnext import ConvNextUNet
from sgn_sciml.operators.families.deeponet import DeepONet, MIONet
from sgn_sciml.operators.families.dpot import DPOT
from sgn_sciml.operators.families.ffno import FFNO
from sgn_sciml.operators.families.gfno import GFNO
from sgn_sciml.operators.families.latent_spectral import LSM
from sgn_sciml.operators.families.mgno import MgNO
from sgn_sciml.operators.families.sfno import SFNO
from sgn_sciml.operators.families.transolver import Transolver
from sgn_sciml.operators.families.unet import UNet

__all__ = [
    "DPOT",
    "FFNO",
    "GFNO",
    "LSM",
    "SFNO",
    "ConvNextUNet",
    "DeepONet",
    "MIONet",
    "MgNO",
    "Transolver",
    "UNet",
]
