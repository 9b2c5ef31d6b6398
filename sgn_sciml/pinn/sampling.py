"""Sets of collocation points in the unit cube.

Every set is a pure function of a seed, so that a resumed run, and every process of a distributed
one, draws the same points.
"""

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass

import numpy as np
import torch
from scipy.stats import qmc
from torch import Tensor

__all__ = ["Arcsine", "LatinHypercube", "Sampler", "Sobol", "Uniform"]


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
class Arcsine(Sampler):
    r"""Points denser near the faces, as those of Chebyshev: density :math:`1/\sqrt{x (1 - x)}`.

    Least squares on uniform points let a smooth approximation run away at the ends, where each
    point stands for more of it; on these they do not.

    Args:
        axes: The coordinates that are so; None for all. Periodic ones have no ends.

    References:
        Cohen and Migliorati, *Optimal weighted least-squares methods* (2017)
    """

    axes: tuple[int, ...] | None = None

    def draw(self, count: int, dimension: int, seed: int) -> Tensor:
        points = Sobol().draw(count, dimension, seed)
        for axis in range(dimension) if self.axes is None else self.axes:
            points[:, axis] = (1 - torch.cos(math.pi * points[:, axis])) / 2
        return points
