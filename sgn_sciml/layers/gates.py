r"""The two settings of the spectral gate that are recommended, by name.

:class:`DenseGate` is :math:`\varphi(u) + g \odot \Psi(u)`, the paper's kind: m waves shared by all
channels beside an activation, with a gate that starts at 0.01. The network begins as the one with
:math:`\varphi`. It is for gating what exists, and for fields that an ordinary network fits.

:class:`SineGate` is :math:`g \odot \sin(\omega u)`: one wave per channel, nothing beside it, and a
gate that starts at 1. It folds into the linear layers around it, so that it costs what a sine
costs. It is for signals and for solutions that oscillate.

Each is a :class:`~sgn_sciml.layers.SpectralGate` with the same parameters, under the same names
and with the same initial values, as one whose arguments are spelled out.
"""

from typing import Literal

import torch.nn.functional as F

from sgn_sciml.layers.activations import Function
from sgn_sciml.layers.gate import SpectralGate
from sgn_sciml.layers.spectral import FrequencyScale

__all__ = ["DenseGate", "SineGate"]


class DenseGate(SpectralGate):
    r"""The paper's gate: an activation beside a dense spectral path that starts near zero.

    Args:
        features: Number of channels n.
        base: Elementwise base activation :math:`\varphi`; None leaves the spectral path alone.
        num_frequencies: Number of frequencies m.
        frequency_scale: Standard deviation of a phase for unit-variance input at the start, a
            number or a range ``(low, high)``.
        gate: Gate form: ``scalar``, ``channel`` or ``input``.
        gate_init: Initial gate value. The input gate takes it in (0, 1).
        learnable_base: Give the base a learnable coefficient, initially 1.
        normalize: Divide the features by :math:`\sqrt m`.
        layer_norm: Normalise u over the channels before the spectral map.
        dropout: Probability of dropping a feature.

    Raises:
        ValueError: For an unknown form, or sizes, scales or initial values out of range.

    Example:
        >>> DenseGate(64, num_frequencies=4)
        DenseGate(
          64, gate=channel, gate_init=0.01, base=gelu
          (norm): Identity()
          (spectral): DenseSpectralMap(
            64, num_frequencies=4, frequency_scale=0.7808688094430304
            (dropout): Dropout(p=0.0, inplace=False)
          )
        )
    """

    def __init__(
        self,
        features: int,
        *,
        base: Function | None = F.gelu,
        num_frequencies: int = 9,
        frequency_scale: FrequencyScale = 1.64**-0.5,
        gate: Literal["scalar", "channel", "input"] = "channel",
        gate_init: float = 1e-2,
        learnable_base: bool = False,
        normalize: bool = False,
        layer_norm: bool = False,
        dropout: float = 0.0,
    ) -> None:
        super().__init__(
            features,
            spectral="dense",
            gate=gate,
            gate_init=gate_init,
            base=base,
            learnable_base=learnable_base,
            num_frequencies=num_frequencies,
            frequency_scale=frequency_scale,
            normalize=normalize,
            layer_norm=layer_norm,
            dropout=dropout,
        )


class SineGate(SpectralGate):
    r"""Gated waves alone, :math:`g \odot \sin(\omega u)`, which fold into their neighbours.

    What it shares with :class:`SpectralGate` under another default has another name here: where
    a configuration replaces one class by another, arguments of equal name keep their values.

    Args:
        features: Number of channels n.
        frequencies: Initial :math:`\omega`, in radians per unit of u: one number, or a pair
            ``(low, high)`` over which the channels are spread evenly. SIREN's 30 diverges at
            rates from 0.01 on, where 10 does not. (``frequency_scale``)
        amplitude: Initial value of the gate g. The input gate takes it in (0, 1). (``gate_init``)
        gate: Gate form: ``scalar``, ``channel`` or ``input``. An input gate cannot be folded.

    Raises:
        ValueError: For an unknown form, or a size, frequency or amplitude out of range.

    Example:
        >>> SineGate(64, frequencies=(10.0, 300.0)).folded() is None
        False
    """

    def __init__(
        self,
        features: int,
        frequencies: FrequencyScale = 10.0,
        amplitude: float = 1.0,
        gate: Literal["scalar", "channel", "input"] = "channel",
    ) -> None:
        super().__init__(
            features,
            spectral="sine",
            gate=gate,
            gate_init=amplitude,
            base=None,
            frequency_scale=frequencies,
        )
