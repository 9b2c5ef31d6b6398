r"""The Korteweg-de Vries equation: a wave that steepens and falls apart into solitons.

.. math::
    u_t + u\,u_x + \delta^2 u_{xxx} = 0, \quad x \in [-1, 1] \text{ periodic},\ t \in [0, 1],
    \qquad u(x, 0) = \cos \pi x

Reference: 341 Fourier modes and steps of 1/40000. Half the steps and more modes move it by 6e-12
at t = 0.4 and 4e-11 at 1; a Runge-Kutta method of order 8 agrees to 4e-12 at t = 0.5. Solitons are
as narrow as :math:`\delta` and pass as fast, so that a smaller one has more modes and steps: with
:math:`\delta = 0.009`, 682 modes, twice as many and half the steps move it by 7e-11. Where the
spectrum has not decayed to 1e-9 at the last modes, they double.

References:
    Zabusky and Kruskal, *Interaction of "solitons" in a collisionless plasma and the recurrence
    of initial states* (1965): :math:`\delta = 0.022`

    Wang, Li, Chen and Perdikaris, *PirateNets* (2024): this test case
"""

import math
from dataclasses import dataclass
from functools import partial

import numpy as np
import torch
from torch import Tensor

from sgn_sciml.jets import Derivatives
from sgn_sciml.pde.fourier import LARGEST, doublings, evolve, power, refined, waves
from sgn_sciml.pde.problem import Condition, Problem

__all__ = ["KdV"]

MODES, STEP = 341, 2.5e-5


@dataclass(frozen=True)
class KdV(Problem):
    """Korteweg-de Vries equation from a cosine, periodic.

    Args:
        delta: Dispersion length, positive; its square multiplies the third derivative.

    Raises:
        ValueError: If delta is not a positive, finite number.
    """

    delta: float = 0.022

    law = "kdv"
    coordinates = ("x", "t")
    periodic = frozenset({"x"})
    imposed = frozenset({"initial"})
    grid = (512, 101)

    def __post_init__(self) -> None:
        self.require_positive("delta")

    @property
    def domain(self) -> tuple[tuple[float, ...], tuple[float, ...]]:
        return (-1.0, 0.0), (1.0, 1.0)

    def residual(self, d: Derivatives) -> Tensor:
        return d.u_t + d.u * d.u_x + self.delta**2 * d.u_xxx

    @property
    def conditions(self) -> tuple[Condition, ...]:
        return (Condition("initial", {"t": 0.0}, lambda d: d.u - torch.cos(math.pi * d.x)),)

    def impose(self, points: Tensor, raw: Tensor) -> Tensor:
        x, t = points[..., :1], points[..., 1:]
        return torch.cos(math.pi * x) + t * raw

    def exact(self, points: Tensor) -> Tensor:
        narrow = KdV.delta / self.delta
        modes, step = MODES * doublings(narrow / 2, self.law), STEP * min(1.0, 2 / narrow)
        return refined(partial(self.evolved, points), modes, step, MODES * LARGEST)

    def evolved(self, points: Tensor, modes: int, step: float) -> Tensor:
        """The solution by so many modes and steps of at most this length."""
        k = waves(modes, 2.0)
        start = np.zeros(modes + 1, complex)
        start[1] = -0.5  # a cosine of x, seen from the left end
        linear = 1j * self.delta**2 * k**3
        return evolve(points, (-1.0, 1.0), start, linear, lambda c: -0.5j * k * power(c, 2), step)
