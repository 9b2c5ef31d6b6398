r"""Functions drawn once and added up: a hidden layer whose weights need no training.

.. math::
    y = C\,\sigma(W s(x) + b) + c, \qquad W_{ji} \sim U(-R_i, R_i)

with s the scaling of the domain to [-1, 1]. Waves (:math:`\sigma = \sin`) have phases b of any
value; in a periodic coordinate they have whole numbers of periods, so that their sum is periodic.
Slopes (:math:`\sigma = \tanh`) have their middle somewhere in the box. As y is linear in C and c,
a linear equation becomes one linear least squares problem, which Levenberg-Marquardt with next to
no damping solves in a step: smooth solutions to rounding, where training hidden weights ends at
1e-5. A solution of many scales, or in many coordinates, needs more functions than can be drawn.

References:
    Rahimi and Recht, *Random features for large-scale kernel machines* (2007)

    Dong and Li, *Local extreme learning machines and domain decomposition for solving linear and
    nonlinear partial differential equations* (2021), https://arxiv.org/abs/2012.02895
"""

import math
from collections.abc import Sequence
from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from sgn_sciml.networks.base import CoordinateNetwork

__all__ = ["DrawnFeatures"]


class DrawnFeatures(CoordinateNetwork):
    """A sum of drawn functions; it begins as 0.

    Args:
        in_features: Number of coordinates.
        out_features: Number of fields.
        width: Number of functions.
        reach: Largest initial weight of each coordinate, scaled to [-1, 1]: a wave of weight w
            has w / pi periods in the box. One number for all, or one for each; of a periodic
            coordinate, pi times the most periods.
        function: ``sin`` or ``tanh``.
        axes: Periodic coordinates; waves only.
        train_hidden: Train weights and phases, too, but for the periods of periodic coordinates.

    Raises:
        ValueError: If a size is below 1, a reach is missing or not positive, or an axis does not
            exist, is periodic for slopes, or does not reach one period.

    Example:
        >>> network = DrawnFeatures(2, 1, width=50, reach=(3.2, 20.0), axes=(0,))
        >>> sum(p.numel() for p in network.parameters() if p.requires_grad)
        51
    """

    def __init__(
        self,
        in_features: int = 2,
        out_features: int = 1,
        width: int = 500,
        reach: float | Sequence[float] = 10.0,
        function: Literal["sin", "tanh"] = "sin",
        axes: Sequence[int] = (),
        train_hidden: bool = False,
    ) -> None:
        super().__init__(in_features, out_features)
        if min(in_features, out_features, width) < 1:
            raise ValueError(
                "in_features, out_features and width must be at least 1, got "
                f"{in_features}, {out_features}, {width}"
            )
        each = (reach,) * in_features if isinstance(reach, (int, float)) else tuple(reach)
        if len(each) != in_features or not all(0 < r < math.inf for r in each):
            raise ValueError(
                f"reach must be positive, one number or {in_features} of them, got {reach}"
            )
        if function not in ("sin", "tanh"):
            raise ValueError(f"function must be sin or tanh, got {function!r}")
        if not all(0 <= axis < in_features for axis in axes):
            raise ValueError(f"axes must lie in 0..{in_features - 1}, got {tuple(axes)}")
        if axes and function != "sin":
            raise ValueError("only waves are periodic: set function: sin, or leave axes out")
        if any(each[axis] < math.pi for axis in axes):
            raise ValueError(f"a periodic coordinate needs a reach of pi or more, got {each}")
        self.axes = tuple(axes)
        self.function = torch.sin if function == "sin" else torch.tanh
        bounds = torch.tensor(each)
        weight = bounds * (2 * torch.rand(width, in_features) - 1)
        for axis in self.axes:  # stored as a number of periods, which no precision rounds
            most = int(each[axis] / math.pi + 1e-6)
            weight[:, axis] = torch.randint(-most, most + 1, (width,)).to(weight)
        if function == "sin":
            bias = math.pi * (2 * torch.rand(width) - 1)
        else:
            bias = (weight * (2 * torch.rand(width, in_features) - 1)).sum(1)
        self.weight = nn.Parameter(weight, requires_grad=train_hidden)
        self.bias = nn.Parameter(bias, requires_grad=train_hidden)
        self.head = nn.Linear(width, out_features)
        nn.init.zeros_(self.head.weight)
        nn.init.zeros_(self.head.bias)

    def hidden_weight(self) -> Tensor:
        """Weights in radians per unit of scaled coordinates, ``(width, in_features)``."""
        columns = list(self.weight.unbind(1))
        for axis in self.axes:
            columns[axis] = math.pi * columns[axis].detach()
        return torch.stack(columns, 1)

    def forward(self, x: Tensor) -> Tensor:
        weight = self.hidden_weight() if self.axes else self.weight
        y: Tensor = self.head(self.function(F.linear(self.scale(x), weight, self.bias)))
        return y
