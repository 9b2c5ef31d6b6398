r"""Where to put collocation points: sets in the unit cube, and their residual-adaptive choice.

Every set is a pure function of a seed, so that a resumed run, and every process of a distributed
one, draws the same points.

References:
    Wu et al., *A comprehensive study of non-adaptive and residual-based adaptive sampling for
    physics-informed neural networks* (2023), https://arxiv.org/abs/2207.10289
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass

import numpy as np
import torch
from scipy.stats import qmc
from torch import Tensor

__all__ = ["LatinHypercube", "ResidualAdaptive", "Sampler", "Sobol", "Uniform", "derive_seed"]


def derive_seed(*numbers: int) -> int:
    """One 63-bit seed from several numbers, so that neighbouring numbers share no stream."""
    return int(np.random.SeedSequence(numbers).generate_state(1, np.uint64)[0] >> np.uint64(1))


class Sampler(ABC):
    """A family of point sets in the unit cube."""

    @abstractmethod
    def draw(self, count: int, dimension: int, seed: int) -> Tensor:
        """Draw ``(count, dimension)`` points in float64."""


@dataclass(frozen=True)
class Uniform(Sampler):
    """Independent, uniformly distributed points."""

    def draw(self, count: int, dimension: int, seed: int) -> Tensor:
        return torch.from_numpy(np.random.default_rng(seed).random((count, dimension)))


@dataclass(frozen=True)
class LatinHypercube(Sampler):
    """Points with one in each of ``count`` slices of every coordinate."""

    def draw(self, count: int, dimension: int, seed: int) -> Tensor:
        return torch.from_numpy(qmc.LatinHypercube(dimension, rng=seed).random(count))


@dataclass(frozen=True)
class Sobol(Sampler):
    """Scrambled Sobol points: low discrepancy, best for counts that are powers of two."""

    def draw(self, count: int, dimension: int, seed: int) -> Tensor:
        engine = qmc.Sobol(dimension, scramble=True, rng=seed)
        # random_base2 is the balanced form; a part of it is still a Sobol sequence.
        return torch.from_numpy(engine.random_base2(max(count - 1, 0).bit_length())[:count])


@dataclass(frozen=True)
class ResidualAdaptive:
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
