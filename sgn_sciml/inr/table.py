"""Measures of a fitted signal, as rows of a table."""

from collections.abc import Mapping
from typing import Any

from sgn_sciml.inr.description import medium_of
from sgn_sciml.metrics.similarity import SMALLEST
from sgn_sciml.runs.application import Rows
from sgn_sciml.runs.results import grid_text
from sgn_sciml.runs.table import band_rows

__all__ = ["signal_rows"]

SIGNALS = {
    "psnr": ("PSNR", "{:.2f} dB"),
    "psnr/colour": ("PSNR, colour", "{:.2f} dB (times opacity)"),
    "psnr/opacity": ("PSNR, opacity", "{:.2f} dB"),
    "psnr/unseen": ("PSNR, unseen", "{:.2f} dB"),
    "psnr/unseen_cubic": ("cubic splines", "{:.2f} dB of the unseen"),
    "ssim": ("SSIM", "{:.4f}"),
    "ms_ssim": ("MS-SSIM", "{:.4f}"),
    "snr": ("SNR", "{:.2f} dB"),
    "si_snr": ("SI-SNR", "{:.2f} dB"),
    "iou": ("IoU", "{:.4f}"),
    "relative_l2": ("relative L2", "{:.2e}"),
    "resolved_waves": ("resolved", "{:.1f} waves per shorter side (ring correlation 1/7)"),
}


def signal_rows(test: Mapping[str, Any]) -> Rows:
    """Of a signal compared with its samples; what has no row of its own comes last.

    Args:
        test: What a card says of the test. Data that told nothing have no row of their own.
    """
    rows, data = [], test.get("data", {})
    if "signal" in data:
        name = f"{data['name']}, " if "name" in data else ""
        channels = f", {data['channels']} channels" if data.get("channels", 1) > 1 else ""
        # The peak of the PSNR is the medium's, not the image's own.
        span = ", values {:.4g} to {:.4g} of 1".format(*data["range"]) if "range" in data else ""
        rows.append(
            (medium_of(data["signal"]), f"{name}{grid_text(data['grid'])}{channels}{span}")
        )
    if data.get("windows") and data["signal"] == "image":
        rows.append(("bands", "waves per tile of 64 x 64 pixels"))
    left = {k.removeprefix("test/"): v for k, v in test.items() if k.startswith("test/")}
    found = set(left) if "grid" in data else set()
    left.pop("loss", None)  # the PSNR says the same
    for metric, (label, form) in SIGNALS.items():
        if (value := left.pop(metric, None)) is not None:
            rows.append((label, form.format(value)))
        elif metric == "ms_ssim" and "ssim" in found and min(data["grid"].values()) < SMALLEST:
            rows.append((label, f"-  (from {SMALLEST} pixels a side on)"))
    rows += band_rows(left)
    return rows + [(metric, f"{value:.2e}") for metric, value in left.items()]
