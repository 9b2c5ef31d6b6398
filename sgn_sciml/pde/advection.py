r"""Advection: a wave that travels without changing its form, many times around its period.

.. math::
    u_t + c\,u_x = 0, \quad x \in [0, 2\pi] \text{ periodic},\ t \in [0, 1], \qquad
    u(x, 0) = \sin x, \qquad u(x, t) = \sin(x - c t)

The faster it travels the farther in time does the initial value have to reach.

References:
    Krishnapriyan, Gholami, Zhe, Kirby and Mahoney, *Characterizing possible failure modes in
    physics-informed neural networks* (2021): networks fail from :math:`c = 30` on
"""

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from sgn_sciml.jets import Derivatives
from sgn_sciml.pde.problem import Condition, Problem

__all__ = ["Advection"]


@dataclass(frozen=True)
class Advection(Problem):
    """Advection of a sine wave, periodic.

    Args:
        c: Speed, positive.

    Raises:
        ValueError: If c is not a positive, finite number.
    """

    c: float = 30.0

    law = "advection"
    coordinates = ("x", "t")
    periodic = frozenset({"x"})
    imposed = frozenset({"initial"})
    grid = (128, 201)

    def __post_init__(self) -> None:
        self.require_positive("c")

    @property
    def domain(self) -> tuple[tuple[float, ...], tuple[float, ...]]:
        return (0.0, 0.0), (2 * math.pi, 1.0)

    def residual(self, d: Derivatives) -> Tensor:
        return d.u_t + self.c * d.u_x

    @property
    def conditions(self) -> tuple[Condition, ...]:
        return (Condition("initial", {"t": 0.0}, lambda d: d.u - torch.sin(d.x)),)

    def impose(self, points: Tensor, raw: Tensor) -> Tensor:
        x, t = points[..., :1], points[..., 1:]
        return torch.sin(x) + t * raw

    def exact(self, points: Tensor) -> Tensor:
        x, t = points.double()[:, :1], points.double()[:, 1:]
        return torch.sin(x - self.c * t)
