r"""Products of channels: the polynomial network.

.. math::
    h_1 = U_1 x, \qquad h_k = (U_k x) \odot h_{k-1} + h_{k-1}, \qquad T = h_K

Without any other nonlinearity a layer is a polynomial of degree K of its inputs and L layers one
of degree :math:`K^L` (the paper's product of polynomials, each in the coupled CP form).
:math:`U_1 \ldots U_K` are the rows of the linear layer in front, which has K times as many as
there are channels; each starts Xavier-uniform.

References:
    Chrysos et al., *Pi-nets: deep polynomial neural networks* (2020),
    https://arxiv.org/abs/2003.03828
"""

from torch import Tensor, nn

from sgn_sciml.layers.activations import Activation

__all__ = ["PiNet"]


class PiNet(Activation):
    r"""A polynomial of the inputs, shape ``(..., K n) -> (..., n)``.

    A layer costs :math:`K n (d + 1)` parameters, d its inputs.

    Args:
        features: Number of channels n after the layer.
        degree: Degree K.

    Raises:
        ValueError: If the degree is below 2.
    """

    def __init__(self, features: int, degree: int = 2) -> None:
        if degree < 2:
            raise ValueError(f"a product needs degree >= 2, got {degree}")
        super().__init__(features, in_features=degree * features)
        self.degree = degree

    def init_linear(self, linear: nn.Linear, first: bool) -> None:
        for factor in linear.weight.detach().chunk(self.degree):
            nn.init.xavier_uniform_(factor)
        nn.init.zeros_(linear.bias)

    def forward(self, u: Tensor) -> Tensor:
        n = self.features
        h = u[..., :n]
        for k in range(1, self.degree):
            h = u[..., k * n : (k + 1) * n] * h + h
        return h

    def extra_repr(self) -> str:
        return f"{self.in_features} -> {self.features}, degree={self.degree}"
