r"""Spectral error: at which scales a prediction is wrong.

.. math::
    E_n = \frac{1}{N} \sum_{n - 1/2\, \le\, |k|\, <\, n + 1/2} |\hat e(k)|^2, \qquad
    \sum_n E_n = \frac{1}{N} \sum_x e(x)^2

:math:`\hat e` is the orthonormal transform of the error over the N grid points and :math:`k` the
vector of whole waves per domain along each axis. Shells cover the full plane of wave vectors, so
they add up to the mean squared error (Plancherel). What an axis is taken for:

=========  =================================================================================
boundary   transform
=========  =================================================================================
periodic   Fourier; :math:`k = 0, \pm 1, \pm 2, \dots`
even       cosine (DCT-II): the field continued evenly, so that a wall makes no jump;
           :math:`k = 0, 1/2, 1, \dots` (half a wave fits between walls)
hann       Fourier under a Hann window of unit mean square. The shells then add up to the mean
           square of the *windowed* error, and every wave leaks into its neighbours
None       none: an average over the axis, say over time
=========  =================================================================================

Fourier on an axis that is not periodic floods the high shells with its jump. ``even`` is safe on
both, though it smears the waves of a periodic axis, and hence the default. It reflects half a cell
beyond the end points, on grids with and without both ends, because only this reflection weights
all points alike and keeps Plancherel's identity exact; a grid with both ends thereby counts as n
cells and not n - 1, which moves a wavenumber by a factor :math:`1 + O(1/n)`.
"""

import math
from collections.abc import Sequence
from typing import Any, Literal, NamedTuple, get_args

import torch
from torch import Tensor

from sgn_sciml.metrics.base import (
    FieldMetric,
    accumulator,
    empty_below,
    error_and_target,
    per_axis,
    precision,
)
from sgn_sciml.metrics.field import ratio

__all__ = ["Extension", "SpectralError", "Spectrum", "shell_energy"]

Extension = Literal["periodic", "even", "hann"]  # how a field goes on beyond an axis


class Spectrum(NamedTuple):
    """Mean energy per shell, each of shape ``(max_wavenumber + 1,)``, and what it is worth.

    Attributes:
        wavenumber: Shell n, whole waves per domain.
        error: Mean squared error in the shell.
        target: Mean square of the target in the shell.
        whole: The last shell that is whole, a number. Above the Nyquist wavenumber only corners of
            the modes are left, and the last of all shells may hold more than its own.
        rounding: Mean square that the rounding of the target's values may have at most, a number.
    """

    wavenumber: Tensor
    error: Tensor
    target: Tensor
    whole: Tensor
    rounding: Tensor


def cosine_transform(u: Tensor, dim: int) -> Tensor:
    """Orthonormal DCT-II of a real field along one axis, by one FFT of the same length.

    References:
        Makhoul, *A fast cosine transform in one and two dimensions* (1980)
    """
    u = u.movedim(dim, -1)
    n = u.shape[-1]
    wave: Tensor = torch.fft.fft(torch.cat([u[..., ::2], u[..., 1::2].flip(-1)], -1), norm="ortho")
    k = torch.arange(n, device=u.device, dtype=u.dtype)
    angle = math.pi / (2 * n) * k
    turned = wave.real * angle.cos() + wave.imag * angle.sin()
    return ((1 + k.clamp(max=1)).sqrt() * turned).movedim(-1, dim)


def hann_window(n: int, device: torch.device, dtype: torch.dtype) -> Tensor:
    """Hann window over n cells, symmetric about their centre, of unit mean square."""
    centre = (torch.arange(n, device=device, dtype=dtype) + 0.5) / n
    window = 1 - torch.cos(2 * math.pi * centre)
    return window / window.square().mean().sqrt()


