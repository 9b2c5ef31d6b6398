r"""LSM: latent spectral models, a U-Net whose grids pass through a few latent tokens.

In each patch of p points along an axis, for each head,

.. math::
    z &= z_0 + \mathrm{softmax}(z_0\, K x)\, V x \\
    z &\leftarrow z + \sum_{k=0}^{m-1} w_k \sin \frac{\pi k z}{m} + w'_k \cos \frac{\pi k z}{m} \\
    x &\leftarrow x + \mathrm{softmax}(Q x\, z)\, z

The grids are joined as in a U-Net: maxima of pairs go down, interpolation between the ends goes
up. Sizes and start are those of the authors' code.

References:
    Wu et al., *Solving high-dimensional PDEs with latent spectral models* (2023),
    https://arxiv.org/abs/2301.12664; code: https://github.com/thuml/Latent-Spectral-Models
"""

import math
from collections.abc import Sequence
from functools import partial
from typing import cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from sgn_sciml.layers import ActivationLike, FeedForward
from sgn_sciml.networks.base import OperatorNetwork
from sgn_sciml.operators.families.convolutions import (
    cropped,
    filled_up,
    per_axis_flags,
    pointwise,
)
from sgn_sciml.operators.families.unet import DoubleConvolution, FieldNorm, pooled
from sgn_sciml.operators.networks.adapter import positions

__all__ = ["LSM", "LatentSpectralBlock", "patched", "unpatched"]

HIDDEN = 128
MODES = ("linear", "bilinear", "trilinear")


