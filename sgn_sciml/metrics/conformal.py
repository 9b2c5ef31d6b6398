r"""Split-conformal bands about predicted functions: what share of the truth they hold, how wide.

A band :math:`u_{pred}(x) \pm w(x)` is fitted to the errors :math:`e_i` of calibration samples,
which the network has not trained on. Two kinds:

.. math::
    \text{function-wise}\quad w(x) = s(x)\,\hat q\big(\max_x |e_i(x)| / s(x)\big) \qquad
    \text{point-wise}\quad w(x) = \hat q\big(|e_i(x)|\big)

:math:`s` is the pointwise root mean square of the errors of one half of the calibration samples,
drawn by lot (:mod:`sgn_sciml.metrics.scores`), and the function-wise scores come from the others;
the point-wise band takes all.
:math:`\hat q` of n scores is the k-th smallest with :math:`k = \lceil (n + 1)\,level \rceil`. If
calibration and test samples are exchangeable, whatever the network, then

.. math::
    level \le P(\text{the whole function is inside}) \le level + \frac{1}{n + 1}

on average over calibration sets (the upper bound if scores do not tie), and the same holds for
each point by itself and the point-wise band. A point-wise band holds few functions as a whole.

References:
    Lei et al., *Distribution-free predictive inference for regression* (2018),
    https://arxiv.org/abs/1604.04173;
    Diquigiovanni, Fontana, Vantini, *Conformal prediction bands for multivariate functional data*
    (2022), https://arxiv.org/abs/2106.01792
"""

import math
from typing import Any, NamedTuple

import torch
from torch import Tensor

from sgn_sciml.metrics.base import SampleMetric, error_and_target
from sgn_sciml.metrics.scores import conformal_quantile, half, largest, place, scores_needed

__all__ = ["Bands", "ConformalBand"]

AXES = 5  # of a sample, at most: frames, channels and three in space


class Bands(NamedTuple):
    """Half widths w(x) of both bands, each of shape ``(fields, *spatial)``.

    Attributes:
        function: Of the band that holds whole functions.
        point: Of the band that holds single points.
    """

    function: Tensor
    point: Tensor


