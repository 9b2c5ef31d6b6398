r"""Poisson's equation on a square, with waves of several lengths in one solution.

.. math::
    -(u_{xx} + u_{yy}) = f, \quad (x, y) \in [0, 1]^2, \qquad
    u = \frac1n \sum_{i=1}^n \sin \omega_i x\,\sin \omega_i y, \qquad
    f = \frac2n \sum_{i=1}^n \omega_i^2 \sin \omega_i x\,\sin \omega_i y

with :math:`\omega_i = \pi m_i` for whole numbers m, so that u is zero at the walls. The longest
and shortest wave of the default :math:`m = 4, 8, 16` differ by a factor of 4, their sources by 16.

References:
    Dolean, Heinlein, Mishra and Moseley, *Multilevel domain decomposition-based architectures for
    physics-informed neural networks* (2024): the form, with :math:`m = 2, 4, \dots, 2^n`
"""

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from sgn_sciml.jets import Derivatives
from sgn_sciml.pde.problem import Condition, Problem
from sgn_sciml.pde.walls import WALLS, zero_walls

__all__ = ["Poisson2D"]


@dataclass(frozen=True)
class Poisson2D(Problem):
    """Poisson's equation on the unit square between zero walls, solved by waves of many lengths.

    Args:
        halves: Half waves per side of each part of the solution, whole numbers from 1.

    Raises:
        ValueError: If there are none, or one is below 1.
    """

    halves: tuple[int, ...] = (4, 8, 16)

    law = "poisson_2d"
    coordinates = ("x", "y")
    imposed = frozenset(WALLS)
    grid = (201, 201)

    def __post_init__(self) -> None:
        if min(self.halves, default=0) < 1:
            raise ValueError(f"Poisson2D: halves must be whole numbers from 1, got {self.halves}")

    @property
    def domain(self) -> tuple[tuple[float, ...], tuple[float, ...]]:
        return (0.0, 0.0), (1.0, 1.0)

    def residual(self, d: Derivatives) -> Tensor:
        f = self._waves(d.x, d.y, [2 * (math.pi * m) ** 2 for m in self.halves])
        return -(d.u_xx + d.u_yy) - f

    @property
    def conditions(self) -> tuple[Condition, ...]:
        return zero_walls(0.0, 1.0)

    def impose(self, points: Tensor, raw: Tensor) -> Tensor:
        x, y = points[..., :1], points[..., 1:]
        return x * (1 - x) * y * (1 - y) * raw

    def exact(self, points: Tensor) -> Tensor:
        x, y = points.double()[:, :1], points.double()[:, 1:]
        return self._waves(x, y, [1.0] * len(self.halves))

    def _waves(self, x: Tensor, y: Tensor, factors: list[float]) -> Tensor:
        """The mean of the waves, each times a factor."""
        total = 0 * x
        for m, factor in zip(self.halves, factors, strict=True):
            wave = torch.sin(math.pi * m * x) * torch.sin(math.pi * m * y)
            total = total + factor / len(self.halves) * wave
        return total
