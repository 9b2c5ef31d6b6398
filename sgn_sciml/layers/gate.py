r"""The spectral gate: an ordinary activation joined by a small, learnable, gated spectral path.

.. math::
    T(u) = a\, \varphi(u) + g(u) \odot \Psi(u), \qquad u \in \mathbb{R}^n

:math:`\varphi` is the base activation (GELU), :math:`\Psi` a trainable spectral map (see
:mod:`sgn_sciml.layers.spectral`) and :math:`g` the gate, which starts near zero: the layer begins
as :math:`\varphi` and moves capacity to the spectral path while it trains. The gate is

=========  ==========================================  =================
form       :math:`g(u)`                                parameters
=========  ==========================================  =================
scalar     one number                                  1
channel    one number per channel                      n
input      :math:`\sigma(w \odot u + c)` per channel   2n
=========  ==========================================  =================

Which form, initial value and m the paper used was not known to us, so all three forms are
first-class; say which one a result used. :mod:`sgn_sciml.layers.gates` gives the two settings that
are recommended names of their own.

References:
    Zhang et al., *Spectral Gating Networks* (2026), https://arxiv.org/abs/2602.07679

    Zhang et al., *Kolmogorov-Arnold Fourier Networks* (2025), https://arxiv.org/abs/2502.06018
"""

import math
from typing import Literal, NamedTuple, cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from sgn_sciml.layers.activations import Activation, Folded, Function, as_function
from sgn_sciml.layers.spectral import (
    DenseSpectralMap,
    DiagonalSpectralMap,
    FrequencyScale,
    SineSpectralMap,
)
from sgn_sciml.layers.waves.sine import init_sine

__all__ = ["SpectralGate", "SpectralShare"]


class SpectralShare(NamedTuple):
    """The share of the spectral path in a layer, per channel, each of shape ``(n,)``.

    Attributes:
        gate: Mean gate value.
        spectral_rms: Root mean square of the gated spectral path.
        base_rms: Root mean square of the base path (zero without one).
    """

    gate: Tensor
    spectral_rms: Tensor
    base_rms: Tensor

    @property
    def ratio(self) -> Tensor:
        """Gated path over base path, over all channels: a number, inf without a base."""
        return self.spectral_rms.square().mean().sqrt() / self.base_rms.square().mean().sqrt()