def shell_energy(
    u: Tensor, boundary: Extension | Sequence[Extension | None], max_wavenumber: int
) -> Tensor:
    """Mean square of each sample, split into shells of wavenumber.

    Args:
        u: Real field, shape ``(batch, fields, *spatial)``.
        boundary: What the spatial axes are taken for (see the module); one for all, or one per
            axis.
        max_wavenumber: Last shell; it also holds all that lies above.

    Returns:
        Energies, shape ``(batch, max_wavenumber + 1)``; over the shells they add up to the mean
        of u squared over fields and points.

    Raises:
        ValueError: For an unknown boundary, or if their number is not the number of spatial axes.

    Example:
        >>> x = torch.arange(16, dtype=torch.float64) / 16
        >>> wave = 2 * torch.cos(2 * torch.pi * 3 * x)
        >>> shell_energy(wave[None, None], "periodic", max_wavenumber=4).abs().round(decimals=9)
        tensor([[0., 0., 0., 2., 0.]], dtype=torch.float64)
    """
    device, dtype = u.device, accumulator(u.device)
    u = u.to(dtype)  # float32 would lose what is small beside a large mean, and large squares
    kinds = per_axis(boundary, u.ndim - 2, "boundary")
    if not {None, *get_args(Extension)}.issuperset(kinds):
        raise ValueError(f"a boundary is one of {get_args(Extension)} or None, got {boundary}")
    fourier = []
    square = torch.zeros((), device=device, dtype=dtype)  # |k|^2 of every mode, without rounding
    for dim, kind in enumerate(kinds, start=2):
        n = u.shape[dim]
        k = torch.arange(n, device=device, dtype=dtype)
        if kind == "even":
            u = cosine_transform(u, dim)
            k = k / 2
        elif kind is None:
            k = torch.zeros_like(k)
        else:
            fourier.append(dim)
            k = torch.minimum(k, n - k)
        if kind == "hann":
            u = u * hann_window(n, device, u.dtype).view(-1, *(1,) * (u.ndim - 1 - dim))
        square = square[..., None] + k.square()
    if fourier:
        wave = torch.fft.fftn(u, dim=fourier, norm="ortho")
        energy = wave.real.square() + wave.imag.square()
    else:
        energy = u.square()
    energy = energy.sum(1).flatten(1) / math.prod(u.shape[1:])
    shells = max_wavenumber + 1
    shell = (square.sqrt() + 0.5).floor().long().clamp(max=max_wavenumber).flatten()
    first = shells * torch.arange(len(u), device=device)
    sums = torch.zeros(len(u) * shells, device=device, dtype=dtype)
    sums.index_add_(0, (first[:, None] + shell).flatten(), energy.flatten())
    return sums.view(len(u), shells)


