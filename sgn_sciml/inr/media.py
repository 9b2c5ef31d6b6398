"""Pictures and sounds as files, converted a block at a time."""

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["whole_file", "write_laplacian", "write_picture", "write_slope", "write_sound"]

Array = NDArray[Any]
Part = Callable[[slice], Array]

BLOCK = 2**18  # samples that are converted at once
SHOWN = 0.999  # share of the samples that a map of slopes does not saturate


@contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """A file beside its place, moved there when it is whole."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.stem}.{os.getpid()}.partial{path.suffix}")
    try:
        yield partial
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


def write_picture(path: Path, values: Array, low: float, high: float) -> Path:
    """Write a picture of 8 bit, shape ``(channels, height, width)``, black at ``low``."""
    flat = values.reshape(len(values), -1)
    return _write_png(path, lambda part: (flat[:, part].T - low) / (high - low), values.shape)


def write_slope(path: Path, slopes: Array) -> Path:
    """Write the root of the sum of squares over the first axis, black at 0."""
    flat = slopes.reshape(len(slopes), -1)

    def size(part: slice) -> Array:
        square: Array = np.square(flat[:, part]).sum(0)
        return np.sqrt(square)[:, None]

    top = _top(size, slopes[0].size)
    return _write_png(path, lambda part: size(part) / top, (1, *slopes.shape[1:]))


def write_laplacian(path: Path, values: Array) -> Path:
    """Write the mean over the first axis, grey at 0, white where the signal is hollow."""
    flat = values.reshape(len(values), -1)

    def mean(part: slice) -> Array:
        found: Array = flat[:, part].mean(0)[:, None]
        return found

    top = _top(mean, values[0].size)
    return _write_png(path, lambda part: (1 + mean(part) / top) / 2, (1, *values.shape[1:]))


def write_sound(path: Path, values: Array, rate: int) -> Path:
    """Write a sound of 16 bit, shape ``(channels, n)``, full scale being [-1, 1].

    Raises:
        ValueError: If a wav file cannot hold it.
    """
    from scipy.io import wavfile

    frame = 2 * len(values)  # bytes
    if max(rate, values.shape[1]) * frame >= 2**32 - 64:
        raise ValueError(
            f"a wav file ends at 4 GB and as much per second, {path} would have "
            f"{values.shape[1]} samples, {rate} per second: lower --data.scale"
        )
    samples = _integers(lambda part: 32768 * values[:, part].T, values.shape[::-1], np.int16)
    with whole_file(path) as partial:
        wavfile.write(partial, rate, samples)
    return path


def _write_png(path: Path, part: Part, shape: Sequence[int]) -> Path:
    """Write a picture ``(channels, height, width)`` from parts of its pixels, 0 to 1."""
    from skimage.io import imsave

    channels, height, width = shape
    pixels = _integers(lambda s: 255 * part(s), (height * width, channels), np.uint8)
    picture = pixels.reshape(height, width, channels)
    with whole_file(path) as partial:
        imsave(partial, picture if channels > 1 else picture[..., 0], check_contrast=False)
    return path


def _integers(part: Part, shape: tuple[int, ...], dtype: type[np.integer[Any]]) -> Array:
    """Round numbers to integers without a copy of all, clipped to what the type holds."""
    ends = np.iinfo(dtype)
    found = np.empty(shape, dtype)
    for start in range(0, shape[0], BLOCK):
        block = slice(start, start + BLOCK)
        found[block] = np.clip(np.rint(part(block)), ends.min, ends.max)
    return found


def _top(part: Part, count: int) -> float:
    """A size that few samples exceed, of up to a million of them."""
    some = np.abs(part(slice(0, count, -(-count // 10**6))))
    top = float(np.quantile(some, SHOWN))
    return top or 1.0
