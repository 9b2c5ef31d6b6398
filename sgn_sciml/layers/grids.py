"""Grids that follow the data: where the samples of each channel lie, told robustly."""

from abc import ABC, abstractmethod

import torch
from torch import Tensor

__all__ = ["Deviations", "Extremes", "Quantiles", "Range", "grid_of"]


class Range(ABC):
    """Base of the rules that find the range of samples."""

    @abstractmethod
    def __call__(self, samples: Tensor) -> tuple[Tensor, Tensor]:
        """Lower and upper end of each channel, from samples ``(N, n)`` to ``(n,)``."""


class Extremes(Range):
    """From the least to the greatest sample: one outlier decides.

    Args:
        margin: Widens the range on either side, as a fraction of its length.
    """

    def __init__(self, margin: float = 0.01) -> None:
        self.margin = margin

    def __call__(self, samples: Tensor) -> tuple[Tensor, Tensor]:
        low, high = samples.amin(0), samples.amax(0)
        more = self.margin * (high - low)
        return low - more, high + more


class Quantiles(Range):
    """Between two quantiles, widened.

    Args:
        tail: Share of the samples beyond either end.
        margin: Widens the range on either side, as a fraction of its length.

    Raises:
        ValueError: If the tail is not in [0, 0.5).
    """

    def __init__(self, tail: float = 0.01, margin: float = 0.05) -> None:
        if not 0 <= tail < 0.5:
            raise ValueError(f"tail must lie in [0, 0.5), got {tail}")
        self.tail = tail
        self.margin = margin

    def __call__(self, samples: Tensor) -> tuple[Tensor, Tensor]:
        ends = samples.new_tensor([self.tail, 1 - self.tail])
        low, high = torch.quantile(samples, ends, dim=0)
        more = self.margin * (high - low)
        return low - more, high + more


class Deviations(Range):
    r"""The median plus and minus some robust standard deviations, 1.4826 MAD.

    MAD is the median distance from the median; half of the samples may be outliers.

    Args:
        factor: Number of standard deviations.

    Raises:
        ValueError: If the factor is not positive.
    """

    def __init__(self, factor: float = 3.0) -> None:
        if not factor > 0:
            raise ValueError(f"factor must be positive, got {factor}")
        self.factor = factor

    def __call__(self, samples: Tensor) -> tuple[Tensor, Tensor]:
        centre = samples.quantile(0.5, dim=0)
        spread = 1.4826 * (samples - centre).abs().quantile(0.5, dim=0)
        return centre - self.factor * spread, centre + self.factor * spread


def grid_of(samples: Tensor, intervals: int, within: Range, uniform: float) -> Tensor:
    """A grid for samples: between evenly spaced points and quantiles.

    Args:
        samples: Samples of each channel, shape ``(N, n)``.
        intervals: Number of intervals G.
        within: Rule for the ends.
        uniform: Weight of the evenly spaced points, in (0, 1]; quantiles have the rest.

    Returns:
        Rising points, shape ``(G + 1, n)``.

    Raises:
        ValueError: If the weight is out of range.
    """
    if not 0 < uniform <= 1:
        raise ValueError(f"uniform must lie in (0, 1], got {uniform}")
    low, high = within(samples)
    least = 1e-3 * (1 + low.abs())  # a constant channel needs a grid too
    centre, half = (low + high) / 2, torch.maximum((high - low) / 2, least)
    low, high = centre - half, centre + half
    t = torch.linspace(0, 1, intervals + 1, dtype=samples.dtype, device=samples.device)
    even = low + t[:, None] * (high - low)
    dense = torch.quantile(samples.clamp(low, high), t, dim=0)
    dense[0], dense[-1] = low, high
    return uniform * even + (1 - uniform) * dense
