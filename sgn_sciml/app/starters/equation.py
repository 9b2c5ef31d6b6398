"""An equation of your own: heat that is brought by a source and lost at the right end.

u_t = nu u_xx + q(x, t), u = 0 at the start and on the left, u_x + u = 0 on the right.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from sgn_sciml.jets import Derivatives
from sgn_sciml.pde import Condition, Problem


@dataclass(frozen=True)
class Own(Problem):
    """The equation; its constants are arguments, which the YAML file can set.

    Args:
        nu: Diffusivity.
    """

    nu: float = 0.1

    law = "own"
    coordinates = ("x", "t")  # one letter each; t is time and comes last, without it nothing moves
    fields = ("u",)
    grid = (101, 51)  # points of reference, figures and predictions
    imposed = frozenset({"initial", "left"})  # met by impose; the others are terms of the loss

    @property
    def domain(self) -> tuple[tuple[float, ...], tuple[float, ...]]:
        """Lower and upper corner."""
        return (0.0, 0.0), (1.0, 1.0)

    def residual(self, d: Derivatives) -> Tensor:
        """What vanishes inside; several equations are a list. Use the functions of torch."""
        return d.u_t - self.nu * d.u_xx - d.x * (1 - d.x) ** 2 * torch.exp(-d.t)

    @property
    def conditions(self) -> tuple[Condition, ...]:
        """A name, where it holds, and what vanishes there."""
        return (
            Condition("initial", {"t": 0.0}, lambda d: d.u),
            Condition("left", {"x": 0.0}, lambda d: d.u),
            Condition("right", {"x": 1.0}, lambda d: d.u_x + d.u),
        )

    def impose(self, points: Tensor, raw: Tensor) -> Tensor:
        """From the network's output to a field that meets what is in ``imposed``."""
        x, t = points[..., :1], points[..., 1:]
        return x * t * raw
