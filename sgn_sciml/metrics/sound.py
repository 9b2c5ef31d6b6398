r"""Errors of sounds by their spectra: log-spectral distance, and the error in each octave.

Spectra are short-time: frames of w samples under a Hann window, one every w/4 samples, the first
centred between sample w/8 and the one before. The sound goes on beyond its ends as its mirror
image (as a cosine transform has it), so that ends make no jump and a sound shorter than a frame
has a spectrum too. Each sample then weighs the same: with :math:`P_{mk}` the power of frame m in
bin k, scaled to it,

.. math::
    \frac{1}{M} \sum_{m=1}^{M} \sum_{k=0}^{w/2} P_{mk} = \frac{1}{n} \sum_t x_t^2

exactly where n is a multiple of w/4, else but for the last w/4 samples.
"""

import math
from itertools import pairwise
from typing import Any

import torch
from torch import Tensor

from sgn_sciml.metrics.base import (
    FieldMetric,
    accumulator,
    empty_below,
    error_and_target,
    precision,
)
from sgn_sciml.metrics.field import ratio
from sgn_sciml.metrics.spectral import hann_window

__all__ = ["BandError", "LogSpectralDistance", "short_time_power"]


def check_window(window: int) -> None:
    """Refuse a window that has no eighth."""
    if window < 8 or window % 8:
        raise ValueError(f"the window must be a multiple of 8 samples, got {window}")


def short_time_power(sound: Tensor, window: int) -> Tensor:
    """Power in frames and bins of frequency, as the module describes.

    Args:
        sound: Samples, shape ``(..., n)``.
        window: Samples of a frame, a multiple of 8; a frame starts every quarter of it.

    Returns:
        Power, shape ``(..., frames, window / 2 + 1)``, in float64 where the device has it. The
        last axis runs from 0 to half the sampling rate.

    Raises:
        ValueError: If the window is not a multiple of 8.

    Example:
        >>> sound = 2 * torch.cos(torch.pi / 2 * (torch.arange(64) + 0.5))
        >>> short_time_power(sound, window=16).sum(-1).round(decimals=3).unique()
        tensor([2.], dtype=torch.float64)
    """
    check_window(window)
    n, hop, device = sound.shape[-1], window // 4, sound.device
    frames = math.ceil(n / hop)
    first = hop // 2 - window // 2
    at = torch.arange(first, first + (frames - 1) * hop + window, device=device) % (2 * n)
    mirrored = sound.to(accumulator(device))[..., torch.minimum(at, 2 * n - 1 - at)]
    weights = hann_window(window, device, mirrored.dtype)
    wave = torch.fft.rfft(mirrored.unfold(-1, window, hop) * weights, norm="forward")
    power: Tensor = wave.real.square() + wave.imag.square()
    power[..., 1:-1] *= 2  # waves of the other sign
    return power


