r"""Fourier ring correlation: up to which wavenumber two pictures agree.

.. math::
    \mathrm{FRC}_n = \frac{\operatorname{Re} \sum_{k \in \text{ring } n} \hat a(k)\,
        \overline{\hat b(k)}}{\sqrt{\sum_{\text{ring } n} |\hat a(k)|^2
        \sum_{\text{ring } n} |\hat b(k)|^2}}

Ring n holds the waves whose length is the shorter side of the picture divided by n, whatever their
direction: n counts waves per shorter side, and the last ring is the Nyquist frequency, two pixels
a wave. What a picture resolves ends where the correlation first falls below a threshold, commonly
1/7. A phase that is wrong costs as much as an amplitude that is missing; a factor costs nothing.

A picture seldom continues at the opposite edge, and that jump fills all rings. A Hann window, over
the picture less its mean, takes it away and smears each wave over its neighbours.

References:
    van Heel and Schatz, *Fourier shell correlation threshold criteria* (2005), which defines it
    and prefers thresholds that depend on the number of waves in a ring; the fixed 1/7 is that of
    Rosenthal and Henderson, *Optimal determination of particle orientation, absolute hand, and
    contrast loss in single-particle electron cryomicroscopy* (2003).
"""

from typing import Any, NamedTuple

import torch
from torch import Tensor

from sgn_sciml.metrics.base import FieldMetric, accumulator, error_and_target
from sgn_sciml.metrics.spectral import hann_window

__all__ = ["RingCorrelation", "Rings", "resolved", "ring_correlation"]

THRESHOLD = 1 / 7


class Rings(NamedTuple):
    """Correlation of two pictures per ring.

    Attributes:
        wavenumber: Waves per shorter side, shape ``(rings + 1,)``, from 0.
        correlation: From -1 to 1, same shape; nan where neither picture has such waves.
        resolved: Wavenumber up to which they agree, see :func:`resolved`.
    """

    wavenumber: Tensor
    correlation: Tensor
    resolved: Tensor


def ring_correlation(a: Tensor, b: Tensor, rings: int | None = None, hann: bool = False) -> Tensor:
    r"""Fourier ring correlation of two pictures.

    Args:
        a: Picture, shape ``(channels, height, width)``; channels count as more waves.
        b: The other one, same shape.
        rings: Last ring; None for half the shorter side, the Nyquist frequency.
        hann: Whether to put a Hann window over both.

    Returns:
        Shape ``(rings + 1,)``: 0 in a ring that is empty in one of them, nan in both. Less than
        :math:`10^{-12}` of the energy of the others, the mean aside, counts as empty, as does the
        rounding of the mean in float32.

    Raises:
        ValueError: If the shapes differ or are not pictures, or for complex values.

    Example:
        >>> x = torch.arange(8, dtype=torch.float64)
        >>> a, b = torch.cos(torch.pi / 4 * x), torch.cos(torch.pi / 2 * x)
        >>> pictures = [u.expand(1, 8, 8) for u in (a + b, a - b)]
        >>> ring_correlation(*pictures)[1:3].round(decimals=6)
        tensor([ 1., -1.], dtype=torch.float64)
    """
    if rings is None:
        rings = min(a.shape[-2:]) // 2
    return _correlation(*_ring_sums(a[None], b[None], rings, hann))


def resolved(correlation: Tensor, threshold: float = THRESHOLD) -> Tensor:
    """The wavenumber at which a correlation first falls below a threshold.

    Args:
        correlation: Shape ``(rings + 1,)``. Ring 0, the mean, does not count, nor does nan.
        threshold: What it falls below.

    Returns:
        A scalar between two rings, by linear interpolation; the last ring if it never falls.
    """
    told = ~correlation.isnan()
    told[0] = False
    ring = torch.arange(len(correlation), device=correlation.device)[told]
    known = correlation[told]
    below = (known < threshold).nonzero()
    if len(below) == 0:
        return correlation.new_tensor(len(correlation) - 1)
    k = int(below[0])
    if k == 0:
        return ring[0].to(correlation) - 1
    share = (known[k - 1] - threshold) / (known[k - 1] - known[k])
    return ring[k - 1] + share * (ring[k] - ring[k - 1])


