r"""STAF: one sum of trained sines for all channels of a layer.

.. math::
    T(u) = \sum_{k=1}^{\tau} C_k \sin(\omega_k u + \phi_k)

Amplitudes, frequencies and phases train; they are shared by the channels of a layer, where the
diagonal gate has one wave for each channel. :math:`3 \tau` parameters a layer.

At the start :math:`\omega_k` is uniform in :math:`[0, \omega_0]` and :math:`\phi_k` in
:math:`\pm\pi`. The amplitude is :math:`C_k = \mathrm{sign}(Y_k) \sqrt{|Y_k|}` of a Laplace
variable of scale :math:`b = 2\sigma^2/\tau`: a sine of random phase with an amplitude whose square
is exponential is a normal variable of variance b/2, so that T(u) over the draw is normal with
standard deviation :math:`\sigma`, for any u and any number of terms. The paper has
:math:`\sigma = 1`, its published code a half.

Weights and biases in front are those of PyTorch, uniform in :math:`\pm 1/\sqrt d` for d inputs, as
in the published code, which adds u behind the first layer for pictures (``skip``).

References:
    Morsali et al., *STAF: sinusoidal trainable activation functions for implicit neural
    representation* (2025), now *A unified theory of sinusoidal activation families for implicit
    neural representations*, https://arxiv.org/abs/2502.00869
"""

import math

import torch
from torch import Tensor, nn

from sgn_sciml.layers.activations import Activation

__all__ = ["Staf"]


class Staf(Activation):
    r"""The activation :math:`\sum_k C_k \sin(\omega_k u + \phi_k)`, the same for all channels.

    Args:
        features: Number of channels; nothing depends on it.
        terms: Number of sines :math:`\tau`.
        omega: Greatest initial frequency :math:`\omega_0`, in radians per unit of u.
        deviation: Standard deviation :math:`\sigma` of the activation at the start, over the draw.
        skip: Add u, as the authors do for pictures in all layers but the first.

    Raises:
        ValueError: If there is no term, or the frequency or the deviation is not positive.

    Example:
        >>> sum(p.numel() for p in Staf(64, terms=5).parameters())
        15
    """

    def __init__(
        self,
        features: int,
        terms: int = 5,
        omega: float = 30.0,
        deviation: float = 1.0,
        skip: bool = False,
    ) -> None:
        super().__init__(features)
        if terms < 1:
            raise ValueError(f"terms must be at least 1, got {terms}")
        if not omega > 0 or not deviation > 0:
            raise ValueError(f"omega and deviation must be positive, got {omega} and {deviation}")
        self.omega = omega
        self.deviation = deviation
        self.skip = skip
        self.amplitudes = nn.Parameter(torch.empty(terms))
        self.frequencies = nn.Parameter(torch.empty(terms))
        self.phases = nn.Parameter(torch.empty(terms))
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw new initial values."""
        terms = len(self.amplitudes)
        with torch.no_grad():
            # |Y| of a Laplace variable is exponential; its sign is a coin
            size = torch.empty(terms).exponential_(terms / (2 * self.deviation**2))
            coin = torch.randint(0, 2, (terms,)) * 2 - 1
            self.amplitudes.copy_(coin * size.sqrt())
            self.frequencies.uniform_(0, self.omega)
            self.phases.uniform_(-math.pi, math.pi)

    def init_linear(self, linear: nn.Linear, first: bool) -> None:
        bound = linear.in_features**-0.5
        nn.init.uniform_(linear.weight, -bound, bound)
        nn.init.uniform_(linear.bias, -bound, bound)

    def init_head(self, linear: nn.Linear) -> None:
        self.init_linear(linear, first=False)

    def forward(self, u: Tensor) -> Tensor:
        # term by term: one tensor of all terms would be as many times larger
        waves = zip(self.amplitudes, self.frequencies, self.phases, strict=True)
        total = u if self.skip else None
        for amplitude, frequency, phase in waves:
            wave = amplitude * torch.sin(frequency * u + phase)
            total = wave if total is None else total + wave
        assert total is not None
        return total

    def extra_repr(self) -> str:
        skip = ", skip" if self.skip else ""
        return f"{self.features}, terms={len(self.amplitudes)}, omega={self.omega:g}{skip}"
