"""Networks: layers stacked. PINNs and implicit representations share coordinate networks.

:mod:`sgn_sciml.operators.networks` holds the neural operators.
"""

from sgn_sciml.networks.base import (
    CoordinateNetwork,
    Network,
    OperatorNetwork,
    count_parameters,
    freeze_parameters,
)
from sgn_sciml.networks.budget import match_parameters
from sgn_sciml.networks.coordinate import CoordinateMLP
from sgn_sciml.networks.features import DrawnFeatures
from sgn_sciml.networks.grids import follow_data
from sgn_sciml.networks.inject import Replacement, inject
from sgn_sciml.networks.modulated import ModulatedMLP
from sgn_sciml.networks.plain import PlainNetwork, as_coordinate_network, as_sized_network
from sgn_sciml.networks.separate import Separate
from sgn_sciml.networks.stages import Staged
from sgn_sciml.networks.windows import Continued

__all__ = [
    "Continued",
    "CoordinateMLP",
    "CoordinateNetwork",
    "DrawnFeatures",
    "ModulatedMLP",
    "Network",
    "OperatorNetwork",
    "PlainNetwork",
    "Replacement",
    "Separate",
    "Staged",
    "as_coordinate_network",
    "as_sized_network",
    "count_parameters",
    "follow_data",
    "freeze_parameters",
    "inject",
    "match_parameters",
]
