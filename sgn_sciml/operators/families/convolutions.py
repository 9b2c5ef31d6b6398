"""Convolutions of fields on one to three axes, each periodic or closed.

A periodic axis is wrapped, a closed one is padded with zeros, as the published codes of the
families do. A stride of two keeps the points 0, 2, 4, ... of an axis, so that coarse points lie on
fine ones whatever their number; a periodic axis must have an even number for that.
"""

import itertools
from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from sgn_sciml.layers import ActivationLike, ChannelsFirst, Elementwise, make_activation

__all__ = [
    "Convolution",
    "Interpolation",
    "channel_activation",
    "cropped",
    "filled_up",
    "per_axis_flags",
    "pointwise",
    "require_halvings",
    "wrap",
]

CONVOLUTIONS = (nn.Conv1d, nn.Conv2d, nn.Conv3d)
TRANSPOSED = (nn.ConvTranspose1d, nn.ConvTranspose2d, nn.ConvTranspose3d)


def per_axis_flags(periodic: bool | Sequence[bool], axes: int) -> tuple[bool, ...]:
    """Whether each axis is periodic.

    Raises:
        ValueError: If there are no axes, more than three, or flags of another number.
    """
    if not 1 <= axes <= 3:
        raise ValueError(f"convolutions have 1 to 3 space axes, got axes={axes}")
    flags = (periodic,) * axes if isinstance(periodic, bool) else tuple(periodic)
    if len(flags) != axes:
        raise ValueError(f"periodic has {len(flags)} entries for {axes} axes")
    return flags


def require_halvings(
    name: str, points: Sequence[int], periodic: Sequence[bool], times: int
) -> None:
    """See that a grid can be halved so many times.

    Raises:
        ValueError: If a periodic axis has an odd number of points before the last halving.
    """
    for n, wraps in zip(points, periodic, strict=True):
        if wraps and n % 2**times:
            most = next(k for k in itertools.count() if n % 2 ** (k + 1))
            raise ValueError(
                f"{name} halves periodic axes {times} times, so that their number of points must "
                f"be a multiple of {2**times}, not {n}: with {n} points set levels for {most} "
                "halvings or fewer"
            )


def wrap(x: Tensor, periodic: Sequence[bool], width: int) -> Tensor:
    """Put so many points of the other end before and after the periodic axes.

    Args:
        x: Field, shape ``(batch, channels, *space)``.
        periodic: Which axes to wrap.
        width: Number of points on either side; may be more than an axis has.
    """
    if width == 0 or not any(periodic):
        return x
    sizes = [n for n, wraps in zip(x.shape[2:], periodic, strict=True) if wraps]
    if width <= min(sizes):
        amounts = [width * wraps for wraps in reversed(periodic) for _ in range(2)]
        return F.pad(x, amounts, mode="circular")
    for dim, wraps in enumerate(periodic, start=2):
        if wraps:
            n = x.shape[dim]
            x = x.index_select(dim, torch.arange(-width, n + width, device=x.device) % n)
    return x


def filled_up(x: Tensor, periodic: Sequence[bool], multiple: int) -> Tensor:
    """Zeros after the closed axes, up to a multiple of some number of points."""
    short = [0 if wraps else -n % multiple for n, wraps in zip(x.shape[2:], periodic, strict=True)]
    if not any(short):
        return x
    return F.pad(x, [amount for n in reversed(short) for amount in (0, n)])


def cropped(x: Tensor, points: Sequence[int]) -> Tensor:
    """The first points of each axis."""
    for dim, n in enumerate(points, start=2):
        x = x.narrow(dim, 0, n)
    return x


class Convolution(nn.Module):
    """A convolution that keeps the grid, or every other point of it.

    Shape ``(batch, in_channels, *space) -> (batch, out_channels, *space)``.

    Args:
        in_channels: Channels in.
        out_channels: Channels out.
        periodic: Whether each axis is periodic.
        kernel: Size of the kernel, odd.
        stride: 1, or 2 to keep the points 0, 2, 4, ...
        bias: Whether there is a bias.
        groups: Groups of channels that do not see each other.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        periodic: Sequence[bool],
        kernel: int = 3,
        stride: int = 1,
        bias: bool = True,
        groups: int = 1,
    ) -> None:
        super().__init__()
        self.periodic, self.width = tuple(periodic), kernel // 2
        self.conv = CONVOLUTIONS[len(self.periodic) - 1](
            in_channels,
            out_channels,
            kernel,
            stride,
            tuple(0 if wraps else self.width for wraps in self.periodic),  # type: ignore[arg-type]
            groups=groups,
            bias=bias,
        )

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.conv(wrap(x, self.periodic, self.width))
        return y


class Interpolation(nn.Module):
    """The transpose of a convolution of stride two: from a coarse grid to a given finer one.

    Args:
        in_channels: Channels in.
        out_channels: Channels out.
        periodic: Whether each axis is periodic.
        kernel: Size of the kernel; at 3 coarse points lie on fine ones.
        bias: Whether there is a bias.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        periodic: Sequence[bool],
        kernel: int = 3,
        bias: bool = False,
    ) -> None:
        super().__init__()
        self.periodic = tuple(periodic)
        self.conv = TRANSPOSED[len(self.periodic) - 1](
            in_channels, out_channels, kernel, stride=2, bias=bias
        )

    def forward(self, x: Tensor, points: Sequence[int]) -> Tensor:
        """From ``(batch, in_channels, *coarse)`` to ``(batch, out_channels, *points)``."""
        y: Tensor = self.conv(wrap(x, self.periodic, 1))
        for dim, (wraps, n) in enumerate(zip(self.periodic, points, strict=True), start=2):
            y = y.narrow(dim, 3 if wraps else 1, n)
        return y


def pointwise(in_channels: int, out_channels: int, axes: int, bias: bool = True) -> nn.Module:
    """A linear map of the channels at each point."""
    return CONVOLUTIONS[axes - 1](in_channels, out_channels, 1, bias=bias)


def channel_activation(activation: ActivationLike, channels: int) -> nn.Module:
    """An activation of fields ``(batch, channels, *space)``; a gate reads all channels."""
    made = make_activation(activation, channels)
    return made if isinstance(made, Elementwise) else ChannelsFirst(made)
