"""An equation of your own: heat that is brought by a source and lost at the right end.

u_t = nu u_xx + q(x, t), u = 0 at the start and on the left, u_x + u = 0 on the right.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from sgn_sciml.jets import Derivatives
from sgn_sciml.pde import Condition, Dirichlet, InitialValue, Problem, Robin


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

    @property
    def domain(self) -> tuple[tuple[float, ...], tuple[float, ...]]:
        """Lower and upper corner."""
        return (0.0, 0.0), (1.0, 1.0)

    def residual(self, d: Derivatives) -> Tensor:
        """What vanishes inside; several equations are a list. Use the functions of torch."""
        return d.u_t - self.nu * d.u_xx - d.x * (1 - d.x) ** 2 * torch.exp(-d.t)

    @property
    def conditions(self) -> tuple[Condition, ...]:
        """Conditions by words, where they hold; values built in exactly, the rest as loss terms.

        A value is a number, a text such as "sin(pi*x)", or a function of x and t. What has no word
        is written out: Condition("name", {"x": 1.0}, lambda d: d.u_x + d.u**2).
        """
        return InitialValue(0.0), Dirichlet("left", 0.0), Robin("right", 0.0)