class LogSpectralDistance(FieldMetric):
    r"""Distance of the logarithms of two short-time spectra, in dB.

    .. math::
        \frac{1}{M} \sum_{m=1}^{M} \sqrt{\frac{1}{w/2 + 1} \sum_{k=0}^{w/2} \left( 10 \log_{10}
        \frac{\max(P_{mk}, \varepsilon)}{\max(\hat P_{mk}, \varepsilon)} \right)^2}

    the mean over the frames of all channels and sounds, of frames of w samples, one every w/4.
    The floor :math:`\varepsilon` is 80 dB below the target's largest bin: what lies below counts
    as silence. Papers on bandwidth extension leave out the factor 10.

    Args:
        window: Samples of a frame, a multiple of 8.
        kwargs: Options of :class:`torchmetrics.Metric`.

    Raises:
        ValueError: If the window is not a multiple of 8; on update, if prediction and target
            differ in shape.

    Example:
        >>> sound = torch.randn(1, 1, 4096, generator=torch.Generator().manual_seed(0))
        >>> metric = LogSpectralDistance()
        >>> metric.update(10 * sound, sound)
        >>> metric.compute().round(decimals=4)
        tensor(20., dtype=torch.float64)

    References:
        Gray and Markel, *Distance measures for speech processing* (1976)
    """

    FLOOR = 1e-8
    distance_sums: Tensor

    def __init__(self, window: int = 2048, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        check_window(window)
        self.window = window
        self.add_sum("distance_sums", (2,))

    def update(self, pred: Tensor, target: Tensor) -> None:
        """Add sounds of shape ``(batch, channels, n)``."""
        _, target = error_and_target(pred, target)
        truth, guess = (short_time_power(each, self.window) for each in (target, pred))
        tiny = torch.finfo(truth.dtype).tiny
        floor = (self.FLOOR * truth.flatten(1).amax(1)).clamp(min=tiny)
        floor = floor.view(-1, *(1,) * (truth.ndim - 1))
        levels = [10 * torch.maximum(each, floor).log10() for each in (truth, guess)]
        distance = (levels[0] - levels[1]).square().mean(-1).sqrt()
        terms = torch.stack([distance, torch.ones_like(distance)]).flatten(1).sum(1)
        self.distance_sums = self.distance_sums + terms

    def compute(self) -> Tensor:
        """The mean distance of frames in dB; nan without sounds."""
        return self.distance_sums[0] / self.distance_sums[1]


class BandError(FieldMetric):
    """Relative error in each octave of frequency.

    ``compute`` gives for each band the root of the error's over the target's energy in it, called
    ``band_error/1000-2000Hz``: 0 is perfect, 1 is what a zero prediction scores. The bands are
    octaves down from half the sampling rate; the lowest holds all below. A band that is silent in
    the target counts as holding :math:`10^{-12}` of the target's energy about its mean, or the
    rounding of its values if that is more; under a zero target the error is the root-mean-square
    error. A tone spreads over two bins to each side, that is over
    ``2 rate / window`` Hz, and so into a neighbouring band.

    Args:
        rate: Samples per second.
        window: Samples of a frame, a multiple of 8.
        bands: Number of bands.
        name: Prefix of the results.
        kwargs: Options of :class:`torchmetrics.Metric`.

    Raises:
        ValueError: If the window is not a multiple of 8 or too short for the bands, or the rate is
            not positive; on update, if prediction and target differ in shape.

    Example:
        >>> t = torch.arange(4000) / 4000
        >>> low, high = torch.sin(2 * torch.pi * 100 * t), torch.sin(2 * torch.pi * 1500 * t)
        >>> metric = BandError(rate=4000, window=256, bands=2)
        >>> metric.update(low[None, None], (low + high)[None, None])
        >>> {name: round(value.item(), 2) for name, value in metric.compute().items()}
        {'band_error/0-1000Hz': 0.01, 'band_error/1000-2000Hz': 1.0}
    """

    error_energy: Tensor
    target_energy: Tensor
    empty: Tensor
    samples: Tensor

    def __init__(
        self,
        rate: float,
        window: int = 2048,
        bands: int = 7,
        name: str = "band_error",
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        if not rate > 0:
            raise ValueError(f"the sampling rate must be positive, got {rate:g}")
        check_window(window)
        if bands < 1 or 2**bands > window:
            raise ValueError(f"{bands} octaves do not fit a window of {window} samples")
        self.window = window
        # Last bin of each band, lowest band first.
        self.ends = [window // 2 // 2**k for k in reversed(range(bands))]
        edges = [0.0, *(rate / window * end for end in self.ends)]
        self.names = [f"{name}/{low:.0f}-{high:.0f}Hz" for low, high in pairwise(edges)]
        self.add_sum("error_energy", (bands,))
        self.add_sum("target_energy", (bands,))
        self.add_sum("empty")
        self.add_sum("samples")

    def update(self, pred: Tensor, target: Tensor) -> None:
        """Add sounds of shape ``(batch, channels, n)``."""
        rounding = torch.finfo(precision(target)).eps
        error, target = error_and_target(pred, target)
        values = target.numel() // max(1, len(target))
        self.empty = self.empty + values * empty_below(target, rounding).sum()
        self.error_energy = self.error_energy + self.energies(error)
        self.target_energy = self.target_energy + self.energies(target)
        self.samples = self.samples + target.numel()

    def energies(self, sound: Tensor) -> Tensor:
        """Energy of each band, shape ``(bands,)``; they add up to that of the samples."""
        power = short_time_power(sound, self.window)
        power = power.flatten(0, -2).sum(0) * (sound.shape[-1] / power.shape[-2])
        sizes = [b - a for a, b in pairwise([-1, *self.ends])]
        return torch.stack([part.sum() for part in torch.split(power, sizes)])

    def compute(self) -> dict[str, Tensor]:
        """Relative error of each band, by name; nan without sounds."""
        target = torch.maximum(self.target_energy, self.empty)
        errors = ratio(self.error_energy, target, self.samples)
        return dict(zip(self.names, errors.unbind(), strict=True))
