r"""Darcy flow: pressure in a medium that lets more through in some places than in others.

.. math::
    -\nabla \cdot (a\,\nabla u) = f, \quad (x, y) \in [0, 1]^2, \qquad
    a = e^{\kappa\,\sin 2 \pi n x\,\sin 2 \pi n y}

with zero walls. The source is made for the solution :math:`u = \sin m \pi x\,\sin m \pi y`:

.. math::
    f = -a\,(u_{xx} + u_{yy}) - a_x u_x - a_y u_y

The permeability a changes by a factor of :math:`e^{2\kappa}`, 20 by default.

References:
    Roache, *Code verification by the method of manufactured solutions* (2002)
"""

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from sgn_sciml.jets import Derivatives
from sgn_sciml.pde.problem import Condition, Problem
from sgn_sciml.pde.walls import WALLS, zero_walls

__all__ = ["Darcy"]


@dataclass(frozen=True)
class Darcy(Problem):
    """Steady Darcy flow through a smooth medium between zero walls.

    Args:
        contrast: Half the logarithm kappa of the largest over the smallest permeability.
        cells: Waves n of the permeability per side, a whole number from 1.
        halves: Half waves m of the pressure per side, a whole number from 1.

    Raises:
        ValueError: If the contrast is not a positive, finite number, or a whole number is below 1.
    """

    contrast: float = 1.5
    cells: int = 2
    halves: int = 2

    law = "darcy"
    coordinates = ("x", "y")
    imposed = frozenset(WALLS)
    grid = (129, 129)

    def __post_init__(self) -> None:
        self.require_positive("contrast")
        if min(self.cells, self.halves) < 1:
            raise ValueError(
                f"Darcy: cells and halves must be at least 1, got {self.cells}, {self.halves}"
            )

    @property
    def domain(self) -> tuple[tuple[float, ...], tuple[float, ...]]:
        return (0.0, 0.0), (1.0, 1.0)

    def residual(self, d: Derivatives) -> Tensor:
        a, a_x, a_y = self.permeability(d.x, d.y)
        m = math.pi * self.halves
        f = 2 * m**2 * a * torch.sin(m * d.x) * torch.sin(m * d.y)
        f = f - a_x * m * torch.cos(m * d.x) * torch.sin(m * d.y)
        f = f - a_y * m * torch.sin(m * d.x) * torch.cos(m * d.y)
        return -a * (d.u_xx + d.u_yy) - a_x * d.u_x - a_y * d.u_y - f

    @property
    def conditions(self) -> tuple[Condition, ...]:
        return zero_walls(0.0, 1.0)

    def impose(self, points: Tensor, raw: Tensor) -> Tensor:
        x, y = points[..., :1], points[..., 1:]
        return x * (1 - x) * y * (1 - y) * raw

    def exact(self, points: Tensor) -> Tensor:
        waves = torch.sin(math.pi * self.halves * points.double())
        return waves[:, :1] * waves[:, 1:]

    def permeability(self, x: Tensor, y: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """The permeability a and its derivatives along x and y, of the shape of x and y."""
        n = 2 * math.pi * self.cells
        a = torch.exp(self.contrast * torch.sin(n * x) * torch.sin(n * y))
        a_x = self.contrast * n * torch.cos(n * x) * torch.sin(n * y) * a
        a_y = self.contrast * n * torch.sin(n * x) * torch.cos(n * y) * a
        return a, a_x, a_y
