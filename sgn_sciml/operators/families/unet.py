r"""The convolutional U-Net, as The Well and PDEBench have it.

On every grid two convolutions of width 3, each with a norm and tanh; maxima of pairs go down,
transposed convolutions up, and across go the channels of each grid.

References:
    Ronneberger, Fischer and Brox, *U-Net* (2015), https://arxiv.org/abs/1505.04597

    Takamoto et al., *PDEBench* (2022), https://arxiv.org/abs/2210.07182

    Ohana et al., *The Well* (2024), https://arxiv.org/abs/2412.00568: ``UNetClassic``
"""

from collections.abc import Sequence
from functools import partial
from itertools import pairwise
from typing import Literal, cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from sgn_sciml.layers import ActivationLike
from sgn_sciml.networks.base import OperatorNetwork
from sgn_sciml.operators.families.convolutions import (
    TRANSPOSED,
    Convolution,
    channel_activation,
    cropped,
    filled_up,
    per_axis_flags,
    pointwise,
    require_halvings,
)
from sgn_sciml.operators.networks.adapter import positions

__all__ = ["DoubleConvolution", "FieldNorm", "UNet", "pooled"]

FieldNorm = Literal["batch", "instance"] | None
POOLS = (F.max_pool1d, F.max_pool2d, F.max_pool3d)
NORMED = {
    "batch": (nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d),
    "instance": tuple(
        partial(norm, affine=True)
        for norm in (nn.InstanceNorm1d, nn.InstanceNorm2d, nn.InstanceNorm3d)
    ),
}


def pooled(x: Tensor) -> Tensor:
    """The largest value of every two points along each axis."""
    y: Tensor = POOLS[x.ndim - 3](x, 2)
    return y


class DoubleConvolution(nn.Sequential):
    """Twice a convolution without bias, a norm, and an activation.

    Args:
        in_channels: Channels in.
        out_channels: Channels out.
        periodic: Whether each axis is periodic.
        norm: Norm of the channels: of the batch, of each item, or none.
        activation: Activation of the channels.
        between: Channels between the convolutions; ``out_channels`` when None.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        periodic: Sequence[bool],
        norm: FieldNorm = "batch",
        activation: ActivationLike = "tanh",
        between: int | None = None,
    ) -> None:
        between = between or out_channels
        layers: list[nn.Module] = []
        for n, m in ((in_channels, between), (between, out_channels)):
            layers.append(Convolution(n, m, periodic, bias=False))
            if norm is not None:
                layers.append(NORMED[norm][len(periodic) - 1](m))
            layers.append(channel_activation(activation, m))
        super().__init__(*layers)


class UNet(OperatorNetwork):
    """Convolutional U-Net.

    Closed axes have any number of points and are filled up with zeros; that of periodic ones is a
    multiple of 2^levels.

    Args:
        in_channels: Number of input functions.
        out_channels: Number of output functions.
        axes: Number of space axes, 1 to 3.
        width: Channels of the finest grid; each coarser one has twice as many.
        levels: Number of coarser grids.
        norm: Norm of the channels: ``batch``, ``instance`` or null.
        periodic: Whether the axes are periodic; one flag for all, or one per axis.
        positional: Whether the network is given the positions.
        activation: Activation behind each convolution.

    Raises:
        ValueError: For sizes out of range, and for a periodic grid that cannot be halved.

    Example:
        >>> UNet(axes=2, width=4, levels=2)(torch.zeros(1, 1, 8, 12)).shape
        torch.Size([1, 1, 8, 12])
    """

    def __init__(
        self,
        in_channels: int = 1,
        out_channels: int = 1,
        axes: int = 2,
        width: int = 32,
        levels: int = 4,
        norm: FieldNorm = "batch",
        periodic: bool | tuple[bool, ...] = True,
        positional: bool = False,
        activation: ActivationLike = "tanh",
    ) -> None:
        super().__init__(in_channels, out_channels, axes)
        if min(in_channels, out_channels, width, levels) < 1:
            raise ValueError("in_channels, out_channels, width and levels must be at least 1")
        self.periodic, self.levels = per_axis_flags(periodic, axes), levels
        self.positional = positional
        block = partial(
            DoubleConvolution, periodic=self.periodic, norm=norm, activation=activation
        )
        widths = [width * 2**k for k in range(levels + 1)]
        told = in_channels + axes * positional
        pairs = [*pairwise(widths)]
        self.down = nn.ModuleList([block(told, width), *(block(n, m) for n, m in pairs)])
        self.up = nn.ModuleList(TRANSPOSED[axes - 1](m, n, 2, stride=2) for n, m in pairs)
        self.merge = nn.ModuleList(block(m, n) for n, m in pairs)
        self.head = pointwise(width, out_channels, axes)

    def forward(self, x: Tensor) -> Tensor:
        points = x.shape[2:]
        require_halvings("UNet", points, self.periodic, self.levels)
        if self.positional:
            x = torch.cat([x, positions(x, self.periodic)], 1)
        x = filled_up(x, self.periodic, 2**self.levels)
        found = [cast(Tensor, self.down[0](x))]
        for block in self.down[1:]:
            found.append(block(pooled(found[-1])))
        y = found.pop()
        for up, merge in zip(reversed(self.up), reversed(self.merge), strict=True):
            y = merge(torch.cat([up(y), found.pop()], 1))
        return cropped(cast(Tensor, self.head(y)), points)
