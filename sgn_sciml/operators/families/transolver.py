r"""Transolver: attention among slices, which points belong to by degrees.

.. math::
    w = \mathrm{softmax}(S\, P x / \tau), \qquad
    z_g = \frac{\sum_j w_{jg}\, (F x)_j}{\sum_j w_{jg}}, \qquad
    x'_j = O \sum_g w_{jg}\, \mathrm{attention}(z)_g

The tokens z are averages over points, so that cost is linear in the points and their order does
not matter: with ``kernel: 1`` the network takes clouds of points (:meth:`Transolver.on_points`).
On grids P and F are convolutions of width 3, as in the authors' code. Positions may be given as
distances from a reference grid (its ``unified_pos``).

References:
    Wu et al., *Transolver: a fast transformer solver for PDEs on general geometries* (2024),
    https://arxiv.org/abs/2402.02366; code: https://github.com/thuml/Neural-Solver-Library
"""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from sgn_sciml.layers import ActivationLike, FeedForward
from sgn_sciml.networks.base import OperatorNetwork
from sgn_sciml.operators.families.convolutions import Convolution, per_axis_flags
from sgn_sciml.operators.networks.adapter import positions

__all__ = ["SliceAttention", "Transolver"]

EPSILON = 1e-5
COLDEST, HOTTEST = 0.1, 5.0  # bounds of the temperature on grids


class SliceAttention(nn.Module):
    """Attention among slices, shape ``(batch, *space, width)``.

    Args:
        width: Channels.
        heads: Number of heads.
        slices: Number of slices of each head.
        periodic: Whether each axis is periodic.
        kernel: Width of the convolutions; 1 for points in any order.
    """

    def __init__(
        self, width: int, heads: int, slices: int, periodic: Sequence[bool], kernel: int
    ) -> None:
        super().__init__()
        self.heads, self.kernel, size = heads, kernel, width // heads

        def project() -> nn.Module:
            if kernel == 1:
                return nn.Linear(width, width)
            return Convolution(width, width, periodic, kernel)

        self.place, self.value = project(), project()
        self.slice = nn.Linear(size, slices)
        self.temperature = nn.Parameter(torch.full((heads, 1, 1), 0.5))
        self.query, self.key, self.mix = (nn.Linear(size, size, bias=False) for _ in range(3))
        self.merge = nn.Linear(width, width)

    def forward(self, x: Tensor) -> Tensor:
        y = x if self.kernel == 1 else x.movedim(-1, 1)
        place, value = (self._by_head(project(y)) for project in (self.place, self.value))
        heat: Tensor = self.temperature
        heat = heat if self.kernel == 1 else heat.clamp(COLDEST, HOTTEST)
        w = (self.slice(place) / heat).softmax(-1)
        z = w.mT @ value / (w.sum(-2)[..., None] + EPSILON)
        q, k = self.query(z), self.key(z)
        z = (q @ k.mT / q.shape[-1] ** 0.5).softmax(-1) @ self.mix(z)
        merged: Tensor = self.merge((w @ z).transpose(1, 2).flatten(2))
        return merged.view_as(x)

    def _by_head(self, y: Tensor) -> Tensor:
        """Projections as ``(batch, heads, points, width / heads)``."""
        y = y.flatten(1, -2) if self.kernel == 1 else y.flatten(2).mT
        return y.reshape(*y.shape[:2], self.heads, -1).transpose(1, 2)


