r"""Weights as whole numbers of few bits.

.. math::
    x \approx o + s\,q, \qquad q \in \{0, \dots, 2^k - 1\}, \qquad
    o = \min x, \quad s = \frac{\max x - \min x}{2^k - 1}

for each tensor by itself, so that no weight moves by more than s/2.

Which tensors may be coarse is decided by their size. Biases, gates, frequencies and the first
layer are few numbers on which every wave depends: of a picture fitted to 47 dB (96 x 96 pixels,
9 thousand numbers), 8 bits for all leave 25 dB, 8 bits for the large matrices alone 43 dB. A
tensor of at most an eighth of the largest therefore always has 16 bits.

References:
    Dupont et al., *COIN: compression with implicit neural representations* (2021),
    https://arxiv.org/abs/2103.03123
"""

from collections.abc import Mapping
from typing import NamedTuple

import torch
from torch import Tensor

__all__ = [
    "SMALL_BITS",
    "Quantized",
    "dequantize",
    "large_tensors",
    "pack_bits",
    "quantize",
    "unpack_bits",
]

SMALL_BITS = 16  # of small tensors
SMALL = 8  # times smaller than the largest tensor


class Quantized(NamedTuple):
    """A tensor as whole numbers.

    Attributes:
        codes: The numbers q, shape ``(N,)``, int32.
        offset: o, exact in float32.
        step: s, likewise; 0 where all values are the same.
    """

    codes: Tensor
    offset: float
    step: float


def large_tensors(sizes: Mapping[str, int]) -> set[str]:
    """Names of the tensors that may have few bits; the others get :data:`SMALL_BITS`.

    Args:
        sizes: Number of entries of each tensor.

    Example:
        >>> sorted(large_tensors({"matrix": 64, "gate": 8, "first": 16}))
        ['first', 'matrix']
    """
    largest = max(sizes.values(), default=0)
    return {name for name, size in sizes.items() if SMALL * size > largest}


def quantize(values: Tensor, bits: int) -> Quantized:
    """Round values to ``2**bits`` evenly spaced ones, from the least to the greatest.

    Args:
        values: Real numbers of any shape.
        bits: Bits of a code, 1 to 16.

    Raises:
        ValueError: If the bits are out of range, or a value is not real and finite.

    Example:
        >>> quantize(torch.tensor([0.0, 0.4, 3.0]), bits=2)
        Quantized(codes=tensor([0, 0, 3], dtype=torch.int32), offset=0.0, step=1.0)
    """
    if not 1 <= bits <= 16:
        raise ValueError(f"a code has 1 to 16 bits, got {bits}")
    if not values.is_floating_point() or not values.isfinite().all():
        raise ValueError("only real, finite numbers can be quantized")
    x = values.detach().flatten().double()
    if not x.numel():
        return Quantized(torch.zeros(0, dtype=torch.int32), 0.0, 0.0)
    levels = 2**bits - 1
    offset = float(x.min().float())
    step = float((x.max() - x.min()).div(levels).float())
    if step == 0:
        return Quantized(torch.zeros(len(x), dtype=torch.int32), offset, 0.0)
    codes = ((x - offset) / step).round().clamp(0, levels)
    return Quantized(codes.int(), offset, step)


def dequantize(quantized: Quantized) -> Tensor:
    """The values that stand for the codes, shape ``(N,)``, in float64."""
    return quantized.offset + quantized.step * quantized.codes.double()


def pack_bits(codes: Tensor, bits: int) -> Tensor:
    """Write codes one after another, the lowest bit first, without gaps.

    Args:
        codes: Whole numbers from 0 to ``2**bits - 1``, shape ``(N,)``.
        bits: Bits of a code.

    Returns:
        The bytes, ``ceil(N * bits / 8)`` of them, uint8; unused bits at the end are 0.

    Raises:
        ValueError: If a code needs more bits.

    Example:
        >>> pack_bits(torch.tensor([1, 2, 3]), bits=4).tolist()  # 0x21, 0x03
        [33, 3]
    """
    if codes.numel() and not 0 <= int(codes.min()) <= int(codes.max()) < 2**bits:
        raise ValueError(f"codes of {bits} bits lie in 0 to {2**bits - 1}")
    parts = (codes.int()[:, None] >> torch.arange(bits, dtype=torch.int32) & 1).to(torch.uint8)
    stream = parts.flatten()
    stream = torch.cat([stream, stream.new_zeros(-len(stream) % 8)]).view(-1, 8)
    packed: Tensor = (stream << torch.arange(8, dtype=torch.uint8)).sum(1, dtype=torch.uint8)
    return packed


def unpack_bits(packed: Tensor, bits: int, count: int) -> Tensor:
    """Read codes that :func:`pack_bits` wrote.

    Args:
        packed: The bytes, uint8.
        bits: Bits of a code.
        count: Number of codes.

    Returns:
        The codes, shape ``(count,)``, int32.

    Raises:
        ValueError: If there are fewer bytes than that.
    """
    if 8 * len(packed) < bits * count:
        raise ValueError(f"{len(packed)} bytes are too few for {count} codes of {bits} bits")
    stream = packed[:, None] >> torch.arange(8, dtype=torch.uint8) & 1
    parts = stream.flatten()[: bits * count].view(count, bits).int()
    codes: Tensor = (parts << torch.arange(bits, dtype=torch.int32)).sum(1, dtype=torch.int32)
    return codes
