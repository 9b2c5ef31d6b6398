r"""Sinusoidal activations: SIREN and FINER.

.. math::
    \text{SIREN} \quad T(u) = \sin(\omega u) \qquad
    \text{FINER} \quad T(u) = \sin\bigl(\omega\,(|u| + 1)\,u\bigr)

Both ask for weights that keep the pre-activations' spread from layer to layer: uniform in
:math:`\pm 1/d` in the first layer, in :math:`\pm\sqrt{6/d}/\omega` behind it, d the inputs of
the layer. FINER draws the biases of its first layer wide, so that each neuron starts on another
part of the chirp.

References:
    Sitzmann et al., *Implicit neural representations with periodic activation functions* (2020),
    https://arxiv.org/abs/2006.09661

    Liu et al., *FINER: flexible spectral-bias tuning in implicit neural representation by
    variable-periodic activation functions* (2024), https://arxiv.org/abs/2312.02434
"""

import contextlib
import math
from collections.abc import Iterator

import torch
from torch import Tensor, nn

from sgn_sciml.layers.activations import Activation, Folded

__all__ = ["Finer", "Sine", "init_sine", "true_gradients"]


def init_sine(linear: nn.Linear, first: bool, omega: float) -> None:
    """SIREN's initial weights in front of waves.

    Args:
        linear: The layer to initialise in place.
        first: Whether it is the first layer of the network.
        omega: Frequency of the waves behind it.
    """
    d = linear.in_features
    with torch.no_grad():
        linear.weight.uniform_(-1, 1).mul_(1 / d if first else math.sqrt(6 / d) / omega)
        linear.bias.uniform_(-(d**-0.5), d**-0.5)


class Sine(Activation):
    r"""SIREN's activation :math:`\sin(\omega u)`.

    Args:
        features: Number of channels.
        omega: Frequency, in radians per unit of u.
    """

    def __init__(self, features: int, omega: float = 30.0) -> None:
        super().__init__(features)
        if omega <= 0:
            raise ValueError(f"omega must be positive, got {omega}")
        self.omega = omega

    def init_linear(self, linear: nn.Linear, first: bool) -> None:
        init_sine(linear, first, self.omega)

    def init_head(self, linear: nn.Linear) -> None:
        init_sine(linear, False, self.omega)

    def forward(self, u: Tensor) -> Tensor:
        return torch.sin(self.omega * u)

    def folded(self) -> Folded | None:
        return Folded(self.omega, torch.sin, None)

    def extra_repr(self) -> str:
        return f"{self.features}, omega={self.omega:g}"


class Finer(Sine):
    r"""FINER's activation :math:`\sin(\omega (|u| + 1) u)`; the chirp carries no gradient.

    So its authors train it. What differentiates the network itself must set ``true_gradient``,
    as a PINN does, or run it within :func:`true_gradients`, or its derivatives are wrong.

    Args:
        features: Number of channels.
        omega: Frequency at u = 0, in radians per unit of u.
        first_bias: Biases of a first layer are uniform in plus or minus this; None keeps SIREN's.
    """

    true_gradient = False

    def __init__(self, features: int, omega: float = 30.0, first_bias: float | None = 5.0) -> None:
        super().__init__(features, omega)
        self.first_bias = first_bias

    def init_linear(self, linear: nn.Linear, first: bool) -> None:
        super().init_linear(linear, first)
        if first and self.first_bias is not None:
            nn.init.uniform_(linear.bias, -self.first_bias, self.first_bias)

    def forward(self, u: Tensor) -> Tensor:
        with contextlib.nullcontext() if self.true_gradient else torch.no_grad():
            chirp = self.omega * (u.abs() + 1)
        return torch.sin(chirp * u)

    def folded(self) -> Folded | None:
        return None


@contextlib.contextmanager
def true_gradients() -> Iterator[None]:
    """Within it every FINER activation, of any network, has its true derivative.

    Example:
        >>> u, wave = torch.tensor([[1.0]], requires_grad=True), Finer(1, omega=1.0)
        >>> with true_gradients():  # d/du sin((u + 1) u) at 1
        ...     slope = torch.autograd.grad(wave(u), u)[0].item()
        >>> round(slope / math.cos(2.0), 6)
        3.0
    """
    before, Finer.true_gradient = Finer.true_gradient, True
    try:
        yield
    finally:
        Finer.true_gradient = before
