r"""Snake: a line with a wave on it, for functions that go on periodically.

.. math::
    T(u) = u + \frac{\sin^2(a u)}{a}, \qquad T'(u) = 1 + \sin(2 a u)

It never falls, and its second moment for :math:`u \sim N(0, 1)` is
:math:`\sigma_a^2 = 1 + (3 + e^{-8a^2} - 4 e^{-2a^2}) / 8a^2`, by which weights after it are
divided: they are uniform in :math:`\pm\sqrt{3/d}/\sigma_a`, those of a first layer in
:math:`\pm\sqrt{3/d}`, d the inputs of the layer.

References:
    Ziyin, Hartwig and Ueda, *Neural networks fail to learn periodic functions and how to fix it*
    (2020), https://arxiv.org/abs/2006.08195
"""

import math

import torch
from torch import Tensor, nn

from sgn_sciml.layers.activations import Activation

__all__ = ["Snake"]


class Snake(Activation):
    r"""The activation :math:`u + \sin^2(a u)/a` with one learnable a per channel: n parameters.

    Args:
        features: Number of channels n.
        a: Initial a, in radians per unit of u; the wave has period :math:`\pi/a`. The authors
            take 0.2 to 1 for tasks without a period, 5 to 50 where one is expected.

    Raises:
        ValueError: If a is not positive.
    """

    def __init__(self, features: int, a: float = 1.0) -> None:
        super().__init__(features)
        if not a > 0:
            raise ValueError(f"a must be positive, got {a}")
        self.a = a
        self.frequencies = nn.Parameter(torch.full((features,), float(a)))

    def init_linear(self, linear: nn.Linear, first: bool) -> None:
        bound = math.sqrt(3 / linear.in_features) / (1 if first else self.deviation)
        nn.init.uniform_(linear.weight, -bound, bound)
        nn.init.zeros_(linear.bias)

    def init_head(self, linear: nn.Linear) -> None:
        self.init_linear(linear, first=False)

    @property
    def deviation(self) -> float:
        r""":math:`\sigma_a`, at the initial a."""
        s = self.a**2
        return math.sqrt(1 + (3 + math.exp(-8 * s) - 4 * math.exp(-2 * s)) / (8 * s))

    def forward(self, u: Tensor) -> Tensor:
        return u + torch.sin(self.frequencies * u).square() / self.frequencies

    def extra_repr(self) -> str:
        return f"{self.features}, a={self.a:g}"