class Transolver(OperatorNetwork):
    """Transformer of physics attention.

    Args:
        in_channels: Number of input functions.
        out_channels: Number of output functions.
        axes: Number of space axes, 1 to 3.
        width: Channels, a multiple of the heads.
        depth: Number of blocks.
        heads: Number of heads.
        slices: Number of slices of each head.
        factor: Hidden width of the feed-forward networks over the width.
        reference: Points along each axis of the grid that positions are told as distances from; 0
            for coordinates.
        kernel: Width of the convolutions in the attention; 1 for clouds of points.
        periodic: Whether the axes are periodic; one flag for all, or one per axis.
        activation: Activation of the feed-forward networks and the lifting.

    Raises:
        ValueError: For sizes out of range.

    Example:
        >>> Transolver(axes=2, width=8, depth=1, heads=2)(torch.zeros(1, 1, 6, 5)).shape
        torch.Size([1, 1, 6, 5])
    """

    def __init__(
        self,
        in_channels: int = 1,
        out_channels: int = 1,
        axes: int = 2,
        width: int = 128,
        depth: int = 8,
        heads: int = 8,
        slices: int = 64,
        factor: int = 2,
        reference: int = 0,
        kernel: int = 3,
        periodic: bool | tuple[bool, ...] = True,
        activation: ActivationLike = "gelu",
    ) -> None:
        super().__init__(in_channels, out_channels, axes)
        if min(in_channels, out_channels, depth, heads, slices, factor) < 1 or width % heads:
            raise ValueError("sizes must be at least 1, and width a multiple of heads")
        if kernel % 2 == 0:
            raise ValueError(f"kernel must be odd, got {kernel}")
        self.periodic, self.reference = per_axis_flags(periodic, axes), reference
        told = in_channels + (reference**axes if reference else axes)
        self.lifting = FeedForward(told, 2 * width, width, activation)
        self.attention = nn.ModuleList(
            SliceAttention(width, heads, slices, self.periodic, kernel) for _ in range(depth)
        )
        self.mlp = nn.ModuleList(
            FeedForward(width, factor * width, activation=activation) for _ in range(depth)
        )
        self.norms = nn.ModuleList(nn.LayerNorm(width) for _ in range(2 * depth + 1))
        self.head = nn.Linear(width, out_channels)
        for module in self.modules():  # slices, too: their orthogonal start is undone in the code
            if isinstance(module, nn.Linear):
                nn.init.trunc_normal_(module.weight, std=0.02)
                if module.bias is not None:
                    nn.init.zeros_(module.bias)
        self.placeholder = nn.Parameter(torch.rand(width) / width)

    def forward(self, x: Tensor) -> Tensor:
        points = positions(x[:1], self.periodic)[0].movedim(0, -1)
        return self._blocks(x.movedim(1, -1), points).movedim(-1, 1)

    def on_points(self, x: Tensor, points: Tensor) -> Tensor:
        """Functions at the points of a cloud; ``kernel`` must be 1.

        Args:
            x: Values, shape ``(batch, n, in_channels)``.
            points: Points of the unit box, shape ``(batch, n, axes)`` or ``(n, axes)``.

        Returns:
            Values, shape ``(batch, n, out_channels)``.

        Raises:
            ValueError: If the attention is one of grids.
        """
        if any(isinstance(module, Convolution) for module in self.modules()):
            raise ValueError("convolutions need a grid: set kernel to 1 for clouds of points")
        return self._blocks(x, points)

    def _blocks(self, x: Tensor, points: Tensor) -> Tensor:
        told = self._told(points)
        h = self.lifting(torch.cat([told.expand(*x.shape[:-1], -1), x], -1)) + self.placeholder
        norms = iter(self.norms)
        for attention, mlp in zip(self.attention, self.mlp, strict=True):
            h = h + attention(next(norms)(h))
            h = h + mlp(next(norms)(h))
        y: Tensor = self.head(next(norms)(h))
        return y

    def _told(self, points: Tensor) -> Tensor:
        """Coordinates, or distances from the points of the reference grid."""
        if not self.reference:
            return points
        line = torch.linspace(0, 1, self.reference, device=points.device, dtype=points.dtype)
        grid = torch.cartesian_prod(*[line] * self.axes).view(-1, self.axes)
        distance: Tensor = torch.linalg.vector_norm(points[..., None, :] - grid, dim=-1)
        return distance
