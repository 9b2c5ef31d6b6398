"""Boxes of stored arrays, brought into canonical order.

Measured on HDF5 2.0: a strided selection costs 2 to 20 times as much as reading whole rows and
thinning them in memory, and a list of indices 5 times as much as reading runs. So every read is
a box without gaps, at most ``BLOCK`` bytes where it has to be thinned.
"""

import math
from collections.abc import Iterator, Mapping
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

from sgn_sciml.layouts.decoding import Decoding
from sgn_sciml.layouts.storage import refuse_unwritten

__all__ = ["BLOCK", "Steps", "fill", "place"]

BLOCK = 64 * 2**20  # bytes held beside the result while it is thinned and put in order
GAP = 2**18  # bytes of unwanted frames cheaper to read than to skip

Steps = Mapping[str, int]
"""Step along each space axis, ``x`` to ``z``; negative for one that is read from its end."""


def place(
    out: NDArray[Any],
    values: NDArray[Any],
    axes: tuple[str, ...],
    shown: tuple[str, ...],
    steps: Steps,
) -> None:
    """Thin, reorder and broadcast values into a result.

    Args:
        out: Where to, axes ``shown``.
        values: Stored values; samples and times are already the wanted ones.
        axes: Their axis names; ``""`` for an axis of length 1 to drop. Two trailing
            ``component`` axes become one.
        shown: Axis names of ``out``; one that ``axes`` lacks is filled by repetition.
        steps: Step along each space axis.
    """
    thin = {axis: slice(None, None, step) for axis, step in steps.items()}
    values = values[tuple(thin.get(axis, slice(None)) if axis else 0 for axis in axes)]
    kept = [axis for axis in axes if axis]
    if kept.count("component") == 2:
        values = values.reshape(*values.shape[:-2], -1)
    values = values.transpose([kept.index(axis) for axis in shown if axis in kept])
    np.copyto(out, values[tuple(slice(None) if axis in kept else None for axis in shown)])


def fill(
    out: NDArray[Any],
    data: h5py.Dataset,
    axes: tuple[str, ...],
    shown: tuple[str, ...],
    samples: slice,
    times: slice | None,
    steps: Steps,
    decode: Decoding,
    *,
    whole: bool = True,
) -> None:
    """Read a box of a data set into a result.

    Args:
        out: Where to, axes ``shown``, C-contiguous.
        data: The data set.
        axes: Its axis names, as in :func:`place`.
        shown: Axis names of ``out``.
        samples: Consecutive samples, if ``axes`` has any.
        times: Times, step > 0; None without time axis.
        steps: Step along each space axis.
        decode: From stored numbers to values.
        whole: Whether every chunk of the data set is in the file.

    Raises:
        LayoutError: If a wanted chunk was never written.
    """
    for part, frames, every in _frames(data, axes, samples, times):
        wanted = {"sample": samples, "time": frames}
        box = tuple(
            wanted.get(axis) or slice(0, n) for axis, n in zip(axes, data.shape, strict=True)
        )
        if not whole:
            refuse_unwritten(data, box)
        target = out if part is None else out[:, part]
        shape = tuple(s.stop - s.start for s in box)
        as_stored = decode.plain and min(steps.values()) > 0
        in_order = as_stored and [axis for axis in axes if axis] == [
            axis for axis in shown if axis in axes
        ]
        if target.flags.c_contiguous and in_order and math.prod(shape) == target.size:
            data.read_direct(target.reshape(shape), box)
        else:
            values = decode(data[box])
            thin = tuple(slice(None, None, every if axis == "time" else 1) for axis in axes)
            place(target, values[thin], axes, shown, steps)


def _frames(
    data: h5py.Dataset, axes: tuple[str, ...], samples: slice, times: slice | None
) -> Iterator[tuple[slice | None, slice | None, int]]:
    """Cut a time slice into pieces: where in the result, which stored frames, every which."""
    if times is None or "time" not in axes:
        yield None, None, 1
        return
    count, step = len(range(times.start, times.stop, times.step)), times.step
    axis = axes.index("time")
    frame = data.dtype.itemsize * math.prod(
        samples.stop - samples.start if axes[i] == "sample" else n
        for i, n in enumerate(data.shape)
        if i != axis
    )
    apart = step > (data.chunks[axis] if data.chunks else 1) and (step - 1) * frame > GAP
    piece = 1 if apart else max(1, BLOCK // (frame * step))
    if piece >= count:
        yield None, slice(times.start, times.start + (count - 1) * step + 1), step
        return
    for begin in range(0, count, piece):
        end = min(begin + piece, count)
        start = times.start + begin * step
        yield slice(begin, end), slice(start, start + (end - begin - 1) * step + 1), step
