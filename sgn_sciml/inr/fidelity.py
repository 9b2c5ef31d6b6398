"""What is measured of a fitted signal, by its kind; all in the signal's own units."""

from collections.abc import Sequence
from typing import Any

from torchmetrics import MetricCollection
from torchmetrics.classification import BinaryJaccardIndex

from sgn_sciml.metrics import (
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

__all__ = ["fidelity"]


def fidelity(
    kind: str,
    span: float,
    grid: Sequence[int],
    rate: float | None = None,
    channels: int = 1,
    streamed: bool = False,
) -> MetricCollection:
    """Metrics of signals of one kind, shape ``(1, channels, *grid)``.

    Args:
        kind: ``image``, ``audio``, ``volume`` or ``field``.
        span: Greatest less least value: the peak of the peak signal-to-noise ratio.
        grid: Samples along each axis.
        rate: Samples per second of a sound.
        channels: Number of channels; of a field with several, each has an error of its own.
        streamed: Whether it comes in strips of an image, or slabs of a volume; then spectra are
            those of an image's tiles of 64 x 64 pixels.
    """
    metrics: dict[str, Any] = {"psnr": PSNR(span)}
    if not streamed:
        last = min(256, max(16, max(grid)))
        metrics["spectral"] = SpectralError("even", max_wavenumber=last)
    if kind == "image" and streamed:
        metrics["ssim"] = StripSSIM()
        metrics["spectral"] = TileSpectralError()
    elif kind == "image":
        metrics["ssim"] = SSIM()
        metrics["rings"] = RingCorrelation(max(1, min(grid) // 2))
    elif kind == "audio":
        metrics["snr"] = SNR()
        metrics["si_snr"] = SISNR()
        metrics["log_spectral_distance"] = LogSpectralDistance()
        metrics["octaves"] = BandError(rate or 1.0)
    elif kind == "volume":
        metrics["iou"] = BinaryJaccardIndex(validate_args=False)  # inside is above a half
    elif kind == "field":
        metrics["relative_l2"] = RelativeL2()
        for k in range(channels if channels > 1 else 0):
            metrics[f"relative_l2/channel {k}"] = OneField(RelativeL2(), k)
    return MetricCollection(metrics, compute_groups=False)
