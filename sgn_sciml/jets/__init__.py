"""Derivatives of networks: jets that travel through them, and nested differentiation.

This room knows torch only. A residual is one readable line over names such as ``d.u_xx``; what it
asks for is found out by reading it once, and the engines evaluate it with the same numbers.
"""

from sgn_sciml.jets.automatic import Automatic
from sgn_sciml.jets.derivatives import Derivatives
from sgn_sciml.jets.engine import Engine, apart
from sgn_sciml.jets.equation import Equation
from sgn_sciml.jets.fused_function import FusedFunction, has_bfloat16_tiles
from sgn_sciml.jets.kernel import Rounding
from sgn_sciml.jets.kernel_engine import Fused
from sgn_sciml.jets.quadrature import IntegrationDomain
from sgn_sciml.jets.torch_engines import Compiled, Eager, Nested

__all__ = [
    "Automatic",
    "Compiled",
    "Derivatives",
    "Eager",
    "Engine",
    "Equation",
    "Fused",
    "FusedFunction",
    "IntegrationDomain",
    "Nested",
    "Rounding",
    "apart",
    "has_bfloat16_tiles",
]
