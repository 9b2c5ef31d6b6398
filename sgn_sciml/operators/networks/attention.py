r"""Operator learning by attention without softmax, after Cao (2021).

With Q, K and V at n points, d features a head, layer normalisation ~ and the rotation R below,

.. math::
    \text{galerkin} \quad & z = R Q\; s\bigl((R \tilde K)^\top \tilde V / n\bigr) \\
    \text{fourier} \quad & z = s\bigl(R \tilde Q\, (R \tilde K)^\top / \sqrt d\bigr)\, V / n \\
    \text{softmax} \quad & z = \mathrm{softmax}\; s\bigl(R Q\, (R K)^\top / \sqrt d\bigr)\, V

A sum over points divided by n is an integral over the domain, so weights learnt on one grid serve
on any other. Galerkin costs :math:`n d^2`, the others :math:`n^2 d`.

**Positions** join the input functions, as in the paper, or R shows them to the attention only: it
turns pairs of features by :math:`2 \pi \kappa \cdot x` (half of that along a closed axis), with
the lowest wave vectors :math:`\kappa` of the lattice. A product of Q and K then sees differences
of positions, and the network commutes with translations of periodic axes.

**Scores** may pass through a learnable activation s, one channel per head: a spectral gate or
:class:`FourierScores`. Kolmogorov-Arnold attention learns functions of whole rows of the n x n
matrix, which ties it to one n; here s acts on single scores.

References:
    Cao, *Choose a Transformer: Fourier or Galerkin* (2021), https://arxiv.org/abs/2105.14995;
    Su et al., *RoFormer* (2021), https://arxiv.org/abs/2104.09864;
    Maity et al., *Kolmogorov-Arnold Attention* (2025), https://arxiv.org/abs/2503.10632
"""

import itertools
import math
from collections.abc import Callable, Sequence
from typing import Literal

import torch
from torch import Tensor, nn

from sgn_sciml.layers import Activation, ActivationLike, FeedForward, SpectralGate, make_activation
from sgn_sciml.networks.base import OperatorNetwork
from sgn_sciml.operators.networks.adapter import positions

__all__ = ["Attention", "FourierScores", "GalerkinTransformer", "attend"]

AttentionKind = Literal["galerkin", "fourier", "softmax"]
NORMED = {"galerkin": (1, 2), "fourier": (0, 1), "softmax": ()}


class FourierScores(Activation):
    r"""The identity and a Fourier series, :math:`x + \sum_k a_k \cos kx + b_k \sin kx`.

    Args:
        features: Number of channels: the heads of an attention.
        harmonics: Number of harmonics.
        rank: Number of series that the channels mix; one for each channel when None.
    """

    def __init__(self, features: int, harmonics: int = 4, rank: int | None = None) -> None:
        super().__init__(features)
        self.series = nn.Parameter(1e-2 * torch.randn(2 * harmonics, rank or features))
        self.mixing = None if rank is None else nn.Parameter(torch.randn(rank, features))

    def forward(self, u: Tensor) -> Tensor:
        c = self.series if self.mixing is None else self.series @ self.mixing
        y = u
        for k, (a, b) in enumerate(zip(*c.chunk(2), strict=True), start=1):
            y = y + a * (k * u).cos() + b * (k * u).sin()
        return y


def attend(
    q: Tensor,
    k: Tensor,
    v: Tensor,
    kind: AttentionKind,
    scores: Callable[[Tensor], Tensor] | None = None,
) -> Tensor:
    """Attention, shape ``(batch, heads, n, d)``; ``scores`` acts on ``(batch, ., ., heads)``."""
    n, d = q.shape[-2:]
    s = k.mT @ v / n if kind == "galerkin" else q @ k.mT / d**0.5
    if scores is not None:
        s = scores(s.movedim(1, -1)).movedim(-1, 1)
    if kind == "galerkin":
        return q @ s
    return s.softmax(-1) @ v if kind == "softmax" else s @ v / n


