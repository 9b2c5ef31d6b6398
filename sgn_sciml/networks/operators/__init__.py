"""Neural operators: maps of functions, at any resolution."""

from sgn_sciml.networks.operators.attention import GalerkinTransformer
from sgn_sciml.networks.operators.boost import Boosted
from sgn_sciml.networks.operators.fno import FNO, TFNO
from sgn_sciml.networks.operators.gated import Gated
from sgn_sciml.networks.operators.refine import Refined
from sgn_sciml.networks.operators.t1 import TransformOnce
from sgn_sciml.networks.operators.uno import UNO

__all__ = [
    "FNO",
    "TFNO",
    "UNO",
    "Boosted",
    "GalerkinTransformer",
    "Gated",
    "Refined",
    "TransformOnce",
]