class SpectralError(FieldMetric):
    r"""Error in bands of wavenumber, and the whole spectrum of error and target.

    ``compute`` gives, for each band, the root-mean-square error ``spectral_error/low`` and the
    relative error ``spectral_error/low_relative``, the root of the error's over the target's
    energy in that band: 0 is perfect, 1 is what a zero prediction scores. The squares of the
    former add up to the mean squared error. A band that is empty in the target counts as holding
    :math:`10^{-12}` of the target's energy about its mean, or the rounding of its values if that
    is more; under a zero target the relative error is the root-mean-square error.

    The number of shells is fixed at construction, so that processes can add their states even if
    one of them never saw a batch. Grids may differ between batches.

    Args:
        boundary: What the spatial axes are taken for: ``periodic``, ``even`` (walls), ``hann``, or
            None to average over an axis. One for all axes, or one per axis.
        max_wavenumber: Last shell; it also holds all that lies above.
        bands: First shell of each band, ascending from 0; a band ends where the next begins. None
            means ``{"low": 0, "mid": 4, "high": 12}``.
        name: Prefix of the results. Two spectral errors in one ``MetricCollection`` need two.
        kwargs: Options of :class:`torchmetrics.Metric`.

    Raises:
        ValueError: If the bands do not ascend from 0 to at most ``max_wavenumber``; on update, if
            prediction and target differ in shape, for an unknown boundary, or if their number is
            not the number of spatial axes.

    Example:
        >>> x = torch.arange(64, dtype=torch.float64) / 64
        >>> target = torch.sin(2 * torch.pi * x) + torch.sin(2 * torch.pi * 20 * x)
        >>> metric = SpectralError("periodic")
        >>> metric.update(torch.sin(2 * torch.pi * x)[None, None], target[None, None])
        >>> print(f"{metric.compute()['spectral_error/high_relative']:.6f}")
        1.000000
    """

    error_energy: Tensor
    target_energy: Tensor
    empty: Tensor
    rounding: Tensor
    nyquist: Tensor
    samples: Tensor

    def __init__(
        self,
        boundary: Extension | tuple[Extension | None, ...] = "even",
        max_wavenumber: int = 64,
        bands: dict[str, int] | None = None,
        name: str = "spectral_error",
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        bands = {"low": 0, "mid": 4, "high": 12} if bands is None else dict(bands)
        edges = list(bands.values())
        if edges[:1] != [0] or edges != sorted(set(edges)) or edges[-1] > max_wavenumber:
            raise ValueError(f"bands must ascend from 0 to {max_wavenumber} at most, got {bands}")
        self.boundary = boundary
        self.max_wavenumber = max_wavenumber
        self.bands = bands
        self.name = name
        self.add_sum("error_energy", (max_wavenumber + 1,))
        self.add_sum("target_energy", (max_wavenumber + 1,))
        for name in ("empty", "rounding", "samples"):
            self.add_sum(name)
        self.add_state("nyquist", torch.zeros(2, dtype=torch.float64), dist_reduce_fx="max")

    def update(self, pred: Tensor, target: Tensor) -> None:
        """Add a batch of shape ``(batch, fields, *spatial)``."""
        rounding = torch.finfo(precision(target)).eps
        error, target = error_and_target(pred, target)
        self.empty = self.empty + empty_below(target, rounding).sum()
        square = target.square().flatten(1).mean(1).sum()
        self.rounding = self.rounding + rounding**2 * square
        # Of the coarsest axis, and of the corner of all.
        kinds = per_axis(self.boundary, target.ndim - 2, "boundary")
        half = [n / 2 for n, kind in zip(target.shape[2:], kinds, strict=True) if kind] or [0.0]
        for k, reach in enumerate((min(half) // 1, math.hypot(*half))):
            self.nyquist = torch.maximum(self.nyquist, self._at(k, reach))
        error = shell_energy(error, self.boundary, self.max_wavenumber)
        target = shell_energy(target, self.boundary, self.max_wavenumber)
        self.error_energy = self.error_energy + error.sum(0)
        self.target_energy = self.target_energy + target.sum(0)
        self.samples = self.samples + len(error)

    def _at(self, k: int, value: float) -> Tensor:
        """A number in one of the two places of ``nyquist``."""
        places = torch.arange(2, device=self.nyquist.device)
        return value * (places == k).to(self.nyquist.dtype)

    def compute(self) -> dict[str, Tensor]:
        """Root-mean-square and relative error of each band, by name; nan without samples."""
        ends = [*list(self.bands.values())[1:], self.max_wavenumber + 1]
        values = {}
        for (band, first), end in zip(self.bands.items(), ends, strict=True):
            error = self.error_energy[first:end].sum()
            target = torch.maximum(self.target_energy[first:end].sum(), self.empty)
            values[f"{self.name}/{band}"] = (error / self.samples).sqrt()
            values[f"{self.name}/{band}_relative"] = ratio(error, target, self.samples)
        return values

    def spectrum(self) -> Spectrum:
        """Mean error and target energy per shell over all samples seen, by all processes.

        Like ``compute`` it gathers the states of all processes: call it on every one of them.
        """
        alone = not self._is_synced
        with self.sync_context(
            dist_sync_fn=self.dist_sync_fn,
            should_sync=alone and self.sync_on_compute,
            should_unsync=alone,
        ):
            wavenumber = torch.arange(self.max_wavenumber + 1, device=self.samples.device)
            axis, corner = self.nyquist
            last = self.max_wavenumber - (corner >= self.max_wavenumber + 0.5).to(axis.dtype)
            return Spectrum(
                wavenumber,
                self.error_energy / self.samples,
                self.target_energy / self.samples,
                torch.minimum(axis, last),
                self.rounding / self.samples,
            )