class Attention(nn.Module):
    """Multi-head attention, shape ``(batch, n, width)``; angles ``(n, width / heads / 2)``."""

    def __init__(
        self, width: int, heads: int, kind: AttentionKind, scores: ActivationLike | None = None
    ) -> None:
        super().__init__()
        self.heads, self.kind, normed = heads, kind, NORMED[kind]
        self.project = nn.Linear(width, 3 * width)
        with torch.no_grad():  # small, and larger on the diagonal, as in the paper's code
            for weight in self.project.weight.chunk(3):
                nn.init.xavier_uniform_(weight, gain=1e-2).add_(torch.eye(width), alpha=1e-2)
        self.norms = nn.ModuleList(
            nn.LayerNorm(width // heads) if i in normed else nn.Identity() for i in range(3)
        )
        self.scores = None if scores is None else make_activation(scores, heads)
        self.merge = nn.Linear(width, width)

    def forward(self, x: Tensor, angle: Tensor | None = None) -> Tensor:
        """Apply it; the angles turn queries and keys."""
        parts = self.project(x).unflatten(-1, (3, self.heads, -1)).permute(2, 0, 3, 1, 4)
        q, k, v = (norm(part) for norm, part in zip(self.norms, parts, strict=True))
        if angle is not None:
            q, k = turn(q, angle), turn(k, angle)
        z = attend(q, k, v, self.kind, self.scores)
        y: Tensor = self.merge(z.transpose(1, 2).flatten(2))
        return y


def turn(y: Tensor, angle: Tensor) -> Tensor:
    """Turn pairs of features (i, i + d / 2) by angles."""
    a, b = y.chunk(2, dim=-1)
    cos, sin = angle.cos(), angle.sin()
    return torch.cat([a * cos - b * sin, a * sin + b * cos], dim=-1).to(y.dtype)


def wave_vectors(count: int, axes: int) -> Tensor:
    """The ``count`` lowest wave vectors of the integer lattice, one of each pair +-k."""
    reach = range(-count, count + 1)
    half = [k for k in itertools.product(reach, repeat=axes) if k >= (0,) * axes]
    return torch.tensor(sorted(half, key=lambda k: sum(i * i for i in k))[:count]).float()


class GalerkinTransformer(OperatorNetwork):
    """Residual blocks of attention and feed-forward networks at the points of a grid.

    Args:
        in_channels: Number of input functions.
        out_channels: Number of output functions.
        axes: Number of space axes.
        width: Channels.
        depth: Number of blocks.
        heads: Number of heads.
        attention: Form of attention: ``galerkin``, ``fourier`` or ``softmax``.
        rotary: Whether attention sees differences of positions, through a rotation.
        positional: Whether positions join the input: True for a law that depends on them; None
            for those of closed axes only, which have walls.
        periodic: Whether axes are periodic or closed (samples with both ends); one flag, or one
            per axis.
        activation: Activation of the feed-forward networks, a spectral gate by default.
        scores: Activation factory of the scores, called with the heads; the identity when None.

    Raises:
        ValueError: If sizes or flags do not fit together, or for an unknown attention.

    Example:
        >>> network = GalerkinTransformer(1, 1, width=16, depth=1, heads=2)
        >>> network(torch.zeros(5, 1, 100)).shape
        torch.Size([5, 1, 100])
    """

    waves: Tensor

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        axes: int = 1,
        width: int = 64,
        depth: int = 4,
        heads: int = 4,
        attention: AttentionKind = "galerkin",
        rotary: bool = True,
        positional: bool | None = None,
        periodic: bool | Sequence[bool] = True,
        activation: ActivationLike = SpectralGate,
        scores: ActivationLike | None = None,
    ) -> None:
        super().__init__(in_channels, out_channels, axes)
        self.periodic = (periodic,) * axes if isinstance(periodic, bool) else tuple(periodic)
        if min(in_channels, out_channels, axes, width, depth, heads) < 1 or width % (2 * heads):
            raise ValueError("sizes must be at least 1, and width a multiple of 2 * heads")
        if len(self.periodic) != axes or attention not in NORMED:
            raise ValueError(f"need {axes} flags and one of {', '.join(NORMED)}: {attention!r}")
        told = [positional if positional is not None else not p for p in self.periodic]
        self.closed = [i for i, p in enumerate(self.periodic) if told[i] and not p]
        self.wrapped = [i for i, p in enumerate(self.periodic) if told[i] and p]
        self.rotary = rotary
        waves = math.pi * wave_vectors(width // heads // 2, axes)
        waves[:, torch.tensor(self.periodic)] *= 2
        self.register_buffer("waves", waves, persistent=False)
        self.lift = nn.Linear(in_channels + len(self.closed) + 2 * len(self.wrapped), width)
        layers = [Attention(width, heads, attention, scores) for _ in range(depth)]
        blocks = [FeedForward(width, 2 * width, width, activation) for _ in range(depth)]
        self.attention, self.feed = nn.ModuleList(layers), nn.ModuleList(blocks)
        self.head = FeedForward(width, 2 * width, out_channels, activation)

    def forward(self, x: Tensor) -> Tensor:
        space = x.shape[2:]
        p = positions(x[:1], self.periodic)[0].flatten(1).T
        angle = p @ self.waves.T.to(p) if self.rotary else None
        phase = 2 * math.pi * p[:, self.wrapped]
        told = torch.cat([p[:, self.closed], phase.cos(), phase.sin()], dim=-1)
        h = self.lift(torch.cat([x.flatten(2).mT, told.expand(len(x), -1, -1)], dim=-1))
        for attention, feed in zip(self.attention, self.feed, strict=True):
            h = h + attention(h, angle)
            h = h + feed(h)
        y: Tensor = self.head(h).mT.unflatten(-1, space)
        return y
