"""Neural operators: maps of functions, at any resolution."""

from sgn_sciml.operators.networks.attention import GalerkinTransformer
from sgn_sciml.operators.networks.boosting import Boosted
from sgn_sciml.operators.networks.fno import FNO, TFNO
from sgn_sciml.operators.networks.gating import Gated
from sgn_sciml.operators.networks.refinement import Refined
from sgn_sciml.operators.networks.t1 import TransformOnce
from sgn_sciml.operators.networks.uno import UNO

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
