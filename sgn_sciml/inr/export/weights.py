r"""A network in one small file: ``weights_8bit.npz``.

An npz archive (deflated) of three arrays:

=======  =======================  ==============================================================
header   uint8                    JSON, UTF-8; see below
ranges   float32, ``(T, 2)``      offset o and step s of each tensor
data     uint8                    the tensors one after another, each from a whole byte on
=======  =======================  ==============================================================

The header holds ``network`` (class path and arguments that rebuild the architecture), ``dtype``,
``signal`` (kind, grid, axes, low, high, rate) and ``tensors``: name, shape and bits of each. A
tensor of 2 to 16 bits is its codes q, the lowest bit first, without gaps; a value is o + s q. A
tensor of ``half`` is its values in IEEE half precision, little-endian, and has no range (0, 0).

Every tensor of the network's state is stored, parameter or buffer, unless the constructor makes
the same one bit for bit from the header: initial frequencies of waves and frozen gates are
rebuilt; trained weights, random features and the domain of the coordinates are stored. Reading
builds the classes that the header names, so read files of people you trust. Without us::

    stream = np.unpackbits(data, bitorder="little")[: N * bits]
    codes = stream.reshape(N, bits) @ 2 ** np.arange(bits)
"""

import io
import json
import math
import zipfile
import zlib
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor, nn

from sgn_sciml.networks import CoordinateNetwork, as_sized_network
from sgn_sciml.networks.quantization import (
    SMALL_BITS,
    Quantized,
    dequantize,
    large_tensors,
    pack_bits,
    quantize,
    unpack_bits,
)
from sgn_sciml.system.classes import instantiate
from sgn_sciml.system.names import __version__

__all__ = ["Weights", "build_network", "read_weights", "stored", "write_weights"]

FORMAT = "sgn-weights-1"
HALF = 16  # bits of --bits that mean half precision for the large tensors
DAMAGE = (
    *(ValueError, LookupError, TypeError, AttributeError, RuntimeError),
    *(OSError, EOFError, zipfile.BadZipFile, zlib.error),
)


class Weights(NamedTuple):
    """What such a file holds.

    Attributes:
        network: The network, from points of [-1, 1] to the signal scaled to [-1, 1].
        signal: Kind, grid, axes, range and rate of the signal.
    """

    network: CoordinateNetwork
    signal: dict[str, Any]


def build_network(config: Mapping[str, Any], seed: int = 0) -> CoordinateNetwork:
    """A network from its class path and arguments; the random state stays as it was.

    Args:
        config: ``class_path`` and ``init_args``.
        seed: Seed of its initial weights.

    Raises:
        ValueError: If they describe none.
    """
    try:
        with torch.random.fork_rng(devices=()):
            torch.manual_seed(seed)
            return as_sized_network(instantiate(nn.Module, config, "network"))
    except ValueError as error:
        raise ValueError(f"the network cannot be rebuilt: {error}") from error


def stored(network: CoordinateNetwork, config: Mapping[str, Any]) -> dict[str, Tensor]:
    """The tensors that a file needs: those which the constructor does not rebuild bit for bit."""
    # Two seeds: a random tensor may equal that of one of them, the run's.
    fresh = [build_network(config, seed).state_dict() for seed in (0, 1)]
    return {
        name: tensor
        for name, tensor in network.state_dict().items()
        if not all(torch.equal(each[name].to(tensor), tensor) for each in fresh)
    }


def write_weights(
    tensors: Mapping[str, Tensor],
    config: Mapping[str, Any],
    signal: Mapping[str, Any],
    bits: int,
) -> bytes:
    """The content of a file.

    Args:
        tensors: What :func:`stored` says.
        config: Class path and arguments of the network, plain values.
        signal: What a reader should know of the signal, plain values.
        bits: Bits of the large tensors, 2 to 16; 16 is half precision. Small ones have 16.

    Raises:
        ValueError: If the bits are out of range, or a weight is not finite or too large.
    """
    if not 2 <= bits <= HALF:
        raise ValueError(f"--bits takes numbers from 2 to 16, got {bits}")
    large = large_tensors({name: tensor.numel() for name, tensor in tensors.items()})
    entries: list[tuple[str, list[int], int | str]] = []
    ranges: list[tuple[float, float]] = []
    data: list[bytes] = []
    for name, tensor in tensors.items():
        kind: int | str = SMALL_BITS
        if name in large:
            kind = "half" if bits == HALF else bits
        try:
            found, offset, step = _encode(tensor, kind)
        except ValueError as error:
            raise ValueError(f"{name} cannot be exported: {error}") from error
        entries.append((name, list(tensor.shape), kind))
        ranges.append((offset, step))
        data.append(found)
    header = {
        "format": FORMAT,
        "sgn-sciml": __version__,
        "network": dict(config),
        "dtype": str(next(iter(tensors.values())).dtype).removeprefix("torch."),
        "signal": dict(signal),
        "tensors": entries,
    }
    buffer = io.BytesIO()
    np.savez_compressed(
        buffer,
        header=np.frombuffer(json.dumps(header).encode(), np.uint8),
        ranges=np.array(ranges, np.float32).reshape(-1, 2),
        data=np.frombuffer(b"".join(data), np.uint8),
    )
    return buffer.getvalue()


def read_weights(content: bytes) -> Weights:
    """Read what :func:`write_weights` returned.

    Raises:
        ValueError: If it is no such file, or damaged.
    """
    try:
        with np.load(io.BytesIO(content)) as file:
            header = json.loads(file["header"].tobytes())
            ranges, data = file["ranges"].tolist(), file["data"].tobytes()
        if header["format"] != FORMAT:
            raise ValueError(f"format {header['format']}")
        network = build_network(header["network"]).to(getattr(torch, header["dtype"]))
        state, start = {}, 0
        for (name, shape, kind), (offset, step) in zip(header["tensors"], ranges, strict=True):
            count = math.prod(shape)
            end = start + _size(count, kind)
            values = _decode(data[start:end], count, kind, offset, step)
            state[name], start = values.reshape(shape), end
        unknown = network.load_state_dict(state, strict=False).unexpected_keys
        if unknown:
            raise ValueError(f"the network has no {unknown[0]}")
    except DAMAGE as error:
        raise ValueError(f"no whole file of exported weights ({error})") from error
    return Weights(network.eval(), header["signal"])


def _encode(tensor: Tensor, kind: int | str) -> tuple[bytes, float, float]:
    """Bytes, offset and step."""
    if isinstance(kind, int):
        found = quantize(tensor.cpu(), kind)
        return pack_bits(found.codes, kind).numpy().tobytes(), found.offset, found.step
    half = tensor.detach().cpu().half()
    if not half.isfinite().all():
        raise ValueError("a value is not finite in half precision; use --bits 15 or less")
    return half.numpy().astype("<f2").tobytes(), 0.0, 0.0


def _size(count: int, kind: int | str) -> int:
    return -(-count * (kind if isinstance(kind, int) else 16) // 8)


def _decode(data: bytes, count: int, kind: int | str, offset: float, step: float) -> Tensor:
    if not isinstance(kind, int):
        return torch.from_numpy(np.frombuffer(data, "<f2").astype(np.float64))
    packed = torch.from_numpy(np.frombuffer(data, np.uint8).copy())
    return dequantize(Quantized(unpack_bits(packed, kind, count), offset, step))
