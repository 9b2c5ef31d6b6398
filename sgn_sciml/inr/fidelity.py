"""Measures of a fitted signal, by its kind; all in the signal's own units."""

from typing import Any

from torchmetrics import MetricCollection
from torchmetrics.classification import BinaryJaccardIndex

from sgn_sciml.inr.description import Signal
from sgn_sciml.metrics import (
    MSSSIM,
    PSNR,
    SISNR,
    SNR,
    SSIM,
    BandError,
    LogSpectralDistance,
    RelativeL2,
    RingCorrelation,
    SpectralError,
    StripSSIM,
    TileSpectralError,
)
from sgn_sciml.metrics.one_field import OneField
from sgn_sciml.metrics.similarity import SMALLEST

__all__ = ["fidelity"]


def fidelity(signal: Signal) -> MetricCollection:
    """Metrics of what stands for a signal, shape ``(1, channels, *grid)``.

    Of a signal that comes in strips or slabs, spectra are those of an image's tiles of 64 x 64
    pixels. Of a field with several channels, each has an error of its own, as have the opacity of
    an image and its colours, which are multiplied by it.
    """
    kind, grid, streamed = signal.kind, signal.grid, signal.streamed
    channels = len(signal.values)
    metrics: dict[str, Any] = {"psnr": PSNR(signal.high - signal.low)}
    if not streamed:
        last = min(256, max(16, max(grid)))
        metrics["spectral"] = SpectralError("even", max_wavenumber=last)
    if kind == "image" and streamed:
        metrics["ssim"] = StripSSIM()
        metrics["spectral"] = TileSpectralError()
    elif kind == "image":
        metrics["ssim"] = SSIM()
        if min(grid) >= SMALLEST:
            metrics["ms_ssim"] = MSSSIM()
        metrics["rings"] = RingCorrelation(max(1, min(grid) // 2))
        if signal.opacity:
            for name, part in (("colour", slice(channels - 1)), ("opacity", channels - 1)):
                metrics[f"psnr/{name}"] = OneField(PSNR(signal.high - signal.low), part)
    elif kind == "audio":
        metrics["snr"] = SNR()
        metrics["si_snr"] = SISNR()
        metrics["log_spectral_distance"] = LogSpectralDistance()
        metrics["octaves"] = BandError(signal.rate or 1.0)
    elif kind == "volume":
        metrics["iou"] = BinaryJaccardIndex(validate_args=False)  # inside is above a half
    elif kind == "field":
        metrics["relative_l2"] = RelativeL2()
        for k in range(channels if channels > 1 else 0):
            metrics[f"relative_l2/channel {k}"] = OneField(RelativeL2(), k)
    return MetricCollection(metrics, compute_groups=False)
