"""Boxes of stored arrays, brought into canonical order.

Measured on HDF5 2.0: a strided selection costs 2 to 20 times as much as reading whole rows and
thinning them in memory, and a list of indices 5 times as much as reading runs. So every read is
a box without gaps, at most ``BLOCK`` bytes where it has to be thinned.
"""

import itertools
import math
from collections.abc import Iterator
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

from sgn_sciml.layouts.contents import SPACE, LayoutError

__all__ = ["BLOCK", "fill", "is_whole", "place"]

BLOCK = 64 * 2**20  # bytes held beside the result while it is thinned and put in order
GAP = 2**18  # bytes of unwanted frames cheaper to read than to skip


def place(
    out: NDArray[Any],
    values: NDArray[Any],
    axes: tuple[str, ...],
    shown: tuple[str, ...],
    stride: int,
) -> None:
    """Thin, reorder and broadcast values into a result.

    Args:
        out: Where to, axes ``shown``.
        values: Stored values; samples and times are already the wanted ones.
        axes: Their axis names; ``""`` for an axis of length 1 to drop. Two trailing
            ``component`` axes become one.
        shown: Axis names of ``out``; one that ``axes`` lacks is filled by repetition.
        stride: Step along the space axes.
    """
    thin = slice(None, None, stride)
    values = values[tuple(thin if axis in SPACE else slice(None) if axis else 0 for axis in axes)]
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
    stride: int,
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
        stride: Step along the space axes.
        whole: Whether every chunk of the data set is in the file.

    Raises:
        LayoutError: If a wanted chunk was never written.
    """
    for part, frames, step in _frames(data, axes, samples, times):
        wanted = {"sample": samples, "time": frames}
        box = tuple(
            wanted.get(axis) or slice(0, n) for axis, n in zip(axes, data.shape, strict=True)
        )
        if not whole:
            _refuse_unwritten(data, box)
        target = out if part is None else out[:, part]
        shape = tuple(s.stop - s.start for s in box)
        in_order = [axis for axis in axes if axis] == [axis for axis in shown if axis in axes]
        if target.flags.c_contiguous and in_order and math.prod(shape) == target.size:
            data.read_direct(target.reshape(shape), box)
        else:
            values = data[box]
            thin = tuple(slice(None, None, step if axis == "time" else 1) for axis in axes)
            place(target, values[thin], axes, shown, stride)


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


def is_whole(data: h5py.Dataset) -> bool:
    """Whether every chunk was written; HDF5 silently reads zeros from those that were not."""
    if data.chunks is None:
        return True
    expected = math.prod(-(-n // c) for n, c in zip(data.shape, data.chunks, strict=True))
    return int(data.id.get_num_chunks()) == expected


def _refuse_unwritten(data: h5py.Dataset, box: tuple[slice, ...]) -> None:
    grid = [range(s.start // c * c, s.stop, c) for s, c in zip(box, data.chunks, strict=True)]
    for corner in itertools.product(*grid):
        if data.id.get_chunk_info_by_coord(corner).byte_offset is None:
            raise LayoutError(
                f"{data.file.filename}: {data.name} was never written at {corner}; "
                "its program stopped early, or it was cut off"
            )
