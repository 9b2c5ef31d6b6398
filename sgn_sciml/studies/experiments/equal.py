"""Equal parameters: networks of a cell's factory at the widths that spend its budget."""

from collections.abc import Callable
from copy import deepcopy
from typing import cast

from sgn_sciml.networks import CoordinateNetwork

__all__ = ["NetworkFactory", "network_of"]

NetworkFactory = Callable[[int, int, int], CoordinateNetwork]


def network_of(
    factory: NetworkFactory, coordinates: int, width: int, first_width: int
) -> CoordinateNetwork:
    """A network of one field, at widths of :func:`~sgn_sciml.networks.match_parameters`.

    Only a network whose first layer is of another width than the others, as those with bases in
    front of each matrix need to meet a budget, must know ``first_width``. A factory of a
    configuration gives all its networks the same encoding; each gets a copy here, so that none
    trains another's.

    Args:
        factory: Called with coordinates, fields and a width.
        coordinates: Number of coordinates.
        width: Width of the hidden layers.
        first_width: Width of the first of them.
    """
    if width == first_width:
        return deepcopy(factory(coordinates, 1, width))
    uneven = cast(Callable[..., CoordinateNetwork], factory)
    return deepcopy(uneven(coordinates, 1, width, first_width=first_width))
