r"""The Kuramoto-Sivashinsky equation: smooth waves that turn chaotic.

.. math::
    u_t + \alpha\,u\,u_x + \beta\,u_{xx} + \gamma\,u_{xxxx} = 0, \quad
    x \in [0, 2\pi] \text{ periodic},\ t \in [0, 1], \qquad u(x, 0) = \cos x\,(1 + \sin x)

With :math:`\alpha = 100/16,\ \beta = 100/16^2,\ \gamma = 100/16^4` it is Kassam and Trefethen's
case of period :math:`32\pi` over 100 units of time, scaled. Waves of 11 periods grow as
:math:`e^{25 t}` until they are as high as the others; so do rounding errors, and what is chaotic
goes on to spread them: no two solvers agree to all digits at t = 1.

Reference: 170 Fourier modes and steps of 1/50000. Half the steps and twice the modes move it by
2e-12 at t = 0.1 and 4e-9 at 1, and still smaller steps by more, which is rounding. A Runge-Kutta
method of order 8 with steps of its own agrees to 1e-9 at t = 0.4 and 8e-9 at 1. With other
constants modes and steps follow the shortest waves that grow, and the reference is computed again
with twice as many: where that moves it by more than 1e-6, it is refused.

References:
    Kassam and Trefethen, *Fourth-order time-stepping for stiff PDEs* (2005)

    Wang, Sankaran, Wang and Perdikaris, *An expert's guide to training physics-informed neural
    networks* (2023): this test case
"""

import math
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from sgn_sciml.jets import Derivatives
from sgn_sciml.pde.fourier import doublings, evolve, power, refuse_change, waves
from sgn_sciml.pde.problem import Condition, Problem

__all__ = ["KuramotoSivashinsky"]

MODES, STEP = 170, 2e-5
ALLOWED = 1e-6  # change of the solution by twice the modes and steps


@dataclass(frozen=True)
class KuramotoSivashinsky(Problem):
    """Kuramoto-Sivashinsky equation from two waves, periodic.

    Args:
        alpha: Strength of the transport, positive.
        beta: Strength of the growth of long waves, positive.
        gamma: Strength of the decay of short waves, positive.

    Raises:
        ValueError: If one of them is not a positive, finite number.
    """

    alpha: float = 100 / 16
    beta: float = 100 / 16**2
    gamma: float = 100 / 16**4

    law = "kuramoto_sivashinsky"
    coordinates = ("x", "t")
    periodic = frozenset({"x"})
    imposed = frozenset({"initial"})
    grid = (512, 251)

    def __post_init__(self) -> None:
        self.require_positive("alpha", "beta", "gamma")

    @property
    def domain(self) -> tuple[tuple[float, ...], tuple[float, ...]]:
        return (0.0, 0.0), (2 * math.pi, 1.0)

    def residual(self, d: Derivatives) -> Tensor:
        return d.u_t + self.alpha * d.u * d.u_x + self.beta * d.u_xx + self.gamma * d.u_xxxx

    @property
    def conditions(self) -> tuple[Condition, ...]:
        return (Condition("initial", {"t": 0.0}, lambda d: d.u - start(d.x)),)

    def impose(self, points: Tensor, raw: Tensor) -> Tensor:
        x, t = points[..., :1], points[..., 1:]
        return start(x) + t * raw

    def exact(self, points: Tensor) -> Tensor:
        usual = KuramotoSivashinsky()
        short = math.sqrt(self.beta / self.gamma * usual.gamma / usual.beta)  # waves that decay
        growth = self.beta**2 / self.gamma * usual.gamma / usual.beta**2
        modes = MODES * doublings(short, self.law)
        step = STEP / max(1.0, growth, self.alpha / usual.alpha)
        u = self.evolved(points, modes, step)
        if self != usual:
            refuse_change(u, self.evolved(points, 2 * modes, step / 2), self.law, ALLOWED)
        return u

    def evolved(self, points: Tensor, modes: int, step: float) -> Tensor:
        """The solution by so many modes and steps of at most this length."""
        k = waves(modes, 2 * math.pi)
        c = np.zeros(modes + 1, complex)
        c[1], c[2] = 0.5, -0.25j  # cos x + sin(2 x) / 2
        linear = self.beta * k**2 - self.gamma * k**4
        flux = -0.5j * self.alpha * k
        return evolve(points, (0.0, 2 * math.pi), c, linear, lambda c: flux * power(c, 2), step)


def start(x: Tensor) -> Tensor:
    """The solution at t = 0."""
    return torch.cos(x) * (1 + torch.sin(x))
