"""Networks: layers stacked. PINNs and implicit representations share coordinate networks."""

from sgn_sciml.networks.base import CoordinateNetwork, Network, count_parameters
from sgn_sciml.networks.coordinate import CoordinateMLP

__all__ = ["CoordinateMLP", "CoordinateNetwork", "Network", "count_parameters"]
