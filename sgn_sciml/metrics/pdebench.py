r"""The errors that PDEBench reports, over the whole test set or batch by batch as PDEBench does.

:math:`e` is the error of sample b at the n cells x of one field (a channel of one frame), a bar
the mean over samples:

======  ====================================================================================
rmse    :math:`\overline{\sqrt{\langle e^2 \rangle}}`, the brackets a mean over cells
nrmse   :math:`\overline{\sqrt{\langle e^2 \rangle} / \sqrt{\langle u^2 \rangle}}`
crmse   :math:`\sqrt{\overline{(\sum_x e)^2}} / n`: the conserved total
brmse   :math:`\sqrt{\overline{\langle e^2 \rangle_{edge}}}`: both end cells in 1-D, in 2-D the
        four edge rows, :math:`2 n_x + 2 n_y` values, corners twice
max     :math:`\max_{b, x} |e|`
frmse   :math:`\sqrt{\overline{|\hat e(k)|^2}} / n` for each k, unnormalised Fourier sums; then
        the plain mean over the k of a band: low 0-3, mid 4-11, high from 12 on. In 2-D
        :math:`|\hat e|^2` is summed over :math:`k \le \sqrt{i^2 + j^2} < k + 1` with
        :math:`0 \le i < n_x/2,\ 0 \le j < n_y/2`, up to :math:`k < \min(n_x, n_y)/2`, halves
        rounded down
======  ====================================================================================

and each is averaged over fields in the end. So a rollout may be handed in with its frames as
fields, ``(batch, frames * channels, *spatial)``: the mean over fields is PDEBench's over channels
and frames, max included, which is a mean of maxima.

What to know when reading them: rmse is a mean of roots and the others are roots of means; the
quadrant leaves half of the 2-D waves out; bands do not add up to rmse. :class:`SpectralError` has
bands that do.

References:
    Takamoto et al., *PDEBench: an extensive benchmark for scientific machine learning* (2022),
    https://arxiv.org/abs/2210.07182
"""

from typing import Any

import torch
from torch import Tensor
from torchmetrics.utilities.distributed import gather_all_tensors

from sgn_sciml.metrics.base import FieldMetric, error_and_target
from sgn_sciml.metrics.field import ratio

__all__ = ["PDEBenchErrors"]

MEASURES = ("rmse", "nrmse", "crmse", "brmse")


def gather(state: Tensor, group: Any = None) -> list[Tensor]:
    """The state of each process; the single zero of one that saw no batch takes their shape."""
    states = gather_all_tensors(state, group)
    full = max(states, key=lambda state: state.numel())
    return [state.expand_as(full) for state in states]


def edge_square(e: Tensor) -> Tensor:
    """Mean square over the edge cells of a field, ``(batch, fields, *spatial) -> (b, f)``."""
    square = e.square()
    edges = [square.select(dim, end) for dim in range(2, e.ndim) for end in (0, -1)]
    cells = torch.cat([edge.flatten(1).view(*e.shape[:2], -1) for edge in edges], 2)
    mean: Tensor = cells.mean(2)
    return mean


def magnitude_square(wave: Tensor) -> Tensor:
    """Squared magnitude of complex values."""
    return wave.real.square() + wave.imag.square()


