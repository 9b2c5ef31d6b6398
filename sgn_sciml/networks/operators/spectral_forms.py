r"""Gates that act in frequency space, on and above the modes of a neural operator.

A Fourier layer multiplies the modes it keeps by fixed matrices and drops the rest, so it is linear
in each mode and blind above the cut-off. Two gates address that, each near zero at the start:

.. math::
    \text{mode} \quad \hat y_{kc} &\to
        \bigl(1 + g_c \sin(\omega_c \log |\hat y_{kc}| + b_c)\bigr)\, \hat y_{kc},
        \qquad \hat y = \widehat{K v} \\
    \text{high pass} \quad W v &\to W v + g \odot \Psi\bigl((1 - P) W v\bigr)

The mode gate amplifies or damps a mode by its own amplitude, a wave in the logarithm of it; phases
stay, so it commutes with shifts. P keeps the modes of the convolution (:math:`|k_i| \le n_i / 2`),
:math:`\Psi` is the spectral map of a gate without base and W the linear path beside the
convolution. Coefficients are means over the domain, so both hold at any resolution.
"""

from typing import Any

import torch
from torch import Tensor, nn

from sgn_sciml.layers import ChannelsFirst, SpectralGate
from sgn_sciml.networks.inject import GateFactory, Replacement
from sgn_sciml.networks.operators.placement import operator_blocks, real_like

__all__ = ["HighPassGate", "ModeGate", "ModeWave", "add_high_pass", "add_mode_gates", "high_pass"]


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


class HighPassGate(nn.Module):
    """A linear path beside a spectral convolution, with a gate on what lies above its modes.

    Args:
        skip: The linear path, fields to fields on the same grid.
        gate: Gate without base, ``(..., n) -> (..., n)``, n channels behind the path.
        n_modes: Modes that the convolution keeps; the last axis counts one sign.
    """

    def __init__(self, skip: nn.Module, gate: nn.Module, n_modes: tuple[int, ...]) -> None:
        super().__init__()
        self.skip = skip
        self.gate = ChannelsFirst(gate)
        self.n_modes = n_modes

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.skip(x)
        wave: Tensor = self.gate(high_pass(y, self.n_modes))
        return y + wave.to(y.dtype)


def high_pass(u: Tensor, n_modes: tuple[int, ...]) -> Tensor:
    """The part of fields above the modes that a spectral convolution keeps.

    Args:
        u: Real fields, shape ``(batch, channels, *space)``.
        n_modes: Modes kept on each axis, both signs together, the last axis one sign only.

    Returns:
        The rest, zero if the grid has no more modes; single precision at least.
    """
    u = u.to(torch.promote_types(u.dtype, torch.float32))  # no FFT in half precision
    axes, kept = list(range(2, u.dim())), torch.ones((), dtype=torch.bool, device=u.device)
    modes = torch.fft.rfftn(u, dim=axes, norm="forward")
    for axis, (size, count) in enumerate(zip(modes.shape[2:], n_modes, strict=True)):
        k = torch.arange(size, device=u.device)
        last = axis == len(n_modes) - 1
        inside = k < count if last else torch.minimum(k, size - k) <= count // 2
        kept = kept & inside.view(-1, *(1,) * (len(n_modes) - 1 - axis))
    high: Tensor = modes.masked_fill(kept, 0)
    high = torch.fft.irfftn(high, s=u.shape[2:], dim=axes, norm="forward")
    return high


def add_mode_gates(module: nn.Module, gate_init: float = 1e-2) -> list[Replacement]:
    """Put a mode gate around every Fourier convolution of a neural operator, in place.

    Args:
        module: A model of neuraloperator, or a module that holds some.
        gate_init: Initial gate value.

    Returns:
        One record per gate.

    Raises:
        ValueError: If there is no convolution of real Fourier modes.

    Example:
        >>> from sgn_sciml.networks.operators import FNO
        >>> len(add_mode_gates(FNO(width=16, depth=2)))
        2
    """
    records = []
    for name, blocks in operator_blocks(module):
        for k, conv in enumerate(blocks.convs):
            if is_fourier(conv):
                n = blocks.out_channels
                wave = ModeWave(n, gate_init).to(**real_like(blocks))
                blocks.convs[k] = ModeGate(conv, wave).train(blocks.training)
                records.append(Replacement(f"{name}.convs.{k}", type(conv).__name__, n, n))
    if not records:
        raise ValueError(f"{type(module).__name__} has no convolution of real Fourier modes")
    return records


def add_high_pass(module: nn.Module, gate: GateFactory = SpectralGate) -> list[Replacement]:
    """Put a high-pass gate on the linear path of every layer of a neural operator, in place.

    Args:
        module: A model of neuraloperator, or a module that holds some.
        gate: Gate factory, called as ``gate(channels, base=None)``.

    Returns:
        One record per gate.

    Raises:
        ValueError: If there is no Fourier convolution with a linear path beside it.

    Example:
        >>> from sgn_sciml.networks.operators import FNO
        >>> len(add_high_pass(FNO(width=16, depth=2)))
        2
    """
    records = []
    for name, blocks in operator_blocks(module):
        key = "fno_skips" if hasattr(blocks, "fno_skips") else "local_no_skips"
        for k, (conv, old) in enumerate(
            zip(blocks.convs, getattr(blocks, key) or (), strict=False)
        ):
            fourier = isinstance(conv, ModeGate) or is_fourier(conv)
            if fourier and not isinstance(old, HighPassGate):
                n = blocks.out_channels
                new = gate(n, base=None).to(**real_like(blocks))
                high = HighPassGate(old, new, tuple(conv.n_modes)).train(blocks.training)
                getattr(blocks, key)[k] = high
                records.append(Replacement(f"{name}.{key}.{k}", type(old).__name__, n, n))
    if not records:
        raise ValueError(
            f"{type(module).__name__} has no Fourier convolution with a linear path beside it"
        )
    return records


def is_fourier(conv: Any) -> bool:
    """Whether a convolution multiplies Fourier modes of real fields."""
    return hasattr(conv, "fft_norm") and not getattr(conv, "complex_data", False)
