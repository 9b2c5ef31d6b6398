r"""Local activations: the Gaussian and WIRE's Gabor wavelet.

.. math::
    \text{Gaussian} \quad T(u) = e^{-(s u)^2} \qquad
    \text{Gabor} \quad T(u) = \cos(\omega u)\, e^{-(s u)^2}

The paper on the Gaussian writes :math:`e^{-u^2/2a^2}`, so :math:`s = 1/(a\sqrt 2)`. WIRE's
wavelet is complex, :math:`e^{i\omega u - |s u|^2}`, and so are its weights; the Gabor wavelet
here is the real part for real u, with real weights. The numbers of that paper are the complex
form's, so ours are not theirs.

The paper on the Gaussian finds it robust against random initialisation and prescribes none. We
take for both what the code published for WIRE does: weights and biases uniform in
:math:`\pm 1/\sqrt d`, d the inputs of the layer. The biases matter: without them every bump of
the first layer would lie across the origin.

References:
    Ramasinghe and Lucey, *Beyond periodicity: towards a unifying framework for activations in
    coordinate-MLPs* (2022), https://arxiv.org/abs/2111.15135

    Saragadam et al., *WIRE: wavelet implicit neural representations* (2023),
    https://arxiv.org/abs/2301.05187
"""

import torch
from torch import Tensor, nn

from sgn_sciml.layers.activations import Activation, Folded

__all__ = ["Gabor", "Gaussian"]


def bump(u: Tensor) -> Tensor:
    r"""The Gaussian :math:`e^{-u^2}`."""
    return torch.exp(-u.square())


class Gaussian(Activation):
    r"""The activation :math:`e^{-(s u)^2}`, 1 at u = 0; its steepest slope is :math:`s\sqrt{2/e}`.

    Args:
        features: Number of channels.
        scale: Scale s, in units of 1/u: the wider the spectrum should be, the larger.

    Raises:
        ValueError: If the scale is not positive.
    """

    def __init__(self, features: int, scale: float = 10.0) -> None:
        super().__init__(features)
        if not scale > 0:
            raise ValueError(f"scale must be positive, got {scale}")
        self.scale = scale

    def init_linear(self, linear: nn.Linear, first: bool) -> None:
        bound = linear.in_features**-0.5
        nn.init.uniform_(linear.weight, -bound, bound)
        nn.init.uniform_(linear.bias, -bound, bound)

    def init_head(self, linear: nn.Linear) -> None:
        self.init_linear(linear, first=False)

    def forward(self, u: Tensor) -> Tensor:
        return bump(self.scale * u)

    def folded(self) -> Folded | None:
        return Folded(self.scale, bump, None)

    def extra_repr(self) -> str:
        return f"{self.features}, scale={self.scale:g}"


class Gabor(Gaussian):
    r"""The real Gabor wavelet :math:`\cos(\omega u)\, e^{-(s u)^2}`.

    Its spectrum is a pair of Gaussians at :math:`\pm\omega`, of standard deviation
    :math:`s\sqrt 2`.

    Args:
        features: Number of channels.
        omega: Frequency, in radians per unit of u.
        scale: Scale s of the envelope, in units of 1/u.

    Raises:
        ValueError: If the frequency is negative, or the scale not positive.
    """

    def __init__(self, features: int, omega: float = 10.0, scale: float = 10.0) -> None:
        super().__init__(features, scale)
        if not omega >= 0:
            raise ValueError(f"omega must not be negative, got {omega}")
        self.omega = omega

    def forward(self, u: Tensor) -> Tensor:
        return torch.cos(self.omega * u) * bump(self.scale * u)

    def folded(self) -> Folded | None:
        return None

    def extra_repr(self) -> str:
        return f"{self.features}, omega={self.omega:g}, scale={self.scale:g}"
