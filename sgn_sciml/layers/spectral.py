r"""Spectral maps: the sinusoidal features that the gate weighs.

.. math::
    \text{dense}    \quad \Psi(u) &= s\, A\, [\cos(\Omega u + b),\ \sin(\Omega u + b)] + v \\
    \text{diagonal} \quad \Psi(u) &= \alpha \cos(\omega u + b) + \beta \sin(\omega u + b) \\
    \text{sine}     \quad \Psi(u) &= \sin(\omega u)

with :math:`u \in \mathbb{R}^n`. The dense map is low rank: :math:`\Omega` is :math:`m \times n`,
:math:`A` is :math:`n \times 2m` and :math:`m \ll n`; :math:`s` is 1 or :math:`1/\sqrt m`. The
diagonal map acts on each channel alone and needs no matrix product. The sine map is the diagonal
one without what the linear layer before and the gate behind it have already, a phase and an
amplitude; it is the cheapest, and folds into both.

All tensors are built in the constructor, so an optimiser made right after the module trains them
(the code published for KAF builds them in the first forward pass and never does).
"""

import math
from abc import ABC, abstractmethod
from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor, nn

__all__ = ["DenseSpectralMap", "DiagonalSpectralMap", "SineSpectralMap", "SpectralMap"]

FrequencyScale = float | tuple[float, float]


def spread(scale: FrequencyScale, count: int) -> Tensor:
    """The frequency scale of each of ``count`` features: one number, or evenly over a range."""
    low, high = scale if isinstance(scale, (tuple, list)) else (scale, scale)
    if not 0 <= low <= high:
        raise ValueError(f"frequency_scale must be 0 <= low <= high, got {scale}")
    return torch.linspace(low, high, count)


def full_precision(
    linear: Callable[[Tensor, Tensor, Tensor], Tensor], u: Tensor, weight: Tensor, bias: Tensor
) -> Tensor:
    """``weight u + bias`` outside autocast: in bfloat16 a phase of 30 radians is 0.1 off."""
    if torch.is_autocast_enabled(u.device.type):
        with torch.autocast(u.device.type, enabled=False):
            return linear(u.to(weight.dtype), weight, bias)
    return linear(u, weight, bias)