class SpectralGate(Activation):
    r"""Activation with a gated spectral path, shape ``(..., n) -> (..., n)``.

    Args:
        features: Number of channels n.
        spectral: ``dense`` (m frequencies shared by all channels through a low-rank read-out),
            ``diagonal`` (one wave per channel, no matrix product) or ``sine`` (likewise, phase and
            amplitude left to the neighbours; without a base it folds into them).
        gate: Gate form: ``scalar``, ``channel`` or ``input``.
        gate_init: Initial gate value. The input gate takes it in (0, 1).
        base: Elementwise base activation :math:`\varphi`; None leaves the spectral path alone.
        learnable_base: Give the base a learnable coefficient a, initially 1: one number for the
            scalar gate, one per channel otherwise.
        num_frequencies: Number of frequencies m of the dense map.
        frequency_scale: Initial frequency scale, a number or a range ``(low, high)``. Dense: the
            standard deviation of a phase for unit-variance input. Diagonal: :math:`\omega` itself.
        normalize: Divide the dense features by :math:`\sqrt m`.
        layer_norm: Normalise u over the channels before the spectral map.
        dropout: Probability of dropping a feature of the dense map.

    Raises:
        ValueError: For an unknown form, or sizes, scales or initial values out of range.

    Example:
        >>> layer = SpectralGate(64, gate="channel", num_frequencies=9)
        >>> layer(torch.zeros(3, 5, 64)).shape
        torch.Size([3, 5, 64])
        >>> sum(p.numel() for p in SpectralGate.kaf(128).parameters())
        3595
    """

    def __init__(
        self,
        features: int,
        *,
        spectral: Literal["dense", "diagonal", "sine"] = "dense",
        gate: Literal["scalar", "channel", "input"] = "channel",
        gate_init: float = 1e-2,
        base: Function | None = F.gelu,
        learnable_base: bool = False,
        num_frequencies: int = 9,
        frequency_scale: FrequencyScale = 1.64**-0.5,
        normalize: bool = False,
        layer_norm: bool = False,
        dropout: float = 0.0,
    ) -> None:
        super().__init__(features)
        if spectral not in ("dense", "diagonal", "sine"):
            raise ValueError(f"spectral is 'dense', 'diagonal' or 'sine', got {spectral!r}")
        if gate not in ("scalar", "channel", "input"):
            raise ValueError(f"gate is 'scalar', 'channel' or 'input', got {gate!r}")
        if gate == "input" and not 0 < gate_init < 1:
            raise ValueError(f"the input gate starts at a value in (0, 1), got {gate_init}")
        self.form = gate
        self.gate_init = gate_init
        self.base = None if base is None else as_function(base)
        size = () if gate == "scalar" else (features,)
        self.base_coefficient = (
            nn.Parameter(torch.ones(size)) if learnable_base and base is not None else None
        )
        if gate == "input":
            self.gate_slope = nn.Parameter(torch.zeros(features))
            logit = math.log(gate_init) - math.log1p(-gate_init)
            self.gate_offset = nn.Parameter(torch.full((features,), logit))
        else:
            self.gate = nn.Parameter(torch.full(size, float(gate_init)))
        self.norm = nn.LayerNorm(features) if layer_norm else nn.Identity()
        self.spectral: DenseSpectralMap | DiagonalSpectralMap | SineSpectralMap
        if spectral == "dense":
            self.spectral = DenseSpectralMap(
                features, num_frequencies, frequency_scale, normalize, dropout=dropout
            )
        elif spectral == "diagonal":
            self.spectral = DiagonalSpectralMap(features, frequency_scale)
        else:
            self.spectral = SineSpectralMap(features, frequency_scale)

    def init_linear(self, linear: nn.Linear, first: bool) -> None:
        """As for waves where there are only waves; a range of frequencies goes into the weights.

        All channels then have its mean as their own frequency, and a step of an optimiser turns
        their phases alike. Where the highest turned thirty times as far as the lowest, fits
        failed.
        """
        waves = self._waves
        if waves is None:
            super().init_linear(linear, first)
        else:
            mean = waves.scales.mean()
            init_sine(linear, first, float(mean))
            with torch.no_grad():
                linear.weight.mul_((waves.scales / mean)[:, None])
            waves.scales.fill_(mean)

    def init_head(self, linear: nn.Linear) -> None:
        """As for waves where there are only waves."""
        if self._waves is None:
            super().init_head(linear)
        else:
            init_sine(linear, False, float(self._waves.scales.mean()))

    @property
    def _waves(self) -> SineSpectralMap | None:
        """The waves, where there is nothing else."""
        alone = self.base is None and isinstance(self.spectral, SineSpectralMap)
        return cast(SineSpectralMap, self.spectral) if alone else None

    def folded(self) -> Folded | None:
        r"""Frequencies and static gates of waves alone: :math:`g \odot \sin(\omega u)`."""
        waves = self._waves
        if waves is None or self.form == "input" or not isinstance(self.norm, nn.Identity):
            return None
        return Folded(waves.frequencies, torch.sin, self.gate)

    @classmethod
    def kaf(cls, features: int, num_frequencies: int = 9) -> "SpectralGate":
        r"""The KAF activation :math:`a\,\mathrm{GELU}(u) + g\,(V z(u) + v)`.

        It has 3mn + m + n + 2 parameters, with a = 1, g = 0.01 and
        :math:`\Omega_{ij} \sim N(0, 1/(1.64 n))` at the start.
        """
        return cls(features, gate="scalar", learnable_base=True, num_frequencies=num_frequencies)

    def base_path(self, u: Tensor) -> Tensor:
        r"""The base path :math:`a\,\varphi(u)`, zero without a base."""
        if self.base is None:
            return torch.zeros_like(u)
        y = self.base(u)
        return y if self.base_coefficient is None else (self.base_coefficient * y).to(y.dtype)

    def gate_value(self, u: Tensor) -> Tensor:
        """The gate g(u): shape ``()``, ``(n,)`` or, for the input gate, the shape of u."""
        if self.form == "input":
            return torch.sigmoid(self.gate_slope * u + self.gate_offset)
        return self.gate

    def spectral_path(self, u: Tensor) -> Tensor:
        r"""The gated spectral path :math:`g(u) \odot \Psi(u)`."""
        gate, v = self.gate_value(u), self.norm(u)
        wave: Tensor = self.spectral(v, None if self.form == "input" else gate)
        return gate * wave if self.form == "input" else wave

    def forward(self, u: Tensor) -> Tensor:
        wave = self.spectral_path(u).to(u.dtype)
        return wave if self.base is None else self.base_path(u) + wave

    @torch.no_grad()
    def share(self, u: Tensor) -> SpectralShare:
        """Read out how much the spectral path contributes for inputs u of shape ``(..., n)``."""
        u = u.reshape(-1, self.features)
        return SpectralShare(
            self.gate_value(u).expand_as(u).mean(0),
            self.spectral_path(u).square().mean(0).sqrt(),
            self.base_path(u).square().mean(0).sqrt(),
        )

    def extra_repr(self) -> str:
        base = getattr(self.base, "__name__", None) or type(self.base).__name__
        return f"{self.features}, gate={self.form}, gate_init={self.gate_init}, base={base}"
