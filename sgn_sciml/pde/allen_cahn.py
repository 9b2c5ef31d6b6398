r"""The Allen-Cahn equation: two phases that part, with thin walls between them.

.. math::
    u_t = \nu\,u_{xx} + \rho\,(u - u^3), \quad x \in [-1, 1] \text{ periodic},\ t \in [0, 1],
    \qquad u(x, 0) = x^2 \cos \pi x

with :math:`\nu = 10^{-4}` and :math:`\rho = 5`. The initial value has a kink at the seam
:math:`x = \pm 1`, which diffusion smooths at once. In :math:`u_0 + t N` with a smooth N the kink
would stay for ever, and as the equation holds on both sides of it no residual would tell; and a
smooth N alone rounds it off over a width that it can resolve, which bounds the error at 1e-4. So
the kink is built in as it decays. With :math:`s = \tfrac2\pi \cos\tfrac{\pi x}2`, the distance
from the seam near it, :math:`k(s) = 2s - \tfrac{11}{12}\pi^2 s^3` has the odd derivatives of
:math:`u_0` there up to the fourth, and

.. math::
    u = u_0 - k(s) + e^{-2 \rho t}\, \mathrm{E}\,k(|s + \sigma Z|) + t N, \qquad
    \sigma^2 = 2 \nu t, \quad Z \sim \mathcal N(0, 1),

solves, near the seam, the heat equation with the reaction about :math:`u = -1`.

Reference: 2047 Fourier modes from their exact values (samples of a kink would fold back at
:math:`1/k^2`), steps of 1/2000; at t = 0 the initial value itself. Half the steps and twice
the modes move it by 1e-11 at t = 0.005, and by 3e-12 from 0.1 on; earlier than 0.005 the tail of
the kink is missing. Thinner walls have more modes, faster reactions more steps; where the spectrum
has not decayed to 1e-9 at the last modes, they double.

.. math::
    c_k = \tfrac14 (I_{k+1} + I_{k-1}), \qquad
    I_m = \int_{-1}^{1} x^2 \cos(\pi m x)\,dx = \frac{4\,(-1)^m}{\pi^2 m^2}, \quad I_0 = \tfrac23

References:
    Raissi, Perdikaris and Karniadakis, *Physics-informed neural networks* (2019): this test case
"""

import math
from dataclasses import dataclass
from functools import partial

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from sgn_sciml.jets import Derivatives
from sgn_sciml.laws.etdrk4 import Complex
from sgn_sciml.pde.fourier import LARGEST, doublings, evolve, power, refined, waves
from sgn_sciml.pde.problem import Condition, Problem

__all__ = ["AllenCahn"]

MODES, STEP = 2047, 5e-4
AT_ONCE = 1e-12  # time that the kink has decayed for at t = 0: it moves the solution by 1e-8


@dataclass(frozen=True)
class AllenCahn(Problem):
    """Allen-Cahn equation from a smooth hill with a kink at the seam, periodic.

    Args:
        nu: Diffusion, positive. Walls between phases are about sqrt(2 nu / rho) wide.
        rho: Rate of reaction, positive.

    Raises:
        ValueError: If one of them is not a positive, finite number.
    """

    nu: float = 1e-4
    rho: float = 5.0

    law = "allen_cahn"
    coordinates = ("x", "t")
    periodic = frozenset({"x"})
    imposed = frozenset({"initial"})
    grid = (512, 201)

    def __post_init__(self) -> None:
        self.require_positive("nu", "rho")

    @property
    def domain(self) -> tuple[tuple[float, ...], tuple[float, ...]]:
        return (-1.0, 0.0), (1.0, 1.0)

    def residual(self, d: Derivatives) -> Tensor:
        return d.u_t - self.nu * d.u_xx - self.rho * (d.u - d.u**3)

    @property
    def conditions(self) -> tuple[Condition, ...]:
        return (Condition("initial", {"t": 0.0}, lambda d: d.u - start(d.x)),)

    def impose(self, points: Tensor, raw: Tensor) -> Tensor:
        x, t = points[..., :1], points[..., 1:]
        s, cubic = 2 / math.pi * torch.cos(math.pi / 2 * x), -11 / 12 * math.pi**2
        first, third = folded_normal(s, torch.sqrt(2 * self.nu * (t + AT_ONCE)))
        kink = torch.exp(-2 * self.rho * t) * (2 * first + cubic * third)
        return start(x) - (2 * s + cubic * s**3) + kink + t * raw

    def exact(self, points: Tensor) -> Tensor:
        fast = max(1.0, self.rho / AllenCahn.rho)
        thin = math.sqrt(AllenCahn.nu / self.nu * fast)  # walls, beside the usual ones
        count = (MODES + 1) * doublings(thin, self.law) - 1
        most = (MODES + 1) * LARGEST
        u = refined(partial(self.evolved, points), count, STEP / fast, most)
        x, t = points.double()[:, :1], points[:, 1:]
        return torch.where(t > 0, u, start(x))

    def evolved(self, points: Tensor, count: int, step: float) -> Tensor:
        """The solution by so many modes and steps of at most this length, for t > 0."""
        linear = self.rho - self.nu * waves(count, 2.0) ** 2
        smooth = 25 / (self.nu * (math.pi * count) ** 2)  # when the kink's last modes are gone
        return evolve(
            points,
            (-1.0, 1.0),
            modes(count),
            linear,
            lambda c: -self.rho * power(c, 3),
            step,
            settled=smooth,
        )


def folded_normal(mean: Tensor, deviation: Tensor) -> tuple[Tensor, Tensor]:
    """First and third moment of the absolute value of a normal variable."""
    z = mean / deviation
    density = 2 / math.sqrt(2 * math.pi) * torch.exp(-0.5 * z**2)
    odd = 2 * F.gelu(z) - z  # z (P(Z < z) - P(Z > z))
    return deviation * (odd + density), deviation**3 * (odd * (z**2 + 3) + density * (z**2 + 2))


def start(x: Tensor) -> Tensor:
    """The solution at t = 0."""
    return x**2 * torch.cos(math.pi * x)


def modes(count: int) -> Complex:
    """Fourier modes 0 to ``count`` of the initial value, seen from the left end."""
    k = np.arange(-1, count + 2)
    with np.errstate(divide="ignore"):
        integral = np.where(k == 0, 2 / 3, 4 * (-1.0) ** k / (math.pi * k) ** 2)
    centred = (integral[2:] + integral[:-2]) / 4
    return (centred * (-1.0) ** np.arange(count + 1)).astype(complex)
