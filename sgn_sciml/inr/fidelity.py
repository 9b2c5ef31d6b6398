"""What is measured of a fitted signal, by its kind; all in the signal's own units."""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor
from torchmetrics import Metric, MetricCollection
from torchmetrics.classification import BinaryJaccardIndex
from torchmetrics.image import PeakSignalNoiseRatio

from sgn_sciml.metrics import (
    SISNR,
    SNR,
    SSIM,
    BandError,
    LogSpectralDistance,
    RelativeL2,
    RingCorrelation,
    SpectralError,
)
from sgn_sciml.metrics.one_field import OneField

__all__ = ["Unseen", "fidelity"]


def fidelity(
    kind: str, span: float, grid: Sequence[int], rate: float | None = None, channels: int = 1
) -> MetricCollection:
    """Metrics of signals of one kind, shape ``(1, channels, *grid)``.

    Args:
        kind: ``image``, ``audio``, ``volume`` or ``field``.
        span: Greatest less least value: the peak of the peak signal-to-noise ratio.
        grid: Samples along each axis.
        rate: Samples per second of a sound.
        channels: Number of channels; of a field with several, each has an error of its own.
    """
    metrics: dict[str, Any] = {
        "psnr": PeakSignalNoiseRatio(data_range=span),
        "spectral": SpectralError("even", max_wavenumber=min(256, max(16, max(grid)))),
    }
    if kind == "image":
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


class Unseen(Metric):
    """Peak signal-to-noise ratio of the samples that were not told, in dB; nan without any.

    Args:
        span: Greatest less least value.
    """

    full_state_update = False
    squares: Tensor
    count: Tensor

    def __init__(self, span: float) -> None:
        super().__init__()
        self.span = span
        self.add_state("squares", torch.zeros((), dtype=torch.float64), dist_reduce_fx="sum")
        self.add_state("count", torch.zeros((), dtype=torch.long), dist_reduce_fx="sum")

    def update(self, pred: Tensor, target: Tensor, known: Tensor) -> None:
        """Take in signals ``(batch, channels, *grid)``, told where ``known``, ``grid``, says."""
        unseen = ~known.expand_as(target)
        self.squares += ((pred - target).square() * unseen).sum().double()
        self.count += unseen.sum()

    def compute(self) -> Tensor:
        """The ratio over all unseen samples."""
        return 10 * torch.log10(self.span**2 * self.count / self.squares).float()
