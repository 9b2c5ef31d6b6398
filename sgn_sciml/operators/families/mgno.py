r"""MgNO: an operator whose linear maps are V-cycles of multigrid.

.. math::
    v_{l+1} = \sigma\bigl(W_l v_l + A_l v_l + b_l\bigr), \qquad u = Q v_L

with :math:`W_l` a :class:`~sgn_sciml.operators.families.multigrid.VCycle` and :math:`A_l`
pointwise. No lifting, no positions: on closed axes the zeros beyond the ends tell them.

Sizes and start are those of the authors' code for Darcy flow: one step of smoothing per level, two
on the coarsest, f restricted in the place of its residual, torch's own initial weights. They
interpolate by kernels of 3 on odd and of 4 on even grids; here one kernel serves every grid. Their
code for Navier-Stokes adds layer norms over a fixed grid, which are left out.

References:
    He, Liu and Xu, *MgNO: efficient parameterization of linear operators via multigrid* (2024),
    https://arxiv.org/abs/2310.19809; code: https://github.com/xlliu2017/MgNO
"""

from collections.abc import Sequence
from typing import Literal

import torch
from torch import Tensor, nn

from sgn_sciml.layers import ActivationLike
from sgn_sciml.networks.base import OperatorNetwork
from sgn_sciml.operators.families.convolutions import (
    channel_activation,
    per_axis_flags,
    pointwise,
    require_halvings,
)
from sgn_sciml.operators.families.multigrid import VCycle
from sgn_sciml.operators.networks.adapter import positions

__all__ = ["MgNO"]


class MgNO(OperatorNetwork):
    """Multigrid neural operator.

    Closed axes have any number of points; that of periodic ones is a multiple of 2^(levels - 1).

    Args:
        in_channels: Number of input functions.
        out_channels: Number of output functions.
        axes: Number of space axes, 1 to 3.
        width: Channels.
        depth: Number of layers.
        levels: Number of grids, the finest included.
        before: Smoothing steps on the way down; one number for all levels, or one per level. None
            for one, and two on the coarsest grid.
        after: Smoothing steps on the way up, likewise.
        residual: Whether a V-cycle restricts residuals, or its right-hand side itself.
        kernel: Size of the interpolation kernels, 3 or 4.
        periodic: Whether the axes are periodic; one flag for all, or one per axis.
        positional: Whether the network is given the positions.
        activation: Activation between the layers.

    Raises:
        ValueError: For sizes out of range, and for a periodic grid that cannot be halved.

    Example:
        >>> MgNO(axes=2, width=4, depth=2, levels=3)(torch.zeros(1, 1, 8, 12)).shape
        torch.Size([1, 1, 8, 12])
    """

    def __init__(
        self,
        in_channels: int = 1,
        out_channels: int = 1,
        axes: int = 2,
        width: int = 24,
        depth: int = 5,
        levels: int = 5,
        before: int | Sequence[int] | None = None,
        after: int | Sequence[int] = 0,
        residual: bool = False,
        kernel: Literal[3, 4] = 3,
        periodic: bool | tuple[bool, ...] = True,
        positional: bool = False,
        activation: ActivationLike = "gelu",
    ) -> None:
        super().__init__(in_channels, out_channels, axes)
        if min(in_channels, out_channels, width, depth, levels) < 1:
            raise ValueError(
                "in_channels, out_channels, width, depth and levels must be at least 1"
            )
        self.periodic, self.levels = per_axis_flags(periodic, axes), levels
        self.positional = positional
        down = (1,) * (levels - 1) + (2,) if before is None else per_level(before, levels)
        up = per_level(after, levels)
        if down[0] < 1 or min(*down, *up) < 0:
            raise ValueError(f"before must begin with at least one step, got {before}, {after}")
        told = in_channels + axes * positional
        widths = [told, *[width] * (depth - 1)]
        self.cycles = nn.ModuleList(
            VCycle(n, width, self.periodic, down, up, residual, kernel) for n in widths
        )
        self.skips = nn.ModuleList(pointwise(n, width, axes) for n in widths)
        self.act = nn.ModuleList(channel_activation(activation, width) for _ in widths)
        self.head = pointwise(width, out_channels, axes, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        require_halvings("MgNO", x.shape[2:], self.periodic, self.levels - 1)
        if self.positional:
            x = torch.cat([x, positions(x, self.periodic)], 1)
        for cycle, skip, act in zip(self.cycles, self.skips, self.act, strict=True):
            x = act(cycle(x) + skip(x))
        y: Tensor = self.head(x)
        return y


def per_level(steps: int | Sequence[int], levels: int) -> tuple[int, ...]:
    """Steps of each level."""
    found = (steps,) * levels if isinstance(steps, int) else tuple(steps)
    if len(found) != levels:
        raise ValueError(f"{len(found)} numbers of smoothing steps for {levels} levels")
    return found
