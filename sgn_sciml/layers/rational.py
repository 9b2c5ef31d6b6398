r"""Rational functions shared by groups of channels, as in the Kolmogorov-Arnold transformer.

.. math::
    T(u) = \frac{a_0 + a_1 u + \ldots + a_p u^p}{1 + |b_1 u + \ldots + b_q u^q|}

All channels share the numerator, each of g groups has its own denominator: :math:`p + 1 + g q`
parameters. It starts as the identity, or as the best such function for another one where inputs
are of order one. Weights behind it are drawn from :math:`N(0, 1 / (d\, E[T(z)^2]))` for
:math:`z \sim N(0, 1)`, d the inputs of the layer, so that the spread of signals is kept.

References:
    Yang and Wang, *Kolmogorov-Arnold transformer* (2024), https://arxiv.org/abs/2409.10594

    Molina, Schramowski and Kersting, *Padé activation units* (2020),
    https://arxiv.org/abs/1907.06732
"""

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from sgn_sciml.layers.activations import Activation, Function, as_function

__all__ = ["GroupRational", "fit_rational"]


def fit_rational(
    function: Callable[[Tensor], Tensor], numerator: int, denominator: int
) -> tuple[Tensor, Tensor]:
    r"""Coefficients :math:`a_0 \ldots a_p, b_1 \ldots b_q` that come near a function on [-3, 3].

    Least squares of :math:`(P - f\,Q) / Q`, the last Q taken from the round before, over even
    denominators: as many terms as come out with coefficients that are not negative.

    Args:
        function: The function f.
        numerator: Degree p.
        denominator: Degree q.
    """
    x = torch.linspace(-3, 3, 601, dtype=torch.float64)
    f = function(x)[:, None]
    powers = x[:, None] ** torch.arange(max(numerator, denominator) + 1)
    for terms in range(denominator // 2, -1, -1):
        even = list(range(2, 2 * terms + 1, 2))
        weight = torch.ones_like(f)
        for _ in range(5):
            columns = torch.cat([powers[:, : numerator + 1], -f * powers[:, even]], 1)
            found = torch.linalg.lstsq(weight * columns, weight * f).solution[:, 0]
            a, below = found[: numerator + 1], found[numerator + 1 :]
            weight = 1 / (1 + powers[:, even] @ below.abs())[:, None]
        if (below >= 0).all():
            break
    b = torch.zeros(denominator, dtype=torch.float64)
    b[[k - 1 for k in even]] = below
    return a, b


class GroupRational(Activation):
    r"""A rational function per group of channels.

    Args:
        features: Number of channels n.
        groups: Number of groups g; channels are dealt to them in equal, contiguous shares.
        numerator: Degree p.
        denominator: Degree q.
        start: The function to start from; None for the identity.

    Raises:
        ValueError: If there are more groups than channels, or a number is below 1.
    """

    group: Tensor

    def __init__(
        self,
        features: int,
        groups: int = 8,
        numerator: int = 5,
        denominator: int = 4,
        start: Function | None = F.gelu,
    ) -> None:
        super().__init__(features)
        if not 1 <= groups <= features or min(numerator, denominator) < 1:
            raise ValueError(
                f"need 1 <= groups <= features and degrees >= 1, got {groups} of {features}, "
                f"{numerator} and {denominator}"
            )
        a, b = torch.eye(numerator + 1)[1], torch.zeros(denominator)
        if start is not None:
            a, b = fit_rational(as_function(start), numerator, denominator)
        self.groups = groups
        dtype = torch.get_default_dtype()
        self.numerators = nn.Parameter(a.to(dtype))
        self.denominators = nn.Parameter(b.to(dtype).repeat(groups))  # flat: it is not a matrix
        self.register_buffer("group", torch.arange(features) * groups // features)

    def init_behind(self, linear: nn.Linear) -> None:
        with torch.no_grad():
            z = torch.linspace(-8, 8, 1601).to(self.numerators)
            density = torch.exp(-0.5 * z.square())
            found = self.forward(z[:, None].expand(-1, self.features)).square().mean(1)
            moment = float((density * found).sum() / density.sum())
        nn.init.normal_(linear.weight, 0.0, (linear.in_features * moment) ** -0.5)
        nn.init.zeros_(linear.bias)

    def init_head(self, linear: nn.Linear) -> None:
        self.init_behind(linear)

    def forward(self, u: Tensor) -> Tensor:
        *rest, leading = self.numerators.unbind()
        above = leading * u
        for a in rest[:0:-1]:
            above = (above + a) * u
        above = above + rest[0]
        coefficients = self.denominators.view(self.groups, -1)[self.group]  # (n, q)
        *lower, highest = coefficients.unbind(1)
        below = highest * u
        for b in lower[::-1]:
            below = (below + b) * u
        return above / (1 + below.abs())

    def extra_repr(self) -> str:
        return f"{self.features}, groups={self.groups}"
