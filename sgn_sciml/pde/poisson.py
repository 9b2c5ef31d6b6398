r"""Poisson's equation in one dimension, whose solution has several scales at once.

.. math::
    -u_{xx} = f, \quad x \in [0, 1], \qquad
    u(x) = \sum_k a_k \sin \omega_k x - c\,(x - \tfrac12)^2, \qquad
    f(x) = \sum_k a_k\,\omega_k^2 \sin \omega_k x + 2c

with the values of u at the two ends. Cases of the literature:

=========================================  ===============  ==============  =
u                                          omega            a               c
=========================================  ===============  ==============  =
sin 2 pi x + 0.1 sin 50 pi x (default)     2 pi, 50 pi      1, 0.1          0
sin 100 x                                  100              1               0
sin 6 x cos 100 x                          106, 94          0.5, -0.5       0
sin 500 x - 2 (x - 1/2)^2                  500              1               2
=========================================  ===============  ==============  =

References:
    Wang, Yu and Perdikaris, *When and why PINNs fail to train: a neural tangent kernel
    perspective* (2022): the first kind

    Fang, Cooley, Long, Li, Kirby and Zhe, *Solving high frequency and multi-scale PDEs with
    Gaussian processes* (2024): the other three
"""

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from sgn_sciml.jets import Derivatives
from sgn_sciml.pde.problem import Condition, Problem

__all__ = ["Poisson"]


@dataclass(frozen=True)
class Poisson(Problem):
    """Poisson's equation on an interval, solved by a sum of sines and a parabola.

    Args:
        frequencies: Angular frequencies omega of the sines.
        amplitudes: Their amplitudes a.
        parabola: Height c of the parabola.

    Raises:
        ValueError: If there are not as many amplitudes as frequencies, or none.
    """

    frequencies: tuple[float, ...] = (2 * math.pi, 50 * math.pi)
    amplitudes: tuple[float, ...] = (1.0, 0.1)
    parabola: float = 0.0

    law = "poisson"
    coordinates = ("x",)
    imposed = frozenset({"left", "right"})
    grid = (1001,)

    def __post_init__(self) -> None:
        if len(self.frequencies) != len(self.amplitudes) or not self.frequencies:
            raise ValueError(
                f"Poisson: there are {len(self.frequencies)} frequencies and "
                f"{len(self.amplitudes)} amplitudes; each wave needs both"
            )

    @property
    def domain(self) -> tuple[tuple[float, ...], tuple[float, ...]]:
        return (0.0,), (1.0,)

    def residual(self, d: Derivatives) -> Tensor:
        return -d.u_xx - self.source(d.x)

    @property
    def conditions(self) -> tuple[Condition, ...]:
        left, right = self.ends
        return (
            Condition("left", {"x": 0.0}, lambda d: d.u - left),
            Condition("right", {"x": 1.0}, lambda d: d.u - right),
        )

    def impose(self, points: Tensor, raw: Tensor) -> Tensor:
        x, (left, right) = points[..., :1], self.ends
        return left * (1 - x) + right * x + x * (1 - x) * raw

    def exact(self, points: Tensor) -> Tensor:
        return self.solution(points.double())

    def solution(self, x: Tensor) -> Tensor:
        """The solution u, of the shape of x."""
        u = -self.parabola * (x - 0.5) ** 2
        for a, omega in zip(self.amplitudes, self.frequencies, strict=True):
            u = u + a * torch.sin(omega * x)
        return u

    def source(self, x: Tensor) -> Tensor:
        """The source f, of the shape of x."""
        f = 0 * x + 2 * self.parabola
        for a, omega in zip(self.amplitudes, self.frequencies, strict=True):
            f = f + a * omega**2 * torch.sin(omega * x)
        return f

    @property
    def ends(self) -> tuple[float, float]:
        """The solution at x = 0 and x = 1."""
        left, right = self.solution(torch.tensor([0.0, 1.0], dtype=torch.float64)).tolist()
        return left, right
