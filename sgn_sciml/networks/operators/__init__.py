"""Neural operators: maps of functions, at any resolution."""

from sgn_sciml.networks.operators.fno import FNO, TFNO, UNO
from sgn_sciml.networks.operators.gated import Gated

__all__ = ["FNO", "TFNO", "UNO", "Gated"]