def patched(x: Tensor, size: int) -> Tensor:
    """Fields ``(batch, channels, *space)`` as patches ``(batch * patches, channels, points)``."""
    axes = x.ndim - 2
    x = x.reshape(*x.shape[:2], *(k for n in x.shape[2:] for k in (n // size, size)))
    order = [0, *range(2, 2 + 2 * axes, 2), 1, *range(3, 3 + 2 * axes, 2)]
    return x.permute(order).flatten(axes + 2).flatten(0, axes)


def unpatched(x: Tensor, size: int, shape: Sequence[int]) -> Tensor:
    """The inverse of :func:`patched`, given the shape of the fields."""
    axes = len(shape) - 2
    x = x.view(shape[0], *(n // size for n in shape[2:]), shape[1], *(size,) * axes)
    order = [0, axes + 1]
    for axis in range(axes):
        order += [1 + axis, axes + 2 + axis]
    return x.permute(order).reshape(tuple(shape))


class LatentSpectralBlock(nn.Module):
    """Patches through latent tokens, shape ``(batch, width, *space)``.

    Args:
        width: Channels, a multiple of the heads.
        axes: Number of space axes.
        basis: Number m of frequencies, from 0.
        tokens: Number of tokens of a patch.
        heads: Number of heads.
        patch: Points of a patch along each axis.
    """

    frequencies: Tensor

    def __init__(
        self, width: int, axes: int, basis: int, tokens: int, heads: int, patch: int
    ) -> None:
        super().__init__()
        self.heads, self.patch = heads, patch
        frequencies = math.pi * torch.arange(basis) / basis
        self.register_buffer("frequencies", frequencies, persistent=False)
        self.weights = nn.Parameter(torch.rand(width, 2 * basis) / width)
        self.latent = nn.Parameter(torch.rand(heads, tokens, width // heads) / width)
        self.encoder = pointwise(width, 2 * width, axes)
        self.decoder = pointwise(width, width, axes)

    def forward(self, x: Tensor) -> Tensor:
        pairs = self._by_head(self.encoder(x))
        k, v = pairs[..., ::2], pairs[..., 1::2]
        z = self.latent + (self.latent @ k.mT).softmax(-1) @ v
        z = z + self._transition(z)
        q = self._by_head(self.decoder(x))
        y: Tensor = (q @ z.mT).softmax(-1) @ z
        return x + unpatched(y.mT.flatten(1, 2), self.patch, x.shape)

    def _by_head(self, x: Tensor) -> Tensor:
        """Patches as ``(patches, heads, points, channels / heads)``."""
        patches = patched(x, self.patch)
        return patches.reshape(len(patches), self.heads, -1, patches.shape[-1]).mT

    def _transition(self, z: Tensor) -> Tensor:
        """A series of sines and cosines for each channel."""
        phase = z[..., None] * self.frequencies.to(z.dtype)
        waves = torch.cat([phase.sin(), phase.cos()], -1)
        weights = self.weights.view(self.heads, 1, -1, self.weights.shape[-1])
        return (waves * weights).sum(-1)


class LSM(OperatorNetwork):
    """Latent spectral model.

    Closed axes have any number of points and are filled up with zeros; that of periodic ones is a
    multiple of patch * 2^levels.

    Args:
        in_channels: Number of input functions.
        out_channels: Number of output functions.
        axes: Number of space axes, 1 to 3.
        width: Channels of the finest grid, a multiple of the heads; each coarser one has twice as
            many, but the coarsest.
        levels: Number of coarser grids.
        basis: Number of frequencies of the latent series, from 0.
        tokens: Number of latent tokens of a patch.
        heads: Number of heads.
        patch: Points of a patch along each axis, on every grid.
        norm: Norm of the channels after convolutions: ``batch``, ``instance`` or null.
        periodic: Whether the axes are periodic; one flag for all, or one per axis.
        positional: Whether the network is given the positions.
        activation: Activation of the projection, whose hidden width is 128.

    Raises:
        ValueError: For sizes out of range, and for a periodic grid that does not fit.

    Example:
        >>> LSM(axes=1, width=8, levels=2, heads=2, patch=2)(torch.zeros(2, 1, 16)).shape
        torch.Size([2, 1, 16])
    """

    def __init__(
        self,
        in_channels: int = 1,
        out_channels: int = 1,
        axes: int = 2,
        width: int = 64,
        levels: int = 4,
        basis: int = 12,
        tokens: int = 4,
        heads: int = 8,
        patch: int = 3,
        norm: FieldNorm = "batch",
        periodic: bool | tuple[bool, ...] = True,
        positional: bool = True,
        activation: ActivationLike = "gelu",
    ) -> None:
        super().__init__(in_channels, out_channels, axes)
        sizes = (in_channels, out_channels, width, levels, basis, tokens, heads, patch)
        if min(sizes) < 1 or width % heads:
            raise ValueError("sizes must be at least 1, and width a multiple of heads")
        self.periodic, self.multiple = per_axis_flags(periodic, axes), patch * 2**levels
        self.positional = positional
        conv = partial(DoubleConvolution, periodic=self.periodic, norm=norm, activation="relu")
        widths = [width * 2 ** min(k, levels - 1) for k in range(levels + 1)]
        self.lift = pointwise(in_channels + axes * positional, width, axes)
        self.down = nn.ModuleList(conv(widths[max(k - 1, 0)], n) for k, n in enumerate(widths))
        self.blocks = nn.ModuleList(
            LatentSpectralBlock(n, axes, basis, tokens, heads, patch) for n in widths
        )
        self.up = nn.ModuleList(
            conv(2 * n, widths[max(k - 1, 0)], between=n) for k, n in enumerate(widths[:-1])
        )
        self.last = pointwise(width, width, axes)
        self.projection = FeedForward(width, HIDDEN, out_channels, activation)

    def forward(self, x: Tensor) -> Tensor:
        points = x.shape[2:]
        self._require(points)
        if self.positional:
            x = torch.cat([x, positions(x, self.periodic)], 1)
        x = filled_up(cast(Tensor, self.lift(x)), self.periodic, self.multiple)
        found = []
        for k, conv in enumerate(self.down):
            x = conv(pooled(x) if k else x)
            found.append(x)
        x = self.blocks[-1](found.pop())
        for block, conv in zip(reversed(self.blocks[:-1]), reversed(self.up), strict=True):
            x = F.interpolate(x, scale_factor=2, mode=MODES[self.axes - 1], align_corners=True)
            x = conv(torch.cat([block(found.pop()), x], 1))
        x = cropped(cast(Tensor, self.last(x)), points)
        return cast(Tensor, self.projection(x.movedim(1, -1))).movedim(-1, 1)

    def _require(self, points: Sequence[int]) -> None:
        for n, wraps in zip(points, self.periodic, strict=True):
            if wraps and n % self.multiple:
                raise ValueError(
                    f"LSM cuts periodic axes into patches on every grid, so that their number of "
                    f"points must be a multiple of {self.multiple} = patch * 2^levels, not {n}"
                )
