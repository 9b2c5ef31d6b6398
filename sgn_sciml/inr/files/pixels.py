"""Pixels from 0 to 1, and the refusal of images that have no such reading."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sgn_sciml.system.resources import refuse_too_large

__all__ = [
    "ADVICE",
    "NUMBERS",
    "Pixels",
    "UnreadImage",
    "before_white",
    "refuse_large",
    "refuse_outside",
    "scaled",
    "upright",
    "with_opacity",
]

# (height, width, channels), from 0 to 1: grey or RGB, or either times opacity, the last channel.
Pixels = NDArray[np.float32]

READING = 12  # bytes per value: as in the file, in float32, composed
ADVICE = "save it as RGB or grey, in png or tif"
NUMBERS = "save it as 8 or 16 bit without a sign, or as floating-point numbers in [0, 1]"


class UnreadImage(ValueError):
    """A whole image of a kind that is not read; the message says what to do."""


def refuse_large(path: Path, shape: Sequence[int]) -> None:
    """Refuse an image that memory cannot hold, by its size."""
    try:
        refuse_too_large(shape, READING, "cut or shrink it with another program first")
    except ValueError as error:
        raise UnreadImage(f"{path}: {error}") from None


def refuse_outside(path: Path, raw: NDArray[Any]) -> None:
    """Refuse floating-point numbers outside [0, 1]; NaN is for masks to tell."""
    if (raw < 0).any() or (raw > 1).any():
        raise UnreadImage(f"{path} has values outside [0, 1]; scale the numbers to it")


def scaled(raw: NDArray[Any], top: int) -> Pixels:
    """Integers over the largest that there may be."""
    return (raw / np.float32(top)).astype(np.float32)


def with_opacity(colour: Pixels, opacity: Pixels | None, multiplied: bool = False) -> Pixels:
    """Colours multiplied by their opacity, which becomes the last channel.

    Args:
        colour: Shape ``(height, width, 1 or 3)``.
        opacity: Shape ``(height, width, 1)``; None where there is none.
        multiplied: Whether the colours are multiplied already.
    """
    if opacity is None:
        return colour
    return np.concatenate([colour if multiplied else colour * opacity, opacity], 2)


def before_white(pixels: Pixels) -> Pixels:
    """Grey or colours alone, what is transparent before white."""
    if pixels.shape[2] in (1, 3):
        return pixels
    return (pixels[..., :-1] + (1 - pixels[..., -1:])).clip(0, 1)


def upright(pixels: NDArray[Any], orientation: int) -> NDArray[Any]:
    """Rows from the top and columns from the left, from the orientation that EXIF and TIFF tell.

    Args:
        pixels: Shape ``(height, width, ...)``.
        orientation: 1 to 8; others count as 1.
    """
    if orientation in (5, 6, 7, 8):
        pixels = pixels.swapaxes(0, 1)
    if orientation in (3, 4, 7, 8):
        pixels = pixels[::-1]
    if orientation in (2, 3, 6, 7):
        pixels = pixels[:, ::-1]
    return pixels
