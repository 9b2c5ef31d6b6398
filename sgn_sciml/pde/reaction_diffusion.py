r"""Reaction and diffusion: Fisher's equation, whose front travels.

.. math::
    u_t = \nu\,u_{xx} + \rho\,u\,(1 - u), \quad x \in [-1, 1],\ t \in [0, 1]

.. math::
    u(x, t) = \left(1 + e^{z}\right)^{-2}, \qquad
    z = \sqrt{\frac{\rho}{6 \nu}}\,(x - x_0) - \frac{5 \rho}{6}\,t

a front of width :math:`\sqrt{6 \nu / \rho}` and speed :math:`5 \sqrt{\rho \nu / 6}` that begins at
:math:`x_0 = -1/2`; its values at t = 0 and at both ends are given.

References:
    Fisher, *The wave of advance of advantageous genes* (1937)

    Ablowitz and Zeppetella, *Explicit solutions of Fisher's equation for a special wave speed*
    (1979)
"""

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from sgn_sciml.jets import Derivatives
from sgn_sciml.pde.problem import Condition, Problem

__all__ = ["ReactionDiffusion"]


@dataclass(frozen=True)
class ReactionDiffusion(Problem):
    """Fisher's equation, solved by a travelling front.

    Args:
        nu: Diffusion, positive.
        rho: Rate of reaction, positive.

    Raises:
        ValueError: If one of them is not a positive, finite number.
    """

    nu: float = 0.01
    rho: float = 10.0

    law = "reaction_diffusion"
    coordinates = ("x", "t")
    imposed = frozenset({"initial", "left", "right"})
    grid = (257, 101)

    def __post_init__(self) -> None:
        self.require_positive("nu", "rho")

    @property
    def domain(self) -> tuple[tuple[float, ...], tuple[float, ...]]:
        return (-1.0, 0.0), (1.0, 1.0)

    def residual(self, d: Derivatives) -> Tensor:
        return d.u_t - self.nu * d.u_xx - self.rho * d.u * (1 - d.u)

    @property
    def conditions(self) -> tuple[Condition, ...]:
        return (
            Condition("initial", {"t": 0.0}, lambda d: d.u - self.front(d.x, 0.0)),
            Condition("left", {"x": -1.0}, lambda d: d.u - self.front(-1.0, d.t)),
            Condition("right", {"x": 1.0}, lambda d: d.u - self.front(1.0, d.t)),
        )

    def impose(self, points: Tensor, raw: Tensor) -> Tensor:
        x, t = points[..., :1], points[..., 1:]
        corners = (torch.tensor([end], dtype=torch.float64) for end in (-1.0, 1.0))
        at_left, at_right = (float(self.front(end, 0.0)) for end in corners)
        left = (1 - x) / 2 * (self.front(-1.0, t) - at_left)
        right = (1 + x) / 2 * (self.front(1.0, t) - at_right)
        return self.front(x, 0.0) + left + right + t * (1 - x**2) * raw

    def exact(self, points: Tensor) -> Tensor:
        x, t = points.double()[:, :1], points.double()[:, 1:]
        return self.front(x, t)

    def front(self, x: Tensor | float, t: Tensor | float) -> Tensor:
        """The solution; one of x and t may be a number."""
        slope = math.sqrt(self.rho / (6 * self.nu))
        return torch.sigmoid(5 * self.rho / 6 * t - slope * (x + 0.5)) ** 2  # type: ignore[arg-type]
