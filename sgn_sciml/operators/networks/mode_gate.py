r"""Gates on the modes after a spectral convolution.

.. math::
    \hat y_{kc} \to \bigl(1 + g_c \sin(\omega_c \log |\hat y_{kc}| + b_c)\bigr)\, \hat y_{kc},
    \qquad \hat y = \widehat{K v}

A mode is amplified or damped by its own amplitude, a wave in the logarithm of it; phases stay, so
the gate commutes with shifts. Coefficients are means over the domain, so it holds at any
resolution.
"""

from typing import Any

import torch
from torch import Tensor, nn

__all__ = ["ModeGate", "ModeWave", "is_fourier"]


class ModeWave(nn.Module):
    """The real factor of each mode: one plus a gated wave in the logarithm of its amplitude.

    Args:
        features: Number of channels.
        gate_init: Initial gate value, one trainable number per channel.
        frequency: Initial frequency of the wave, in radians per e-fold of the amplitude.
    """

    def __init__(self, features: int, gate_init: float = 1e-2, frequency: float = 1.0) -> None:
        super().__init__()
        self.gate = nn.Parameter(torch.full((features,), gate_init))
        self.frequencies = nn.Parameter(torch.full((features,), frequency))
        self.phases = nn.Parameter(torch.zeros(features))

    def forward(self, modes: Tensor) -> Tensor:
        shape = (-1, *(1,) * (modes.dim() - 2))
        gate, frequency, phase = (
            p.view(shape) for p in (self.gate, self.frequencies, self.phases)
        )
        # the floor is below any mode that matters in single precision, and gradients stay finite
        level = 0.5 * torch.log(modes.real.square() + modes.imag.square() + 1e-12)
        return 1 + gate * torch.sin(frequency * level + phase)


class ModeGate(nn.Module):
    """A spectral convolution whose output modes are gated by their amplitudes.

    The attributes that neuraloperator reads and sets on a convolution are passed through.

    Args:
        conv: The convolution, a ``SpectralConv`` of neuraloperator on real fields.
        wave: The factor of each mode, ``(batch, channels, *modes)`` complex to real.

    Raises:
        ValueError: If the convolution is not in Fourier space.
    """

    def __init__(self, conv: Any, wave: nn.Module) -> None:
        super().__init__()
        if not is_fourier(conv):
            raise ValueError(f"a mode gate needs a convolution of real Fourier modes, got {conv}")
        self.conv = conv
        self.wave = wave

    @property
    def n_modes(self) -> Any:
        """Modes that the convolution keeps; the last axis counts one sign."""
        return self.conv.n_modes

    @n_modes.setter
    def n_modes(self, n_modes: Any) -> None:
        self.conv.n_modes = n_modes

    @property
    def max_n_modes(self) -> Any:
        """Modes that the convolution has weights for."""
        return self.conv.max_n_modes

    @property
    def weight(self) -> Any:
        """Weights of the convolution."""
        return self.conv.weight

    def transform(self, x: Tensor, output_shape: Any = None) -> Tensor:
        """Bring a field to the grid of the output."""
        y: Tensor = self.conv.transform(x, output_shape=output_shape)
        return y

    def forward(self, x: Tensor, output_shape: Any = None) -> Tensor:
        y: Tensor = self.conv(x, output_shape=output_shape)
        axes = list(range(2, y.dim()))
        y = y.to(torch.promote_types(y.dtype, torch.float32))  # no FFT in half precision
        modes = torch.fft.rfftn(y, dim=axes, norm="forward")[..., : self.n_modes[-1]]
        gated = modes * self.wave(modes)
        y = torch.fft.irfftn(gated, s=y.shape[2:], dim=axes, norm="forward")
        return y


def is_fourier(conv: Any) -> bool:
    """Whether a convolution multiplies Fourier modes of real fields."""
    return hasattr(conv, "fft_norm") and not getattr(conv, "complex_data", False)
