r"""The Cauchy activation of XNet.

.. math::
    T(u) = \frac{\lambda_1 u + \lambda_2}{u^2 + d^2}

A sum of such terms over a layer is a quadrature of Cauchy's integral formula, which represents an
analytic function by its values on a curve around the domain; :math:`\lambda_1, \lambda_2` and d
train. The paper's code has one of each per layer, its derivation one of each per neuron; both are
here. We found no initial values prescribed: ours are 1, and Xavier's weights.

References:
    Li, Xia and Zhang, *Cauchy activation function and XNet* (2024),
    https://arxiv.org/abs/2409.19221
"""

import torch
from torch import Tensor, nn

from sgn_sciml.layers.activations import Activation

__all__ = ["Cauchy"]


class Cauchy(Activation):
    r"""The activation :math:`(\lambda_1 u + \lambda_2) / (u^2 + d^2)`.

    Args:
        features: Number of channels n.
        per_channel: Give every channel its own three numbers: 3n parameters instead of 3.
        width: Initial d, in units of u: half the width of the bump at half its height.

    Raises:
        ValueError: If the width is not positive.
    """

    def __init__(self, features: int, per_channel: bool = False, width: float = 1.0) -> None:
        super().__init__(features)
        if not width > 0:
            raise ValueError(f"width must be positive, got {width}")
        size = (features,) if per_channel else (1,)
        self.odd = nn.Parameter(torch.ones(size))
        self.even = nn.Parameter(torch.ones(size))
        self.width = nn.Parameter(torch.full(size, float(width)))

    def forward(self, u: Tensor) -> Tensor:
        return (self.odd * u + self.even) / (u.square() + self.width.square())

    def extra_repr(self) -> str:
        return f"{self.features}, per_channel={len(self.width) == self.features}"
