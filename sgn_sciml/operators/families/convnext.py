r"""The U-Net of ConvNeXt blocks, the strongest baseline on many sets of The Well.

.. math::
    x + \gamma \odot W_2\, \mathrm{GELU}\bigl(W_1\, \mathrm{LN}(K * x)\bigr)

K is a convolution of width 7 for each channel by itself, :math:`W_1, W_2` a channel network of
four times the width, :math:`\gamma` begins at 1e-6. Grids are joined by convolutions of width and
stride 2, in front of them the channels of each point are scaled to Euclidean length one.

References:
    Liu et al., *A ConvNet for the 2020s* (2022), https://arxiv.org/abs/2201.03545

    Ohana et al., *The Well* (2024), https://arxiv.org/abs/2412.00568: ``UNetConvNext``, whose
    sizes and start these are; it pads with zeros, here periodic axes wrap.
"""

from collections.abc import Sequence
from functools import partial
from itertools import pairwise
from typing import cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from sgn_sciml.layers import ActivationLike, FeedForward
from sgn_sciml.networks.base import OperatorNetwork
from sgn_sciml.operators.families.convolutions import (
    CONVOLUTIONS,
    TRANSPOSED,
    Convolution,
    cropped,
    filled_up,
    per_axis_flags,
    pointwise,
    require_halvings,
)
from sgn_sciml.operators.networks.adapter import positions

__all__ = ["ConvNextUNet"]

EPSILON = 1e-6


class UnitLength(nn.Module):
    """The channels of each point, divided by their Euclidean length and weighted."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(channels))

    def forward(self, x: Tensor) -> Tensor:
        return F.normalize(x, dim=1, eps=EPSILON) * self.weight.view(-1, *(1,) * (x.ndim - 2))


class Blocks(nn.Module):
    """ConvNeXt blocks, one after the other.

    Args:
        channels: Channels.
        periodic: Whether each axis is periodic.
        depth: Number of blocks.
        activation: Activation of the channel networks.
        scale: Initial size of the blocks.
    """

    def __init__(
        self,
        channels: int,
        periodic: Sequence[bool],
        depth: int,
        activation: ActivationLike,
        scale: float,
    ) -> None:
        super().__init__()
        convolution = partial(Convolution, channels, channels, periodic, 7, groups=channels)
        self.convs = nn.ModuleList(convolution() for _ in range(depth))
        self.norms = nn.ModuleList(nn.LayerNorm(channels, EPSILON) for _ in range(depth))
        self.mlp = nn.ModuleList(
            FeedForward(channels, 4 * channels, activation=activation) for _ in range(depth)
        )
        self.scales = nn.ParameterList(torch.full((channels,), scale) for _ in range(depth))

    def forward(self, x: Tensor) -> Tensor:
        for conv, norm, mlp, scale in zip(
            self.convs, self.norms, self.mlp, self.scales, strict=True
        ):
            x = x + (scale * mlp(norm(conv(x).movedim(1, -1)))).movedim(-1, 1)
        return x


class ConvNextUNet(OperatorNetwork):
    """U-Net of ConvNeXt blocks.

    Closed axes have any number of points and are filled up with zeros; that of periodic ones is a
    multiple of 2^levels.

    Args:
        in_channels: Number of input functions.
        out_channels: Number of output functions.
        axes: Number of space axes, 1 to 3.
        width: Channels of the finest grid; each coarser one has twice as many.
        levels: Number of coarser grids.
        depth: Blocks on each grid, on the way down and up.
        neck: Blocks on the coarsest grid.
        periodic: Whether the axes are periodic; one flag for all, or one per axis.
        positional: Whether the network is given the positions.
        activation: Activation of the channel networks.
        scale: Initial size of the blocks.

    Raises:
        ValueError: For sizes out of range, and for a periodic grid that cannot be halved.

    Example:
        >>> ConvNextUNet(axes=2, width=4, levels=2)(torch.zeros(1, 1, 8, 12)).shape
        torch.Size([1, 1, 8, 12])
    """

    def __init__(
        self,
        in_channels: int = 1,
        out_channels: int = 1,
        axes: int = 2,
        width: int = 32,
        levels: int = 4,
        depth: int = 1,
        neck: int = 1,
        periodic: bool | tuple[bool, ...] = True,
        positional: bool = False,
        activation: ActivationLike = "gelu",
        scale: float = 1e-6,
    ) -> None:
        super().__init__(in_channels, out_channels, axes)
        if min(in_channels, out_channels, width, levels, depth, neck) < 1:
            raise ValueError(
                "in_channels, out_channels, width, levels, depth and neck must be at least 1"
            )
        self.periodic, self.levels = per_axis_flags(periodic, axes), levels
        self.positional = positional
        blocks = partial(Blocks, periodic=self.periodic, activation=activation, scale=scale)
        widths = [width * 2**k for k in range(levels + 1)]
        told, edge = in_channels + axes * positional, partial(Convolution, periodic=self.periodic)
        self.lift, self.head = edge(told, width), edge(width, out_channels)
        self.encoder = nn.ModuleList(blocks(n, depth=depth) for n in widths[:-1])
        self.neck = blocks(widths[-1], depth=neck)
        self.decoder = nn.ModuleList(blocks(n, depth=depth) for n in widths[1:])
        pairs = [*pairwise(widths)]
        self.down = nn.ModuleList(
            nn.Sequential(UnitLength(n), CONVOLUTIONS[axes - 1](n, m, 2, 2)) for n, m in pairs
        )
        self.up = nn.ModuleList(
            nn.Sequential(UnitLength(m), TRANSPOSED[axes - 1](m, n, 2, 2)) for n, m in pairs
        )
        self.merge = nn.ModuleList(pointwise(2 * n, n, axes) for n in widths[1:-1])

    def forward(self, x: Tensor) -> Tensor:
        points = x.shape[2:]
        require_halvings("ConvNextUNet", points, self.periodic, self.levels)
        if self.positional:
            x = torch.cat([x, positions(x, self.periodic)], 1)
        x = cast(Tensor, self.lift(filled_up(x, self.periodic, 2**self.levels)))
        found = []
        for blocks, down in zip(self.encoder, self.down, strict=True):
            found.append(x)  # what a grid is given, not what its blocks make of it
            x = down(blocks(x))
        x = self.neck(x)
        for level in reversed(range(self.levels)):
            if level < self.levels - 1:
                x = self.merge[level](torch.cat([x, found[level + 1]], 1))
            x = self.up[level](self.decoder[level](x))
        return cropped(cast(Tensor, self.head(x)), points)
