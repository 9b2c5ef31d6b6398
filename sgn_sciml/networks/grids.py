"""Grids of splines that follow the points a coordinate network is used on."""

import torch
from torch import Tensor, nn

from sgn_sciml.layers import ActivationEncoding, Range, Spline
from sgn_sciml.networks.coordinate import CoordinateMLP

__all__ = ["follow_data"]


@torch.no_grad()
def follow_data(
    network: CoordinateMLP, points: Tensor, within: Range | None = None, uniform: float = 0.5
) -> int:
    """Move the grid of each spline of a network to where points bring its inputs.

    The first layer is moved first; each keeps its function (:meth:`Spline.follow`).

    Args:
        network: The network, whose grids and weights change in place.
        points: Coordinates, shape ``(N, d)``.
        within: How the ends of a grid are found; by quantiles when None.
        uniform: Share of evenly spaced points in a grid, quantiles have the rest.

    Returns:
        Number of grids that were moved.
    """
    first = network.layers[0]
    assert isinstance(first, nn.Linear)
    u, moved = network.scale(points), 0
    if isinstance(network.encoding, ActivationEncoding):
        act = network.encoding.activation
        if isinstance(act, Spline):
            act.follow(u, [first.weight], within, uniform)
            moved += 1
    h: Tensor = network.encoding(u)
    for k, (linear, act) in enumerate(network.hidden()):
        u = linear(h)
        if isinstance(act, Spline):
            behind = network.layers[2 * k + 2]
            assert isinstance(behind, nn.Linear)
            skips = [network.skips[k]] if k < len(network.skips) else []
            act.follow(u, [behind.weight, *skips], within, uniform)
            moved += 1
        h = act(u)
    return moved
