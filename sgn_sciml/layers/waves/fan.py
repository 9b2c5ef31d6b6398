r"""The layer of the Fourier analysis network.

.. math::
    h = [\cos W_p x,\ \sin W_p x,\ \varphi(W_{\bar p}\, x + b_{\bar p})]

Cosine and sine share their weights, so the linear layer in front has as many rows fewer as there
are waves: n channels cost :math:`(n - p)(d + 1)` parameters, p the waves and d the inputs. The
waves have a bias, as in the published code, which also takes PyTorch's initial weights: uniform in
:math:`\pm 1/\sqrt d`.

References:
    Dong et al., *FAN: Fourier analysis networks* (2024), https://arxiv.org/abs/2410.02675
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from sgn_sciml.layers.activations import Activation, Function, as_function

__all__ = ["Fan"]


class Fan(Activation):
    r"""Waves beside an ordinary activation, shape ``(..., n - p) -> (..., n)``.

    Args:
        features: Number of channels n after the layer.
        ratio: Share p/n of the channels that are cosines, and of those that are sines.
        function: The elementwise function :math:`\varphi`.

    Raises:
        ValueError: If the ratio leaves no wave or nothing but waves.
    """

    def __init__(self, features: int, ratio: float = 0.25, function: Function = F.gelu) -> None:
        if not 0 < ratio < 0.5 or int(features * ratio) < 1:
            raise ValueError(
                f"ratio must lie in (0, 0.5) and give a wave, got {ratio} of {features} channels"
            )
        waves = int(features * ratio)
        super().__init__(features, in_features=features - waves)
        self.waves = waves
        self.function = as_function(function)

    def init_linear(self, linear: nn.Linear, first: bool) -> None:
        bound = linear.in_features**-0.5
        nn.init.uniform_(linear.weight, -bound, bound)
        nn.init.uniform_(linear.bias, -bound, bound)

    def init_head(self, linear: nn.Linear) -> None:
        self.init_linear(linear, first=False)

    def forward(self, u: Tensor) -> Tensor:
        phase, rest = u[..., : self.waves], u[..., self.waves :]
        return torch.cat([torch.cos(phase), torch.sin(phase), self.function(rest)], dim=-1)

    def extra_repr(self) -> str:
        return f"{self.in_features} -> {self.features}, waves={self.waves}"
