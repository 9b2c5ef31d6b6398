r"""Sinusoidal activations: SIREN, SPDER, FINER and FINER++.

.. math::
    \text{SIREN} \quad T(u) &= \sin(\omega u) \qquad
    \text{SPDER} \quad T(u) = \sin(\omega u)\, \sqrt{|\omega u|} \\
    \text{FINER} \quad T(u) &= \sin\bigl(\omega\,(|u| + 1)\,u\bigr) = c(u) \\
    \text{FINER++} \quad T(u) &= e^{-(s\,c(u))^2} \quad \text{or} \quad
    \cos(\omega_w c(u))\, e^{-(s\,c(u))^2}

All ask for weights that keep the pre-activations' spread from layer to layer: uniform in
:math:`\pm 1/d` in the first layer, in :math:`\pm\sqrt{6/d}/\omega` after it, d the inputs of
the layer. FINER draws the biases of its first layer wide, so that each neuron starts on another
part of the chirp; FINER++ puts the Gaussian and the wavelet of
:mod:`sgn_sciml.layers.waves.wavelets` behind it. SPDER's damping keeps what sine forgets, how
large u is.

References:
    Sitzmann et al., *Implicit neural representations with periodic activation functions* (2020),
    https://arxiv.org/abs/2006.09661

    Liu et al., *FINER: flexible spectral-bias tuning in implicit neural representation by
    variable-periodic activation functions* (2024), https://arxiv.org/abs/2312.02434

    Zhu et al., *FINER++: building a family of variable-periodic functions for activating implicit
    neural representation* (2024), https://arxiv.org/abs/2407.19434

    Shah and Sitawarin, *SPDER: semiperiodic damping-enabled object representation* (2023),
    https://arxiv.org/abs/2306.15242
"""

import contextlib
import math
from collections.abc import Iterator

import torch
from torch import Tensor, nn

from sgn_sciml.layers.activations import Activation, Folded
from sgn_sciml.layers.waves.wavelets import bump

__all__ = ["Finer", "FinerGabor", "FinerGaussian", "Sine", "Spder", "init_sine", "true_gradients"]


def init_sine(linear: nn.Linear, first: bool, omega: float) -> None:
    """SIREN's initial weights in front of waves.

    Args:
        linear: The layer to initialise in place.
        first: Whether it is the first layer of the network.
        omega: Frequency of the waves after it.
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


class Spder(Sine):
    r"""SPDER's activation :math:`\sin(\omega u) \sqrt{|\omega u|}`.

    Its derivative is :math:`\omega\,(\sqrt{|z|} \cos z + \sin|z| / 2\sqrt{|z|})`, z the phase
    :math:`\omega u`. It is 0 at 0, but the second derivative is infinite there.

    Args:
        features: Number of channels.
        omega: Frequency, in radians per unit of u.
    """

    def forward(self, u: Tensor) -> Tensor:
        phase = self.omega * u
        # 1e-12 keeps the root's derivative finite at 0
        return torch.sin(phase) * torch.sqrt(phase.abs() + 1e-12)

    def folded(self) -> Folded | None:
        return None


class Finer(Sine):
    r"""FINER's activation :math:`\sin(\omega (|u| + 1) u)`; the chirp carries no gradient.

    So its authors train it. What differentiates the network itself must set ``true_gradient``,
    as a PINN does, or run it within :func:`true_gradients`, or its derivatives are wrong.

    Args:
        features: Number of channels.
        omega: Frequency at u = 0, in radians per unit of u.
        first_bias: Biases of a first layer are uniform in plus or minus this; None keeps SIREN's.
        hidden_bias: The same for the other layers.
    """

    true_gradient = False

    def __init__(
        self,
        features: int,
        omega: float = 30.0,
        first_bias: float | None = 5.0,
        hidden_bias: float | None = None,
    ) -> None:
        super().__init__(features, omega)
        self.first_bias = first_bias
        self.hidden_bias = hidden_bias

    def init_linear(self, linear: nn.Linear, first: bool) -> None:
        super().init_linear(linear, first)
        bound = self.first_bias if first else self.hidden_bias
        if bound is not None:
            nn.init.uniform_(linear.bias, -bound, bound)

    def forward(self, u: Tensor) -> Tensor:
        with contextlib.nullcontext() if self.true_gradient else torch.no_grad():
            chirp = self.omega * (u.abs() + 1)
        return torch.sin(chirp * u)

    def folded(self) -> Folded | None:
        return None


class FinerGaussian(Finer):
    r"""FINER++ with a Gaussian, :math:`e^{-(s\,c(u))^2}` of the chirped sine c.

    Args:
        features: Number of channels.
        omega: Frequency at u = 0, in radians per unit of u.
        scale: Scale s of the Gaussian.
        first_bias: Biases of a first layer are uniform in plus or minus this; None keeps SIREN's.
        hidden_bias: The same for the other layers.

    Raises:
        ValueError: If the frequency or the scale is not positive.
    """

    def __init__(
        self,
        features: int,
        omega: float = 10.0,
        scale: float = 3.0,
        first_bias: float | None = 1.0,
        hidden_bias: float | None = None,
    ) -> None:
        super().__init__(features, omega, first_bias, hidden_bias)
        if not scale > 0:
            raise ValueError(f"scale must be positive, got {scale}")
        self.scale = scale

    def forward(self, u: Tensor) -> Tensor:
        return bump(self.scale * super().forward(u))

    def extra_repr(self) -> str:
        return f"{super().extra_repr()}, scale={self.scale:g}"


class FinerGabor(FinerGaussian):
    r"""FINER++ with a wavelet, :math:`\cos(\omega_w c(u))\, e^{-(s\,c(u))^2}`, real as our Gabor.

    Args:
        features: Number of channels.
        omega: Frequency at u = 0, in radians per unit of u.
        wavelet_omega: Frequency of the wavelet.
        scale: Scale s of its envelope.
        first_bias: Biases of a first layer are uniform in plus or minus this; None keeps SIREN's.
        hidden_bias: The same for the other layers.

    Raises:
        ValueError: If the frequency or the scale is not positive.
    """

    def __init__(
        self,
        features: int,
        omega: float = 10.0,
        wavelet_omega: float = 5.0,
        scale: float = 2.0,
        first_bias: float | None = 1.0,
        hidden_bias: float | None = None,
    ) -> None:
        super().__init__(features, omega, scale, first_bias, hidden_bias)
        self.wavelet_omega = wavelet_omega

    def forward(self, u: Tensor) -> Tensor:
        chirp = Finer.forward(self, u)
        return torch.cos(self.wavelet_omega * chirp) * bump(self.scale * chirp)


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