class ConformalBand(SampleMetric):
    """Coverage and width of split-conformal bands.

    Call ``calibrate`` with predictions and truth of calibration samples, at any time before
    ``compute``, and ``update`` with those of test samples; with ``split`` one half of these, drawn
    by lot, calibrates and the other tests. ``compute`` gives

    =============================  =====================================================
    ``conformal/coverage``         share of test functions that are inside as a whole
    ``conformal/width``            mean width 2 w of that band over the rms of the target
    ``conformal/point_coverage``   share of test points inside the point-wise band
    ``conformal/point_width``      mean width of that band over the rms of the target
    =============================  =====================================================

    Bands belong to the grid of the calibration samples. All errors are kept, 8 bytes a value,
    so that the bands are those of all calibration samples, whichever process saw them and in
    whatever order (if no two have the same truth). ``reset`` forgets the test samples and keeps
    the calibration, ``forget`` both.

    Args:
        level: Share of functions, or of points, that the bands should hold.
        split: Draw half of the samples that ``update`` brings for the calibration.
        name: Prefix of the results. Two in one ``MetricCollection`` need two.
        kwargs: Options of :class:`torchmetrics.Metric`.

    Raises:
        ValueError: If ``level`` is not between 0 and 1; if prediction and target differ in shape
            or their grid from that seen before; on ``compute``, if there are too few calibration
            samples.

    Example:
        >>> errors = torch.linspace(-1, 1, 40).view(40, 1, 1) * torch.tensor([1.0, 2.0])
        >>> target = torch.ones(40, 1, 2)
        >>> metric = ConformalBand(level=0.5)
        >>> metric.calibrate(target[::2] + errors[::2], target[::2])
        >>> metric.update(target[1::2] + errors[1::2], target[1::2])
        >>> {name: round(value.item(), 2) for name, value in metric.compute().items()}
        {'conformal/coverage': 0.7, 'conformal/width': 2.08, 'conformal/point_coverage': 0.5, \
'conformal/point_width': 1.62}
    """

    full_state_update = True  # a batch is judged by a calibration that it does not bring along

    calibration: list[Tensor]
    placed: list[Tensor]
    grid: Tensor

    def __init__(
        self, level: float = 0.9, split: bool = False, name: str = "conformal", **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        if not 0 < level < 1:
            raise ValueError(f"level must be between 0 and 1, got {level}")
        self.level = level
        self.split = split
        self.name = name
        self.shape: torch.Size | None = None
        for what in ("calibration", "placed", "tested", "tested_placed", "tested_square"):
            self.add_list(what)
        # The shape of a sample, for a process that saw none.
        self.add_state("grid", torch.zeros(AXES, dtype=torch.float64), dist_reduce_fx="max")

    def calibrate(self, pred: Tensor, target: Tensor) -> None:
        """Add calibration samples of shape ``(batch, fields, *spatial)``."""
        self._add("calibration", pred, target)
        self.keep("placed", place(target))
        self._computed = None

    def update(self, pred: Tensor, target: Tensor) -> None:
        """Add a batch of test samples of shape ``(batch, fields, *spatial)``."""
        self.keep("tested_square", self._add("tested", pred, target))
        self.keep("tested_placed", place(target))

    def _add(self, name: str, pred: Tensor, target: Tensor) -> Tensor:
        """Keep the errors; the mean square of each target, shape ``(batch,)``."""
        error, target = error_and_target(pred, target)
        shape = error.shape[1:]
        if self.shape is None:
            self.shape = shape
            sizes = [*shape, *[0] * (AXES - len(shape))]
            self.grid = torch.tensor(sizes, device=error.device, dtype=self.grid.dtype)
        if shape != self.shape:
            raise ValueError(
                f"a band belongs to one grid: expected fields {tuple(self.shape)}, "
                f"got {tuple(shape)}"
            )
        self.keep(name, error.abs())
        return target.square().flatten(1).mean(1)

    def reset(self) -> None:
        """Forget the test samples and keep the calibration."""
        calibration, placed, grid = list(self.calibration), list(self.placed), self.grid
        super().reset()
        self.calibration, self.placed, self.grid = calibration, placed, grid

    def forget(self) -> None:
        """Forget test samples, calibration and grid."""
        super().reset()
        self.shape = None

    def bands(self) -> Bands:
        """The half widths of both bands, to draw them.

        Like ``compute`` it gathers the states of all processes: call it on every one of them.

        Raises:
            ValueError: If there are too few calibration samples.
        """
        with self.gathered():
            shape = [int(n) for n in self.grid.tolist() if n]
            scale, quantile, point = self._fit(self._halves()[0])
            return Bands((quantile * scale).view(shape), point.view(shape))

    def compute(self) -> dict[str, Tensor]:
        """Coverage and width of both bands, by name; nan without test samples."""
        calibrating, testing = self._halves()
        scale, quantile, point = self._fit(calibrating)
        errors = self.kept("tested").view(-1, len(point))[testing]
        rms = self.kept("tested_square")[testing].mean().sqrt()
        return {
            f"{self.name}/coverage": (largest(errors, scale) <= quantile).to(rms.dtype).mean(),
            f"{self.name}/width": 2 * (quantile * scale).mean() / rms,
            f"{self.name}/point_coverage": (errors <= point).to(rms.dtype).mean(),
            f"{self.name}/point_width": 2 * point.mean() / rms,
        }

    def _halves(self) -> tuple[Tensor, Tensor]:
        """Numbers of the samples from ``update`` that calibrate, and of those that test."""
        placed = self.kept("tested_placed")
        if self.split:
            return half(placed, seed=1)
        every = torch.arange(len(placed), device=placed.device)
        return every[:0], every

    def _fit(self, calibrating: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """The scale s ``(points,)``, the quantile of scores and the point-wise w ``(points,)``."""
        points = math.prod(int(n) for n in self.grid.tolist() if n)
        more = self.kept("tested").view(-1, points)[calibrating]
        errors = torch.cat([self.kept("calibration").view(-1, points), more])
        n, needed = len(errors), max(2, 2 * scores_needed(self.level) - 1)
        if n < needed:
            raise ValueError(
                f"bands of level {self.level} need {needed} calibration samples, got {n}"
            )
        placed = torch.cat([self.kept("placed"), self.kept("tested_placed")[calibrating]])
        first, second = half(placed)
        scale = errors[first].square().mean(0).sqrt()
        quantile = conformal_quantile(largest(errors[second], scale), self.level)
        return scale, quantile, conformal_quantile(errors, self.level)
