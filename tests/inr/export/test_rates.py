"""What a signal costs, and the verdict on an exported network."""

import io

import numpy as np
import pytest
import torch
from PIL import Image

from sgn_sciml.inr import Signal
from sgn_sciml.inr.export.rates import Coded, cheapest, front, jpeg_sweep, rate_of, verdict


def signal(kind, *shape, rate=None):
    low = -1.0 if kind == "audio" else 0.0
    axes = tuple("zyx"[-len(shape) + 1 :])
    return Signal(torch.rand(shape), kind, low, 1.0, axes, rate)


@pytest.mark.parametrize(
    ("found", "unit", "rate", "raw"),
    [
        (signal("image", 3, 10, 20), "bits per pixel", 4.0, 24),
        (signal("audio", 2, 8000, rate=16000.0), "kbit/s", 1.6, 512),
        (signal("audio", 1, 8000), "bits per sample", 0.1, 32),
        (signal("field", 2, 10, 10, 2), "bits per sample", 4.0, 64),
        (signal("volume", 1, 10, 10, 10), "bits per sample", 0.8, 1),
    ],
)
def test_a_hundred_bytes_of_each_kind(found, unit, rate, raw):
    counted = rate_of(found)
    assert counted.unit == unit
    assert counted.per_byte * 100 == pytest.approx(rate)
    assert counted.raw == pytest.approx(raw)


@pytest.mark.parametrize("channels", [1, 3])
def test_a_jpeg_of_an_image_is_what_pillow_writes(channels):
    image = signal("image", channels, 24, 16)
    sweep = jpeg_sweep(image)
    best = sweep[-1]
    assert best.setting == "quality 100"
    levels = (image.values * 255).round().byte()
    pixels = levels[0].numpy() if channels == 1 else levels.permute(1, 2, 0).numpy()
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "JPEG", quality=100, subsampling=0, optimize=True)
    assert best.size == len(buffer.getvalue())
    again = np.asarray(Image.open(buffer)).reshape(24, 16, channels).transpose(2, 0, 1) / 255
    mse = np.mean((again - image.values.double().numpy()) ** 2)
    assert best.psnr == pytest.approx(-10 * np.log10(mse), abs=1e-6)


def test_a_sweep_rises():
    sweep = jpeg_sweep(signal("image", 3, 32, 32))
    assert len(sweep) > 5
    assert (np.diff([each.size for each in sweep]) > 0).all()
    assert (np.diff([each.psnr for each in sweep]) > 0).all()


@pytest.mark.parametrize(
    "other", [signal("field", 1, 8, 8), signal("image", 2, 8, 8), signal("image", 1, 1, 65501)]
)
def test_what_jpeg_cannot_hold_has_no_sweep(other):
    assert jpeg_sweep(other) == []


def coded(size, psnr):
    return Coded("JPEG", str(size), size, psnr)


def test_the_front_leaves_out_what_is_larger_and_worse():
    a, b, c, d = coded(10, 20.0), coded(20, 30.0), coded(30, 25.0), coded(20, 29.0)
    assert front([c, d, b, a]) == [a, b]
    assert cheapest([a, b], 20.0) == a
    assert cheapest([a, b], 20.1) == b
    assert cheapest([a, b], 30.1) is None


RATE = rate_of(signal("image", 1, 10, 10))  # 0.08 bits per pixel a byte, raw 8
SWEEP = [coded(20, 30.0), coded(60, 50.0)]


@pytest.mark.parametrize(
    ("exported", "line"),
    [
        ([coded(10, 30.0)], None),
        ([coded(90, 60.0)], None),  # JPEG does not reach it
        (
            [coded(50, 30.0)],
            "this is not compression: 4 bits per pixel; JPEG needs 1.6 for the same PSNR",
        ),
        (
            [coded(125, 40.0)],
            "this is not compression: 10 bits per pixel; JPEG needs 4.8 for the same PSNR, "
            "the raw 8-bit image has 8",
        ),
        (
            [coded(125, 60.0)],
            "this is not compression: 10 bits per pixel; the raw 8-bit image has 8",
        ),
        (
            [coded(125, 40.0), coded(50, 30.0)],
            "this is not compression: 4 bits per pixel; JPEG needs 1.6 for the same PSNR",
        ),
        (
            [coded(125, 60.0), coded(10, 30.0)],
            "the file of 125 bits is not compression: 10 bits per pixel; "
            "the raw 8-bit image has 8",
        ),
    ],
)
def test_the_verdict(exported, line):
    assert verdict(exported, SWEEP, RATE) == line
