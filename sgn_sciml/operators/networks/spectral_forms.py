"""Gates in frequency space in the layers of a neural operator, on and above its modes.

A Fourier layer multiplies the modes it keeps by fixed matrices and drops the rest, so it is linear
in each mode and blind above the cut-off. A :class:`ModeGate` addresses the first, a
:class:`HighPassGate` the second; each is near zero at the start.
"""

from torch import nn

from sgn_sciml.layers import SpectralGate
from sgn_sciml.networks.inject import GateFactory, Replacement
from sgn_sciml.operators.networks.high_pass import HighPassGate
from sgn_sciml.operators.networks.mode_gate import ModeGate, ModeWave, is_fourier
from sgn_sciml.operators.networks.placement import operator_blocks, real_like

__all__ = ["HighPassGate", "ModeGate", "ModeWave", "add_high_pass", "add_mode_gates", "is_fourier"]


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
        >>> from sgn_sciml.operators.networks import FNO
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
        >>> from sgn_sciml.operators.networks import FNO
        >>> len(add_high_pass(FNO(width=16, depth=2)))
        2
    """
    records = []
    for name, blocks in operator_blocks(module):
        key = "fno_skips" if hasattr(blocks, "fno_skips") else "local_no_skips"
        skips = getattr(blocks, key) or []
        for k, (conv, old) in enumerate(zip(blocks.convs, skips, strict=False)):
            fourier = isinstance(conv, ModeGate) or is_fourier(conv)
            if fourier and not isinstance(old, HighPassGate):
                n = blocks.out_channels
                new = gate(n, base=None).to(**real_like(blocks))
                skips[k] = HighPassGate(old, new, tuple(conv.n_modes)).train(blocks.training)
                records.append(Replacement(f"{name}.{key}.{k}", type(old).__name__, n, n))
    if not records:
        raise ValueError(
            f"{type(module).__name__} has no Fourier convolution with a linear path beside it"
        )
    return records