def wave_square(e: Tensor) -> Tensor:
    """Squared Fourier sums over n squared, by wavenumber, ``(b, f, *spatial) -> (b, f, k)``."""
    if e.ndim == 3:
        return magnitude_square(torch.fft.rfft(e, norm="forward"))
    i, j = (n // 2 for n in e.shape[2:])
    wave = torch.fft.rfft2(e, norm="forward")[:, :, :i, :j]
    square = magnitude_square(wave).flatten(2)
    k = [torch.arange(n, device=e.device, dtype=e.dtype).square() for n in (i, j)]
    # Half a unit, which reaches no next square, keeps whole roots whole if a root rounds down.
    shell = (k[0][:, None] + k[1] + 0.5).sqrt().long().clamp(max=min(i, j)).flatten()
    sums = square.new_zeros(*square.shape[:2], min(i, j) + 1)
    return sums.index_add_(2, shell, square)[..., :-1]


class PDEBenchErrors(FieldMetric):
    """RMSE, nRMSE, cRMSE, bRMSE, maximum and fRMSE of PDEBench, for 1-D and 2-D fields.

    ``compute`` gives ``pdebench/rmse``, ``/nrmse``, ``/crmse``, ``/brmse``, ``/max`` and, for each
    band, ``/frmse_low``, ``/frmse_mid``, ``/frmse_high``; nan for a band beyond the grid. The
    domain has length 1, as in PDEBench whatever the data.

    By default the formulas are taken over all samples as one batch, so that batches and processes
    change nothing, and a zero target gives its field's rmse for nrmse.

    Args:
        compat: The published numbers instead: each batch by itself, summed over batches and
            divided by their number **minus one**, so inf or nan for a single batch, and nrmse is
            inf or nan for a zero target. They depend on the size of a batch, and N equal batches
            come out too large by N / (N - 1).
        bands: First wavenumber of each band, ascending from 0; a band ends where the next begins.
            None means PDEBench's ``{"low": 0, "mid": 4, "high": 12}``.
        name: Prefix of the results. Two in one ``MetricCollection`` need two.
        kwargs: Options of :class:`torchmetrics.Metric`.

    Raises:
        ValueError: If the bands do not ascend from 0; on update, if prediction and target differ
            in shape, have not one or two spatial axes, or if the number of fields or wavenumbers
            changes.

    Example:
        >>> metric = PDEBenchErrors()
        >>> target = torch.ones(3, 1, 32)
        >>> metric.update(1.5 * target, target)
        >>> {name: round(value.item(), 3) for name, value in metric.compute().items()}
        {'pdebench/rmse': 0.5, 'pdebench/nrmse': 0.5, 'pdebench/crmse': 0.5, \
'pdebench/brmse': 0.5, 'pdebench/max': 0.5, 'pdebench/frmse_low': 0.125, \
'pdebench/frmse_mid': 0.0, 'pdebench/frmse_high': 0.0}
    """

    batch_values: Tensor
    field_sums: Tensor
    field_largest: Tensor
    pdebench_count: Tensor

    def __init__(
        self,
        compat: bool = False,
        bands: dict[str, int] | None = None,
        name: str = "pdebench",
        **kwargs: Any,
    ) -> None:
        super().__init__(**{"dist_sync_fn": gather, **kwargs})
        bands = {"low": 0, "mid": 4, "high": 12} if bands is None else dict(bands)
        edges = list(bands.values())
        if edges[:1] != [0] or edges != sorted(set(edges)):
            raise ValueError(f"bands must ascend from 0, got {bands}")
        self.compat = compat
        self.bands = bands
        self.name = name
        # Fields and wavenumbers are known with the first batch: until then a state is one zero,
        # which broadcasts to any shape in a sum and in a maximum of magnitudes.
        if compat:
            self.add_sum("batch_values", (1, 1))
        else:
            self.add_sum("field_sums", (1, 1))
            zero = torch.zeros(1, 1, dtype=torch.float64)
            self.add_state("field_largest", zero, dist_reduce_fx="max")
        self.add_sum("pdebench_count")

    def update(self, pred: Tensor, target: Tensor) -> None:
        """Add a batch of shape ``(batch, fields, *spatial)``."""
        error, target = error_and_target(pred, target)
        if error.ndim not in (3, 4):
            raise ValueError(f"expected one or two spatial axes, got {error.ndim - 2}")
        square, norm = (u.square().flatten(2).mean(2) for u in (error, target))
        relative = (square / norm).sqrt() if self.compat else ratio(square, norm, 1.0)
        total = error.flatten(2).mean(2).square()
        columns = torch.stack([square.sqrt(), relative, total, edge_square(error)], 2)
        columns = torch.cat([columns, wave_square(error)], 2)  # (batch, fields, 4 + k)
        largest = error.abs().flatten(2).amax((0, 2))[:, None]
        if self.compat:
            values = self._values(columns.mean(0), largest)[None]
            self.batch_values = self._same("batch_values", values) + values
            self.pdebench_count = self.pdebench_count + 1
        else:
            sums = columns.sum(0)
            self.field_sums = self._same("field_sums", sums) + sums
            self.field_largest = torch.maximum(self.field_largest, largest)
            self.pdebench_count = self.pdebench_count + len(error)

    def _same(self, name: str, terms: Tensor) -> Tensor:
        """A state to which terms of the same shape may be added."""
        state: Tensor = getattr(self, name)
        if state.numel() > 1 and state.shape != terms.shape:
            raise ValueError("the number of fields or of grid points differs between batches")
        return state

    @staticmethod
    def _values(means: Tensor, largest: Tensor) -> Tensor:
        """From means over samples ``(fields, 4 + k)`` to values, the maximum last."""
        values = torch.cat([means[:, :2], means[:, 2:].sqrt(), largest], 1)
        return values.mean(0)

    def compute(self) -> dict[str, Tensor]:
        """All errors by name; nan without samples."""
        if self.compat:
            values = self.batch_values[0] / (self.pdebench_count - 1)
        else:
            values = self._values(self.field_sums / self.pdebench_count, self.field_largest)
        if len(values) <= len(MEASURES):  # no batch anywhere
            values = values.new_full((len(MEASURES) + 1,), torch.nan)
        waves = values[len(MEASURES) : -1]
        results = dict(zip((*MEASURES, "max"), [*values[:4], values[-1]], strict=True))
        ends = [*list(self.bands.values())[1:], len(waves)]
        for (band, first), end in zip(self.bands.items(), ends, strict=True):
            results[f"frmse_{band}"] = waves[first:end].mean()
        return {f"{self.name}/{key}": value for key, value in results.items()}
