r"""The wave equation: a string that swings in two modes at once.

.. math::
    u_{tt} = c^2 u_{xx}, \quad x \in [0, 1],\ t \in [0, 1], \qquad
    u(0, t) = u(1, t) = 0, \quad u(x, 0) = \sin \pi x + \tfrac12 \sin 4 \pi x, \quad u_t(x, 0) = 0

.. math::
    u(x, t) = \sin \pi x\,\cos c \pi t + \tfrac12 \sin 4 \pi x\,\cos 4 c \pi t

References:
    Wang, Yu and Perdikaris, *When and why PINNs fail to train: a neural tangent kernel
    perspective* (2022): this test case, with :math:`c = 2`
"""

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from sgn_sciml.jets import Derivatives
from sgn_sciml.pde.problem import Condition, Problem

__all__ = ["Wave"]


@dataclass(frozen=True)
class Wave(Problem):
    """Wave equation of a string with fixed ends, released from rest.

    Args:
        c: Speed, positive.

    Raises:
        ValueError: If c is not a positive, finite number.
    """

    c: float = 2.0

    law = "wave"
    coordinates = ("x", "t")
    imposed = frozenset({"initial", "velocity", "left", "right"})
    grid = (201, 201)

    def __post_init__(self) -> None:
        self.require_positive("c")

    @property
    def domain(self) -> tuple[tuple[float, ...], tuple[float, ...]]:
        return (0.0, 0.0), (1.0, 1.0)

    def residual(self, d: Derivatives) -> Tensor:
        return d.u_tt - self.c**2 * d.u_xx

    @property
    def conditions(self) -> tuple[Condition, ...]:
        return (
            Condition("initial", {"t": 0.0}, lambda d: d.u - start(d.x)),
            Condition("velocity", {"t": 0.0}, lambda d: d.u_t),
            Condition("left", {"x": 0.0}, lambda d: d.u),
            Condition("right", {"x": 1.0}, lambda d: d.u),
        )

    def impose(self, points: Tensor, raw: Tensor) -> Tensor:
        x, t = points[..., :1], points[..., 1:]
        return start(x) + t**2 * x * (1 - x) * raw

    def exact(self, points: Tensor) -> Tensor:
        x, t = math.pi * points.double()[:, :1], self.c * math.pi * points.double()[:, 1:]
        return torch.sin(x) * torch.cos(t) + 0.5 * torch.sin(4 * x) * torch.cos(4 * t)


def start(x: Tensor) -> Tensor:
    """The solution at t = 0."""
    return torch.sin(math.pi * x) + 0.5 * torch.sin(4 * math.pi * x)
