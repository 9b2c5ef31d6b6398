"""Images and sounds as files, converted a block at a time."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sgn_sciml.system.writing import whole_file

__all__ = ["write_audio", "write_image", "write_laplacian", "write_slope"]

Excerpt = Callable[[slice], NDArray[Any]]  # some of the samples

BLOCK = 2**18  # samples that are converted at once
UNSEEN = 0.5 / 255  # opacity that 8 bits round to none
SHOWN = 0.999  # share of the samples that a map of slopes does not saturate


def write_image(path: Path, values: NDArray[Any], low: float, high: float) -> Path:
    """Write an image of 8 bit, shape ``(channels, height, width)``, black at ``low``.

    Of 2 or 4 channels the last is the opacity, by which the others are divided.
    """
    flat = values.reshape(len(values), -1)

    def shown(part: slice) -> NDArray[Any]:
        pixels: NDArray[Any] = (flat[:, part].T - low) / (high - low)
        return pixels if len(values) in (1, 3) else straight(pixels)

    return _write_png(path, shown, values.shape)


def straight(pixels: NDArray[Any]) -> NDArray[Any]:
    """Colours divided by the opacity, which is the last channel; black where nothing is seen."""
    opacity = pixels[:, -1:]
    seen = opacity > UNSEEN
    colour = np.where(seen, pixels[:, :-1] / np.where(seen, opacity, 1), 0)
    return np.concatenate([colour, opacity], 1)


def write_slope(path: Path, slopes: NDArray[Any]) -> Path:
    """Write the root of the sum of squares over the first axis, black at 0."""
    flat = slopes.reshape(len(slopes), -1)

    def size(part: slice) -> NDArray[Any]:
        found: NDArray[Any] = np.sqrt(np.square(flat[:, part]).sum(0))[:, None]
        return found

    top = _top(size, slopes[0].size)
    return _write_png(path, lambda part: size(part) / top, (1, *slopes.shape[1:]))


def write_laplacian(path: Path, values: NDArray[Any]) -> Path:
    """Write the mean over the first axis, grey at 0, white where the signal is hollow."""
    flat = values.reshape(len(values), -1)

    def mean(part: slice) -> NDArray[Any]:
        found: NDArray[Any] = flat[:, part].mean(0)[:, None]
        return found

    top = _top(mean, values[0].size)
    return _write_png(path, lambda part: (1 + mean(part) / top) / 2, (1, *values.shape[1:]))


def write_audio(path: Path, values: NDArray[Any], rate: int) -> Path:
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


def _write_png(path: Path, part: Excerpt, shape: Sequence[int]) -> Path:
    """Write an image ``(channels, height, width)`` from parts of its pixels, 0 to 1."""
    from skimage.io import imsave

    channels, height, width = shape
    pixels = _integers(lambda s: 255 * part(s), (height * width, channels), np.uint8)
    image = pixels.reshape(height, width, channels)
    with whole_file(path) as partial:
        imsave(partial, image if channels > 1 else image[..., 0], check_contrast=False)
    return path


def _integers(part: Excerpt, shape: tuple[int, ...], dtype: type[np.integer[Any]]) -> NDArray[Any]:
    """Round numbers to integers without a copy of all, clipped to what the type holds."""
    ends = np.iinfo(dtype)
    found = np.empty(shape, dtype)
    for start in range(0, shape[0], BLOCK):
        block = slice(start, start + BLOCK)
        found[block] = np.clip(np.rint(part(block)), ends.min, ends.max)
    return found


def _top(part: Excerpt, count: int) -> float:
    """A size that few samples exceed, of up to a million of them."""
    some = np.abs(part(slice(0, count, -(-count // 10**6))))
    top = float(np.quantile(some, SHOWN))
    return top or 1.0
