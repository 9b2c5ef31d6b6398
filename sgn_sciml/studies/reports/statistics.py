r"""Statistics of repeated cells: means over seeds, their intervals, and whether a lead is one.

Errors and times spread over orders of magnitude, so their mean is the geometric one,
:math:`\exp \frac1n \sum_i \log x_i`, and a lead is a ratio. Intervals are bootstrap percentiles at
95 %; of five seeds they are too short rather than too long, which the pages say.
"""

import math
import warnings
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from scipy.stats import bootstrap

__all__ = ["Interval", "geometric_mean", "ratio", "verdict"]

RESAMPLES = 5000


class Interval(NamedTuple):
    """A value and its interval; without one, of a single seed, the ends are NaN.

    Attributes:
        value: The value.
        low: Lower end.
        high: Upper end.
        size: Number of values that it is of.
    """

    value: float
    low: float
    high: float
    size: int


def geometric_mean(values: Sequence[float]) -> Interval:
    """The geometric mean of positive numbers, with its interval.

    A number that is not finite, of a run that diverged, makes it infinite.

    Example:
        >>> geometric_mean([1.0, 100.0]).value
        10.0
    """
    x = np.asarray(values, dtype=float)
    if not len(x) or not np.isfinite(x).all():
        return Interval(math.inf, math.nan, math.nan, len(x))
    logs = np.log10(np.maximum(x, 1e-300))
    low, high = spread([logs])
    return Interval(10 ** float(logs.mean()), 10**low, 10**high, len(x))


def ratio(ours: Sequence[float], theirs: Sequence[float]) -> Interval:
    """Geometric mean of some numbers over that of others, with its interval.

    Example:
        >>> ratio([1.0, 1.0], [2.0, 2.0]).value
        0.5
    """
    a, b = (np.asarray(v, dtype=float) for v in (ours, theirs))
    count = min(len(a), len(b))
    if not count or not (np.isfinite(a).all() and np.isfinite(b).all()):
        return Interval(math.nan, math.nan, math.nan, count)
    logs = [np.log10(np.maximum(v, 1e-300)) for v in (a, b)]
    low, high = spread(logs)
    return Interval(10 ** float(logs[0].mean() - logs[1].mean()), 10**low, 10**high, count)


def spread(samples: Sequence[np.ndarray]) -> tuple[float, float]:
    """Interval of a mean, or of the difference of two."""
    if min(len(s) for s in samples) < 2:
        return math.nan, math.nan
    if all(np.ptp(s) == 0 for s in samples):  # nothing to resample
        value = float(samples[0][0] - (samples[1][0] if len(samples) > 1 else 0))
        return value, value

    def difference(*parts: np.ndarray, axis: int = -1) -> np.ndarray:
        means = [part.mean(axis=axis) for part in parts]
        found: np.ndarray = means[0] - means[1] if len(means) > 1 else means[0]
        return found

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of samples in which all are equal
        found = bootstrap(
            samples,
            difference,
            n_resamples=RESAMPLES,
            method="percentile",
            vectorized=True,
            rng=np.random.default_rng(0),
        )
    return float(found.confidence_interval.low), float(found.confidence_interval.high)


def verdict(ours: str, theirs: str, found: Interval) -> str:
    """A sentence: by how much one leads, or that the difference is within the spread of seeds.

    Args:
        ours: Name of the one.
        theirs: Name of the other.
        found: Ratio of their errors.
    """
    if not math.isfinite(found.value):
        return f"{ours} against {theirs}: not comparable, as one of them has no mean"
    text = f"{ours} has {found.value:.3g} times the error of {theirs}"
    if math.isnan(found.low):
        return f"{text}; one seed, no spread known"
    text = f"{text} ({found.low:.3g} to {found.high:.3g})"
    if found.low <= 1 <= found.high:
        return f"no gain: {text}"
    return f"{'gain' if found.value < 1 else 'loss'}: {text}"
