"""The cost of an exported network per pixel or second, beside JPEG and raw samples."""

import io
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from sgn_sciml.inr.description import Signal
from sgn_sciml.inr.export.fitted_run import psnr

__all__ = ["Coded", "Rate", "cheapest", "jpeg_sweep", "rate_of", "verdict"]

QUALITIES = (*range(5, 90, 5), *range(90, 101))
LONGEST = 65500  # pixels along a side of a JPEG


@dataclass(frozen=True)
class Rate:
    """How bytes of a signal are counted.

    Attributes:
        unit: ``bits per pixel``, ``kbit/s`` or ``bits per sample``.
        per_byte: The rate of one byte.
        raw: The rate of the samples as they are.
        raw_name: What they are.
    """

    unit: str
    per_byte: float
    raw: float
    raw_name: str


@dataclass(frozen=True)
class Coded:
    """A signal in some bytes.

    Attributes:
        method: ``network`` or ``JPEG``.
        setting: Bits, or quality and chroma sampling.
        size: Bytes of the file.
        psnr: Peak signal-to-noise ratio, in dB.
    """

    method: str
    setting: str
    size: int
    psnr: float


def rate_of(signal: Signal) -> Rate:
    """How the bytes of a signal are counted; all channels of a pixel or sample together."""
    count, channels = signal.values[0].numel(), len(signal.values)
    if signal.kind == "image":
        return Rate("bits per pixel", 8 / count, 8 * channels, "the raw 8-bit image")
    if signal.kind == "audio" and signal.rate:
        raw = 16 * channels * signal.rate / 1000
        return Rate("kbit/s", 8 * signal.rate / count / 1000, raw, "the raw 16-bit audio")
    bits = 1 if signal.kind == "volume" else 32
    return Rate("bits per sample", 8 / count, bits * channels, f"the raw {bits}-bit {signal.kind}")


def jpeg_sweep(signal: Signal) -> list[Coded]:
    """JPEG of an image over all qualities, the best of full and halved colour resolution.

    Args:
        signal: An image of 1 or 3 channels.

    Returns:
        By size, each better than all smaller ones; none if there is no JPEG of such a signal.
    """
    channels, *sides = signal.values.shape
    if signal.kind != "image" or channels not in (1, 3) or max(sides) > LONGEST:
        return []
    span = signal.high - signal.low
    levels = ((signal.values - signal.low) / span * 255).round().clamp(0, 255).byte()
    pixels = levels[0].numpy() if channels == 1 else levels.permute(1, 2, 0).numpy()
    image = Image.fromarray(pixels)
    found = []
    for quality in QUALITIES:
        for halved in (False, True) if channels == 3 else (False,):
            buffer = io.BytesIO()
            image.save(
                buffer, "JPEG", quality=quality, subsampling=2 if halved else 0, optimize=True
            )
            again = _values(Image.open(buffer)) / 255 * span + signal.low
            setting = f"quality {quality}" + (", 4:2:0" if halved else "")
            size, ratio = len(buffer.getvalue()), psnr(again, signal.values, span)
            found.append(Coded("JPEG", setting, size, ratio))
    return front(found)


def _values(image: Image.Image) -> Tensor:
    """Grey levels, shape ``(channels, height, width)``."""
    array = np.asarray(image, np.float64)
    return torch.from_numpy(array[None] if array.ndim == 2 else array.transpose(2, 0, 1).copy())


def front(found: Sequence[Coded]) -> list[Coded]:
    """Those that are better than all smaller ones, by size."""
    best: list[Coded] = []
    for each in sorted(found, key=lambda coded: (coded.size, -coded.psnr)):
        if not best or each.psnr > best[-1].psnr:
            best.append(each)
    return best


def cheapest(sweep: Sequence[Coded], psnr: float) -> Coded | None:
    """The smallest that reaches a PSNR, if any does."""
    return next((coded for coded in sweep if coded.psnr >= psnr), None)


def verdict(exported: Sequence[Coded], sweep: Sequence[Coded], rate: Rate) -> str | None:
    """One line if an exported network takes more room than JPEG or the raw samples do.

    Args:
        exported: The exported networks.
        sweep: JPEG of the same image, by size; empty for other signals.
        rate: How bytes are counted.

    Returns:
        The line, about the smallest such network; None if all are smaller than both.
    """
    worse: dict[str, str] = {}
    for coded in sorted(exported, key=lambda each: each.size):
        own, jpeg = rate.per_byte * coded.size, cheapest(sweep, coded.psnr)
        needs = []
        if jpeg is not None and jpeg.size < coded.size:
            needs.append(f"JPEG needs {rate.per_byte * jpeg.size:.3g} for the same PSNR")
        if rate.raw < own:
            needs.append(f"{rate.raw_name} has {rate.raw:.3g}")
        if needs:
            worse[coded.setting] = f"{own:.3g} {rate.unit}; {', '.join(needs)}"
    if not worse:
        return None
    bits, line = next(iter(worse.items()))
    which = "this" if len(worse) == len(exported) else f"the file of {bits} bits"
    return f"{which} is not compression: {line}"
