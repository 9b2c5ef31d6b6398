r"""The lid-driven cavity: steady Navier-Stokes flow in a square box under a moving lid.

.. math::
    \nu\,\Delta^2 \psi = \psi_y\,\Delta \psi_x - \psi_x\,\Delta \psi_y, \quad
    (x, y) \in [0, 1]^2, \qquad \nu = 1 / \mathrm{Re}

the equation of vorticity for the stream function :math:`\psi`, whose velocity
:math:`u = \psi_y, v = -\psi_x` is free of divergence and needs no pressure. Walls are at rest, the
lid at y = 1 moves:

.. math::
    \psi = \psi_n = 0 \text{ on the walls}, \qquad
    u(x, 1) = \left(1 - (2 x - 1)^{2 m}\right)^2

With m = 1 this is the regularised cavity, :math:`u = 16\,x^2 (1 - x)^2`; large m come close to the
classic one, a lid of uniform velocity, which is singular where it meets the walls. For
m = 20 the velocity on the vertical centre line is that of the classic cavity to 2e-4.

At corners :math:`\psi \sim r^{3.74}` for any smooth lid (the eddies of Moffatt). Fourth
derivatives are unbounded there, and a network between clamped walls leaves a residual of
:math:`r^{-0.26}`. So the equation is multiplied by :math:`16\,x (1 - x)\,y (1 - y)`, without which
corners decide on the loss: velocities were off by 1e-3 instead of 2e-5.

Reference: 56 by 56 clamped polynomials (:mod:`sgn_sciml.pde.stream_functions`). With m = 1 and
Re = 100, 72 modes move psi by 2e-11 of its size, and velocities by 7e-9 at most. With other
constants it is computed with 40 modes per axis, too, and where these differ by more than 1e-5 also
with 72; what these move as far is refused. At Re = 1000, 40 modes are off by 1.3e-7 and 56 by
8e-10, at Re = 2500 by 3.1e-6 and 7e-8, with m = 20 and Re = 100 by 3.3e-6 and 5e-9.

References:
    Shen, *Hopf bifurcation of the unsteady regularized driven cavity flow* (1991): m = 1

    Marchi, Suero and Araki, *The lid-driven square cavity flow: numerical solution with a
    1024 x 1024 grid* (2009): the classic cavity

    Moffatt, *Viscous and resistive eddies near a sharp corner* (1964)
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import torch
from torch import Tensor

from sgn_sciml.jets import Derivatives
from sgn_sciml.laws.law import Array
from sgn_sciml.pde.problem import Condition, Problem
from sgn_sciml.pde.stream_functions import basis, steady_flow
from sgn_sciml.pde.walls import WALLS, zero_walls

__all__ = ["Cavity"]

MODES = 56
FEWER, MORE = 40, 72
ALLOWED = 1e-5  # change of the solution by more modes, whose own error is a fortieth of it
SLIPS = tuple(f"{wall}_slip" for wall in WALLS)


@dataclass(frozen=True)
class Cavity(Problem):
    """Steady flow in a square box under a lid that moves.

    Args:
        reynolds: Reynolds number by the side and the largest velocity of the lid, positive.
        flatness: How uniform the lid is: half the power m of its profile, a whole number from 1.

    Raises:
        ValueError: If the Reynolds number is not a positive, finite number, or m is below 1.
    """

    reynolds: float = 100.0
    flatness: int = 1

    law = "cavity"
    coordinates = ("x", "y")
    fields = ("psi",)
    imposed = frozenset((*WALLS, *SLIPS))
    grid = (129, 129)

    def __post_init__(self) -> None:
        self.require_positive("reynolds")
        if self.flatness < 1:
            raise ValueError(f"Cavity: flatness must be at least 1, got {self.flatness}")

    @property
    def domain(self) -> tuple[tuple[float, ...], tuple[float, ...]]:
        return (0.0, 0.0), (1.0, 1.0)

    def residual(self, d: Derivatives) -> Tensor:
        weight = 16 * d.x * (1 - d.x) * d.y * (1 - d.y)
        friction = (d.psi_xxxx + 2 * d.psi_xxyy + d.psi_yyyy) / self.reynolds
        inertia = d.psi_y * (d.psi_xxx + d.psi_xyy) - d.psi_x * (d.psi_xxy + d.psi_yyy)
        return weight * (friction - inertia)

    @property
    def conditions(self) -> tuple[Condition, ...]:
        return (
            *zero_walls(0.0, 1.0, "psi"),
            Condition("left_slip", {"x": 0.0}, lambda d: d.psi_x),
            Condition("right_slip", {"x": 1.0}, lambda d: d.psi_x),
            Condition("bottom_slip", {"y": 0.0}, lambda d: d.psi_y),
            Condition("top_slip", {"y": 1.0}, lambda d: d.psi_y - self.lid(d.x)),
        )

    def impose(self, points: Tensor, raw: Tensor) -> Tensor:
        x, y = points[..., :1], points[..., 1:]
        clamped = (4 * x * (1 - x) * y * (1 - y)) ** 2
        return self.lid(x) * y**2 * (y - 1) + clamped * raw

    def lid(self, x: Tensor) -> Tensor:
        """Velocity of the lid, of the shape of x."""
        square = (2 * x - 1) ** 2
        power = square
        for _ in range(self.flatness - 1):
            power = power * square
        return (1 - power) ** 2

    def exact(self, points: Tensor) -> Tensor:
        return self.derivative(points, 0, 0)

    def derivative(self, points: Tensor, i: int, j: int) -> Tensor:
        """A derivative of the reference solution, i times along x and j times along y.

        Args:
            points: Points, shape ``(N, 2)``.
            i: Order along x.
            j: Order along y.

        Returns:
            Values in float64, shape ``(N, 1)``.
        """
        x, y = points.detach().double().cpu().numpy().T
        c = self.resolved()
        psi = ((basis(x, len(c), i) @ c) * basis(y, len(c), j)).sum(1)
        along, across = lift(self.flatness)
        psi += along.deriv(i)(x) * across.deriv(j)(y)
        return torch.from_numpy(psi)[:, None].to(points.device)

    def resolved(self) -> Array:
        """Coefficients of the reference solution, of as many modes as it needs.

        Raises:
            ValueError: If it would need more than can be computed in minutes.
        """
        usual = coefficients(self.reynolds, self.flatness, MODES)
        if self == Cavity() or self.change(FEWER, MODES) <= ALLOWED:
            return usual
        change = self.change(MODES, MORE)
        if change <= ALLOWED:
            return coefficients(self.reynolds, self.flatness, MORE)
        raise ValueError(
            f"cavity: {MORE} modes change the reference by {change:.1e} (allowed: {ALLOWED:.0e}), "
            "the flow is too fine for them: choose a smaller Reynolds number or a rounder lid"
        )

    def change(self, fewer: int, more: int) -> float:
        """How far more modes move the stream function, over its size."""
        x = np.linspace(0, 1, 33)
        along, across = lift(self.flatness)
        found = []
        for modes in (fewer, more):
            table = basis(x, modes)
            series = table @ coefficients(self.reynolds, self.flatness, modes) @ table.T
            found.append(series + np.outer(along(x), across(x)))
        return float(np.linalg.norm(found[1] - found[0]) / np.linalg.norm(found[1]))


def lift(flatness: int) -> tuple[np.polynomial.Legendre, np.polynomial.Legendre]:
    """The part of the stream function that takes the lid along: its factors in x and in y."""
    s = np.polynomial.Legendre([0.0, 1.0], domain=[0, 1])
    y = np.polynomial.Legendre([0.5, 0.5], domain=[0, 1])
    return (1 - s ** (2 * flatness)) ** 2, y**2 * (y - 1)


@lru_cache(8)
def coefficients(reynolds: float, flatness: int, modes: int) -> Array:
    """Coefficients of the reference solution, shape ``(modes, modes)``."""
    along, across = lift(flatness)

    def derivative(x: Array, i: int, j: int) -> Array:
        return np.outer(along.deriv(i)(x), across.deriv(j)(x))

    return steady_flow(reynolds, derivative, modes, 4 * flatness)
