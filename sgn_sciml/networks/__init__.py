"""Networks: layers stacked. PINNs and implicit representations share coordinate networks."""

from sgn_sciml.networks.base import CoordinateNetwork, Network, count_parameters
from sgn_sciml.networks.coordinate import CoordinateMLP
from sgn_sciml.networks.inject import Replacement, inject

__all__ = [
    "CoordinateMLP",
    "CoordinateNetwork",
    "Network",
    "Replacement",
    "count_parameters",
    "inject",
]