def linear_channels_first(u: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    """``weight u + bias`` for u of shape (batch, channels, points)."""
    return F.conv1d(u, weight.unsqueeze(-1), bias)


def is_transposed(u: Tensor) -> bool:
    """Whether u, of shape (batch, points, channels), lies in memory with its channels first."""
    return u.dim() == 3 and not u.is_nested and u.stride(1) == 1 != u.stride(2)


class SpectralMap(nn.Module, ABC):
    r"""Base of the spectral maps :math:`\Psi`, shape ``(..., n) -> (..., n)``."""

    @abstractmethod
    def forward(self, u: Tensor, gain: Tensor | None = None) -> Tensor:
        r"""Evaluate :math:`\text{gain} \odot \Psi(u)`.

        Args:
            u: Pre-activations, shape ``(..., n)``.
            gain: A number or one per channel, shape ``()`` or ``(n,)``. It is folded into the
                read-out, which is small, and not multiplied into the output, which is large.
        """


class DenseSpectralMap(SpectralMap):
    r"""Trainable random Fourier features with a mixing read-out.

    At initialisation the root mean square of the output is
    :math:`\sqrt{2m/(2m+n) + 1/(6m)}` for any input (:math:`A` Xavier-uniform, :math:`v` uniform),
    the features having constant norm :math:`\sqrt m`.

    Args:
        features: Number of channels n.
        num_frequencies: Number of frequencies m.
        frequency_scale: Standard deviation of one phase :math:`\Omega_i u` for ``u ~ N(0, I)``; a
            pair ``(low, high)`` spreads the m frequencies evenly over that range.
        normalize: Divide the features by :math:`\sqrt m`, as a Monte-Carlo kernel estimate does.
        dropout: Probability of dropping a feature.

    Raises:
        ValueError: If a count is below 1 or the scale is negative.
    """

    def __init__(
        self,
        features: int,
        num_frequencies: int = 9,
        frequency_scale: FrequencyScale = 1.64**-0.5,
        normalize: bool = False,
        dropout: float = 0.0,
    ) -> None:
        super().__init__()
        if features < 1 or num_frequencies < 1:
            raise ValueError(f"need features, num_frequencies >= 1: {features}, {num_frequencies}")
        n, m = features, num_frequencies
        self.frequency_scale = frequency_scale
        self.scale = m**-0.5 if normalize else 1.0
        self.frequencies = nn.Parameter(torch.empty(m, n))
        self.phases = nn.Parameter(torch.empty(m))
        self.readout = nn.Parameter(torch.empty(n, 2 * m))
        self.bias = nn.Parameter(torch.empty(n))
        self.dropout = nn.Dropout(dropout)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw new initial values."""
        m, n = self.frequencies.shape
        with torch.no_grad():
            scales = spread(self.frequency_scale, m)
            self.frequencies.copy_(torch.randn(m, n) * scales[:, None] * n**-0.5)
            self.phases.uniform_(0, 2 * math.pi)
            nn.init.xavier_uniform_(self.readout)
            self.bias.uniform_(-((2 * m) ** -0.5), (2 * m) ** -0.5)

    def forward(self, u: Tensor, gain: Tensor | None = None) -> Tensor:
        if is_transposed(u):  # moving the channels would cost as much as the map
            return self.evaluate(u.mT, gain, linear_channels_first, 1).mT
        return self.evaluate(u, gain, F.linear, -1)

    def evaluate(
        self,
        u: Tensor,
        gain: Tensor | None,
        linear: Callable[[Tensor, Tensor, Tensor], Tensor],
        channels: int,
    ) -> Tensor:
        """The map in the layout of ``linear``, whose channels are on the axis ``channels``."""
        phase = full_precision(linear, u, self.frequencies, self.phases)
        waves = self.dropout(torch.cat([phase.cos(), phase.sin()], dim=channels))
        readout: Tensor = self.readout
        bias: Tensor = self.bias
        if self.scale != 1:
            readout = self.scale * readout
        if gain is not None:
            readout = gain.unsqueeze(-1) * readout
            bias = gain * bias
        return linear(waves, readout, bias)

    def extra_repr(self) -> str:
        m, n = self.frequencies.shape
        return f"{n}, num_frequencies={m}, frequency_scale={self.frequency_scale}"


class DiagonalSpectralMap(SpectralMap):
    r"""One trainable wave per channel, starting as :math:`\sin(\omega u)`.

    Args:
        features: Number of channels n.
        frequency_scale: Initial :math:`\omega`, in radians per unit of u; a pair ``(low, high)``
            spreads the channels evenly over that range.

    Raises:
        ValueError: If ``features`` is below 1 or the scale is negative.
    """

    def __init__(self, features: int, frequency_scale: FrequencyScale = 1.0) -> None:
        super().__init__()
        if features < 1:
            raise ValueError(f"need features >= 1: {features}")
        self.frequency_scale = frequency_scale
        self.frequencies = nn.Parameter(torch.empty(features))
        self.phases = nn.Parameter(torch.empty(features))
        self.cosine = nn.Parameter(torch.empty(features))
        self.sine = nn.Parameter(torch.empty(features))
        self.reset_parameters()

    def reset_parameters(self) -> None:
        r"""Set :math:`\omega` to the scale, :math:`\beta = 1`, :math:`\alpha = b = 0`."""
        with torch.no_grad():
            self.frequencies.copy_(spread(self.frequency_scale, len(self.frequencies)))
            self.phases.zero_()
            self.cosine.zero_()
            self.sine.fill_(1)

    def forward(self, u: Tensor, gain: Tensor | None = None) -> Tensor:
        phase = self.frequencies * u + self.phases
        cosine: Tensor = self.cosine
        sine: Tensor = self.sine
        if gain is not None:
            cosine, sine = gain * cosine, gain * sine
        return cosine * phase.cos() + sine * phase.sin()

    def extra_repr(self) -> str:
        return f"{len(self.frequencies)}, frequency_scale={self.frequency_scale}"


class SineSpectralMap(SpectralMap):
    r"""One trainable wave per channel, :math:`\sin(\omega u)`, without phase or amplitude.

    The frequency is a fixed scale times a factor that starts at 1 and trains, so that one learning
    rate means the same relative change for all of them.

    Args:
        features: Number of channels n.
        frequency_scale: Initial :math:`\omega`, in radians per unit of u; a pair ``(low, high)``
            spreads the channels evenly over that range.

    Raises:
        ValueError: If ``features`` is below 1 or the scale is not positive.
    """

    scales: Tensor

    def __init__(self, features: int, frequency_scale: FrequencyScale = 30.0) -> None:
        super().__init__()
        if features < 1:
            raise ValueError(f"need features >= 1: {features}")
        scales = spread(frequency_scale, features)
        if not (scales > 0).all():
            raise ValueError(f"the frequencies of sines must be positive, got {frequency_scale}")
        self.frequency_scale = frequency_scale
        self.register_buffer("scales", scales)
        self.frequency_factors = nn.Parameter(torch.ones(features))

    @property
    def frequencies(self) -> Tensor:
        r"""The frequencies :math:`\omega`, shape ``(n,)``."""
        return self.scales * self.frequency_factors

    def forward(self, u: Tensor, gain: Tensor | None = None) -> Tensor:
        wave = torch.sin(self.frequencies * u)
        return wave if gain is None else gain * wave

    def extra_repr(self) -> str:
        return f"{len(self.scales)}, frequency_scale={self.frequency_scale}"
