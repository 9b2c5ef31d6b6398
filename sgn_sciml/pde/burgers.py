r"""Burgers' equation with a shock that forms at x = 0.

.. math::
    u_t + u\,u_x = \nu\,u_{xx}, \quad x \in [-1, 1],\ t \in [0, 1], \qquad
    u(x, 0) = -\sin \pi x, \quad u(\pm 1, t) = 0

Exact solution by the Cole-Hopf transformation :math:`u = -2\nu\,\theta_x / \theta`:

.. math::
    u(x, t) = \frac{\int u_0(y)\, e^{-G(y)}\,dy}{\int e^{-G(y)}\,dy}, \qquad
    G(y) = \frac{(x - y)^2}{4 \nu t} + \frac{\cos \pi y - 1}{2 \pi \nu}

(integration by parts turns the usual :math:`(x - y)/t` into :math:`u_0(y)`, which stays finite as
:math:`t \to 0`). With :math:`y = x + L(t)\,s` the integrands are analytic and vanish at the ends
of :math:`s \in [-1, 1]`, so the trapezoidal rule converges geometrically; dividing by the largest
exponential keeps it finite at any viscosity. Twice the nodes move it by 1e-15 at
:math:`\nu = 0.01`, 2e-12 at 1e-6 and 4e-11 at 1e-7, which is rounding, for exponents are as large
as :math:`1/(2 \pi \nu)`; below 1e-8 it is refused.

References:
    Cole, *On a quasi-linear parabolic equation occurring in aerodynamics* (1951)

    Basdevant et al., *Spectral and finite difference solutions of the Burgers equation* (1986)

    Raissi, Perdikaris and Karniadakis, *Physics-informed neural networks* (2019): this test case,
    with :math:`\nu = 0.01/\pi`
"""

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from sgn_sciml.jets import Derivatives
from sgn_sciml.pde.problem import Condition, Problem

__all__ = ["Burgers", "cole_hopf"]

LEAST = 1e-8  # viscosity


def cole_hopf(points: Tensor, nu: float) -> Tensor:
    r"""Exact solution at scattered points, in float64.

    Args:
        points: Points (x, t) with t >= 0, shape ``(N, 2)``.
        nu: Viscosity, positive.

    Returns:
        Solution u, shape ``(N,)``.

    Raises:
        ValueError: If the viscosity is so small that rounding would count.
    """
    if nu < LEAST:
        raise ValueError(
            f"burgers: the exact solution is known to 1e-9 for viscosities from {LEAST:g}, got "
            f"{nu:g}: its exponents of {1 / (2 * math.pi * nu):.0e} leave no more digits"
        )
    x, t = points.double().unbind(-1)
    latest = float(t.max()) if len(t) else 0.0
    # exp(-G) is below e^-40 of its maximum at |s| = 1: the parabola there exceeds the swing
    # 1/(pi nu) of the cosine by 40.
    reach = 1 / (math.pi * nu) + 40
    length = (4 * nu * t * reach).sqrt()
    # Largest curvature of the exponent in s gives the narrowest peak: 6 nodes per deviation, and
    # enough of them for the sine waves within the window.
    curvature = 2 * reach + 4 * nu * latest * reach * math.pi / (2 * nu)
    nodes = math.ceil(6 * math.sqrt(curvature) + math.sqrt(4 * nu * latest * reach))
    s = torch.linspace(-1, 1, 2 * nodes + 1, dtype=torch.float64, device=points.device)
    rows = max(1, 2_000_000 // len(s))  # about 16 MB per temporary
    u = torch.empty_like(x)
    for i in range(0, len(x), rows):
        y = x[i : i + rows, None] + length[i : i + rows, None] * s
        log_weight = -reach * s**2 - torch.cos(math.pi * y) / (2 * math.pi * nu)
        weight = torch.softmax(log_weight, dim=1)
        u[i : i + rows] = -(weight * torch.sin(math.pi * y)).sum(1)
    return u


@dataclass(frozen=True)
class Burgers(Problem):
    """Viscous Burgers' equation from a sine wave, between zero walls.

    Args:
        nu: Viscosity, positive. The field's test case is 0.01/pi; the shock is about 4 nu wide.

    Raises:
        ValueError: If nu is not a positive, finite number.
    """

    nu: float = 0.01 / math.pi

    law = "burgers"
    coordinates = ("x", "t")
    fields = ("u",)
    imposed = frozenset({"initial", "left", "right"})
    grid = (257, 101)

    def __post_init__(self) -> None:
        self.require_positive("nu")

    @property
    def domain(self) -> tuple[tuple[float, ...], tuple[float, ...]]:
        return (-1.0, 0.0), (1.0, 1.0)

    def residual(self, d: Derivatives) -> Tensor:
        return d.u_t + d.u * d.u_x - self.nu * d.u_xx

    @property
    def conditions(self) -> tuple[Condition, ...]:
        return (
            Condition("initial", {"t": 0.0}, lambda d: d.u + torch.sin(math.pi * d.x)),
            Condition("left", {"x": -1.0}, lambda d: d.u),
            Condition("right", {"x": 1.0}, lambda d: d.u),
        )

    def impose(self, points: Tensor, raw: Tensor) -> Tensor:
        x, t = points[..., :1], points[..., 1:]
        return -torch.sin(math.pi * x) + t * (1 - x**2) * raw

    def exact(self, points: Tensor) -> Tensor:
        return cole_hopf(points, self.nu)[..., None]
