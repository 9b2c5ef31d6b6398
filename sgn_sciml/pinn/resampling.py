r"""Moves of collocation points to where the residual is large.

At each redraw candidates are drawn, and a resampling makes the next points of them and of the
points so far. It is a pure function of these, of the residual and of a seed. Points that are kept
stay in their row, so that what belongs to a point finds it again.

References:
    Wu et al., *A comprehensive study of non-adaptive and residual-based adaptive sampling for
    physics-informed neural networks* (2023), https://arxiv.org/abs/2207.10289: RAD, RAR and RAR-D

    Daw et al., *Mitigating propagation failures in physics-informed neural networks using
    retain-resample-release (R3) sampling* (2023), https://arxiv.org/abs/2207.02338
"""

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

__all__ = ["R3", "RAR", "Resampling", "ResidualAdaptive"]

Magnitude = Callable[[Tensor], Tensor]


class Resampling(ABC):
    """Base of the resamplings."""

    pool: int = 1
    """Candidates, as a multiple of the number of points."""

    @abstractmethod
    def next(
        self, points: Tensor | None, candidates: Tensor, magnitude: Magnitude, seed: int
    ) -> Tensor:
        """The points of a redraw.

        Args:
            points: Points so far, shape ``(M, d)``; None at the first draw.
            candidates: New points, uniform in the domain, shape ``(pool * N, d)``.
            magnitude: Residual at points, ``(n, d) -> (n,)``, without gradient.
            seed: Seed of the redraw.

        Returns:
            The next points, shape ``(M, d)`` with N points or more.
        """


@dataclass(frozen=True)
class ResidualAdaptive(Resampling):
    r"""Residual-based adaptive distribution (RAD): more points where the residual r is large.

    Points are drawn without replacement from a pool of candidates with probability proportional to
    :math:`|r|^k / \overline{|r|^k} + c`.

    Args:
        power: Exponent k, at least 0; 0 is uniform.
        offset: Uniform part c, at least 0.
        pool: Size of the pool as a multiple of the number of points.

    Raises:
        ValueError: If an argument is out of range.
    """

    power: float = 1.0
    offset: float = 1.0
    pool: int = 5

    def __post_init__(self) -> None:
        if self.power < 0 or self.offset < 0 or self.pool < 2:
            raise ValueError(f"power and offset must be >= 0 and pool >= 2, got {self}")

    def choose(self, residual: Tensor, count: int, seed: int) -> Tensor:
        """Indices ``(count,)`` into a pool from the residual at its points, shape ``(pool,)``."""
        # On the host, so that every device chooses alike.
        weight = residual.detach().cpu().abs().double() ** self.power
        weight = weight / weight.mean().clamp_min(1e-300) + self.offset
        # Largest of log-weight plus Gumbel noise: sampling without replacement.
        noise = torch.rand(
            weight.shape, dtype=weight.dtype, generator=torch.Generator().manual_seed(seed)
        )
        keys = weight.log() - (-noise.clamp(1e-300).log()).log()
        return keys.topk(count).indices.to(residual.device)

    def next(
        self, points: Tensor | None, candidates: Tensor, magnitude: Magnitude, seed: int
    ) -> Tensor:
        count = len(candidates) // self.pool
        return candidates[self.choose(magnitude(candidates), count, seed)]


@dataclass(frozen=True)
class RAR(Resampling):
    """Residual-based adaptive refinement: keep all points, add candidates of large residual.

    Args:
        added: Points that a redraw adds.
        pool: Size of the pool of candidates as a multiple of the number of points.
        limit: Number of points at which it stops adding; None for no limit.
        density: How the added are drawn: RAR-D, in the paper with power 2 and offset 0. None
            takes those of the largest residual. Its own ``pool`` is not used.

    Raises:
        ValueError: If a number is below 1.

    Example:
        >>> candidates = torch.tensor([[0.0], [1.0], [2.0], [3.0]])
        >>> RAR(added=1, pool=2).next(candidates[:2], candidates, lambda p: p[:, 0], 0).T
        tensor([[0., 1., 3.]])
    """

    added: int = 10
    pool: int = 5
    limit: int | None = None
    density: ResidualAdaptive | None = None

    def __post_init__(self) -> None:
        if min(self.added, self.pool) < 1 or (self.limit is not None and self.limit < 1):
            raise ValueError(f"RAR: added, pool and limit must be >= 1, got {self}")

    def next(
        self, points: Tensor | None, candidates: Tensor, magnitude: Magnitude, seed: int
    ) -> Tensor:
        if points is None:
            return candidates[: len(candidates) // self.pool]
        added = min(self.added, len(candidates))
        if self.limit is not None:
            added = min(added, self.limit - len(points))
        if added <= 0:
            return points
        residual = magnitude(candidates)
        if self.density is None:
            chosen = residual.topk(added).indices
        else:
            chosen = self.density.choose(residual, added, seed)
        return torch.cat([points, candidates[chosen]])


@dataclass(frozen=True)
class R3(Resampling):
    """Retain, resample, release: points above the mean residual stay, the others are redrawn.

    They gather where the residual is large, and are released once it is not; it has no constants.

    Example:
        >>> points, fresh = torch.tensor([[1.0], [2.0], [6.0]]), torch.zeros(3, 1)
        >>> R3().next(points, fresh, lambda p: p[:, 0], 0).T
        tensor([[0., 0., 6.]])
    """

    def next(
        self, points: Tensor | None, candidates: Tensor, magnitude: Magnitude, seed: int
    ) -> Tensor:
        if points is None:
            return candidates
        residual = magnitude(points)
        return torch.where((residual > residual.mean())[:, None], points, candidates)
