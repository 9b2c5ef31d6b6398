r"""Helmholtz' equation on a square.

.. math::
    u_{xx} + u_{yy} + k^2 u = f, \quad (x, y) \in [-1, 1]^2, \qquad
    u = \sin a_1 \pi x\,\sin a_2 \pi y, \qquad
    f = \left(k^2 - (a_1 \pi)^2 - (a_2 \pi)^2\right) u

with zero walls. At :math:`k^2` an eigenvalue of the square the solution is not unique.

References:
    Wang, Teng and Perdikaris, *Understanding and mitigating gradient flow pathologies in
    physics-informed neural networks* (2021): this test case, :math:`k = 1, a_1 = 1, a_2 = 4`
"""

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from sgn_sciml.jets import Derivatives
from sgn_sciml.pde.problem import Condition, Problem
from sgn_sciml.pde.walls import WALLS, zero_walls

__all__ = ["Helmholtz"]


@dataclass(frozen=True)
class Helmholtz(Problem):
    """Helmholtz' equation between zero walls, solved by a product of sines.

    Args:
        k: Wavenumber of the equation, positive.
        a1: Waves of the solution along x, a whole number from 1.
        a2: Waves of the solution along y, a whole number from 1.

    Raises:
        ValueError: If k is not a positive, finite number, or a1 or a2 is below 1.
    """

    k: float = 1.0
    a1: int = 1
    a2: int = 4

    law = "helmholtz"
    coordinates = ("x", "y")
    imposed = frozenset(WALLS)
    grid = (129, 129)

    def __post_init__(self) -> None:
        self.require_positive("k")
        if min(self.a1, self.a2) < 1:
            raise ValueError(f"Helmholtz: a1 and a2 must be at least 1, got {self.a1}, {self.a2}")

    @property
    def domain(self) -> tuple[tuple[float, ...], tuple[float, ...]]:
        return (-1.0, -1.0), (1.0, 1.0)

    def residual(self, d: Derivatives) -> Tensor:
        eigenvalue = (self.a1 * math.pi) ** 2 + (self.a2 * math.pi) ** 2
        f = (self.k**2 - eigenvalue) * self.solution(d.x, d.y)
        return d.u_xx + d.u_yy + self.k**2 * d.u - f

    @property
    def conditions(self) -> tuple[Condition, ...]:
        return zero_walls(-1.0, 1.0)

    def impose(self, points: Tensor, raw: Tensor) -> Tensor:
        x, y = points[..., :1], points[..., 1:]
        return (1 - x**2) * (1 - y**2) * raw

    def exact(self, points: Tensor) -> Tensor:
        x, y = points.double()[:, :1], points.double()[:, 1:]
        return self.solution(x, y)

    def solution(self, x: Tensor, y: Tensor) -> Tensor:
        """The solution u, of the shape of x and y."""
        return torch.sin(self.a1 * math.pi * x) * torch.sin(self.a2 * math.pi * y)
