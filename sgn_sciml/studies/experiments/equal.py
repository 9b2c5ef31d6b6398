"""Equal parameters: networks of a cell's factory at the widths that spend its budget."""

from collections.abc import Callable
from copy import deepcopy
from typing import cast

import torch

from sgn_sciml.networks import CoordinateNetwork

__all__ = ["NetworkFactory", "network_of", "network_on_unit_box"]

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


def network_on_unit_box(
    factory: NetworkFactory,
    coordinates: int,
    width: int,
    first_width: int,
    seed: int,
    device: torch.device,
) -> CoordinateNetwork:
    """A :func:`network_of` a cell: its weights drawn from a seed, every coordinate from 0 to 1."""
    torch.manual_seed(seed)
    made = network_of(factory, coordinates, width, first_width)
    made.set_domain([0.0] * coordinates, [1.0] * coordinates)
    return made.to(device)