class RingCorrelation(FieldMetric):
    """The wavenumber up to which predicted pictures agree with their targets.

    ``compute`` gives it as ``resolved_waves``, in waves per shorter side; nan without pictures.
    Sums run over all pictures. :meth:`rings` gives the whole curve.

    Args:
        rings: Last ring, at most half the shorter side of the pictures.
        hann: Whether to put a Hann window over the pictures.
        kwargs: Options of :class:`torchmetrics.Metric`.

    Raises:
        ValueError: If there is no ring.
    """

    higher_is_better = True
    is_differentiable = False
    cross: Tensor
    power: Tensor
    target_power: Tensor

    def __init__(self, rings: int = 128, hann: bool = True, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if rings < 1:
            raise ValueError(f"rings must be at least 1, got {rings}")
        self.last = rings
        self.hann = hann
        for name in ("cross", "power", "target_power"):
            self.add_sum(name, (rings + 1,))

    def update(self, pred: Tensor, target: Tensor) -> None:
        """Add pictures ``(batch, channels, height, width)``."""
        cross, power, target_power = _ring_sums(pred, target, self.last, self.hann)
        self.cross = self.cross + cross
        self.power = self.power + power
        self.target_power = self.target_power + target_power

    def compute(self) -> dict[str, Tensor]:
        """The wavenumber, by name."""
        found = _correlation(self.cross, self.power, self.target_power)
        return {"resolved_waves": torch.where(found.isnan().all(), torch.nan, resolved(found))}

    def rings(self) -> Rings:
        """The correlation per ring over all pictures seen, by all processes.

        Like ``compute`` it gathers the states of all processes: call it on every one of them.
        """
        alone = not self._is_synced
        with self.sync_context(
            dist_sync_fn=self.dist_sync_fn,
            should_sync=alone and self.sync_on_compute,
            should_unsync=alone,
        ):
            found = _correlation(self.cross, self.power, self.target_power)
        return Rings(torch.arange(self.last + 1, device=found.device), found, resolved(found))


def _ring_sums(a: Tensor, b: Tensor, rings: int, hann: bool) -> tuple[Tensor, Tensor, Tensor]:
    """Per ring: the sum of products of the waves of two pictures, and of either's squares."""
    _, b = error_and_target(a, b)
    a = a.to(b.dtype)  # float64: what is small beside a large mean, and squares of any unit
    if a.ndim != 4:
        raise ValueError(
            f"a picture has shape (channels, height, width), got {tuple(a.shape[1:])}"
        )
    height, width = a.shape[-2:]
    device, dtype = a.device, accumulator(a.device)
    waves = []
    for picture in (a, b):
        if hann:
            picture = picture - picture.mean((-2, -1), keepdim=True)
            picture = picture * hann_window(width, device, picture.dtype)
            picture = picture * hann_window(height, device, picture.dtype)[:, None]
        waves.append(torch.fft.fft2(picture, norm="ortho"))
    y, x = (_waves(n, min(height, width), device, dtype) for n in (height, width))
    ring = (torch.hypot(y[:, None], x) + 0.5).floor().long().flatten()
    ring = ring.clamp(max=rings + 1)  # one more than is kept, for what lies beyond

    def summed(u: Tensor, v: Tensor) -> Tensor:
        products = (u * v.conj()).real.sum((0, 1)).flatten()
        total = torch.zeros(rings + 2, device=device, dtype=dtype)
        return total.index_add_(0, ring, products)[:-1]

    one, other = waves
    return summed(one, other), summed(one, one), summed(other, other)


def _waves(count: int, short: int, device: torch.device, dtype: torch.dtype) -> Tensor:
    """Waves per shorter side along an axis, of all its modes; so all directions count alike."""
    whole: Tensor = (count * torch.fft.fftfreq(count, device=device, dtype=dtype)).round()
    return whole * short / count


def _correlation(cross: Tensor, power: Tensor, other: Tensor) -> Tensor:
    """Correlation per ring; below the rounding of float32 a ring is empty."""
    waves, means = (
        torch.maximum(u.sum(), v.sum())
        for u, v in ((power[1:], other[1:]), (power[:1], other[:1]))
    )
    floor = torch.maximum(1e-12 * waves, torch.finfo(torch.float32).eps ** 2 * means)
    power, other = (torch.where(u > floor, u, 0.0) for u in (power, other))
    both = (power * other).sqrt()
    found = torch.where(both > 0, cross / both, 0.0)
    return torch.where((power == 0) & (other == 0), torch.nan, found)
