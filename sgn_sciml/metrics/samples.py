r"""Errors sample by sample: the spread of relative L2 errors, and the error over the spread of u.

With :math:`e = u_{pred} - u` and :math:`\langle\cdot\rangle` the mean over the grid points of one
field of one sample,

.. math::
    VRMSE = \sqrt{\frac{\langle e^2 \rangle}{\langle (u - \langle u \rangle)^2 \rangle}}

is 1 for a prediction that knows no more than the target's mean; the relative L2 error of a field
with a large mean looks small whatever the prediction.
"""

from typing import Any

import torch
from torch import Tensor

from sgn_sciml.metrics.base import FieldMetric, SampleMetric, error_and_target, precision
from sgn_sciml.metrics.field import l2_square, ratio

__all__ = ["VRMSE", "SampleErrors", "vrmse"]


class SampleErrors(SampleMetric):
    """Mean, median, 95th percentile and maximum of the relative L2 errors of the samples.

    The error of a sample is that of :func:`relative_l2`: one norm over all its fields. The mean
    is that of ``RelativeL2(per_sample=True)``. Percentiles interpolate linearly between samples.

    Args:
        name: Prefix of the results. Two in one ``MetricCollection`` need two.
        kwargs: Options of :class:`torchmetrics.Metric`.

    Raises:
        ValueError: On update, if prediction and target differ in shape.

    Example:
        >>> metric = SampleErrors()
        >>> target = torch.ones(3, 1, 4)
        >>> metric.update(target * torch.tensor([1.25, 1.5, 3.0]).view(3, 1, 1), target)
        >>> {name: round(value.item(), 3) for name, value in metric.compute().items()}
        {'relative_l2': 0.917, 'relative_l2/median': 0.5, 'relative_l2/p95': 1.85, \
'relative_l2/max': 2.0}
    """

    def __init__(self, name: str = "relative_l2", **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.name = name
        self.add_list("l2_of_samples")

    def update(self, pred: Tensor, target: Tensor) -> None:
        """Add a batch of shape ``(batch, fields, *spatial)``."""
        error, target = error_and_target(pred, target)
        errors = ratio(l2_square(error), l2_square(target), error.shape[1:].numel())
        self.keep("l2_of_samples", errors)

    def compute(self) -> dict[str, Tensor]:
        """Mean, median, 95th percentile and maximum by name; nan without samples."""
        errors = self.kept("l2_of_samples")
        if not len(errors):
            errors = errors.new_full((1,), torch.nan)
        return {
            self.name: errors.mean(),
            f"{self.name}/median": errors.quantile(0.5),
            f"{self.name}/p95": errors.quantile(0.95),
            f"{self.name}/max": errors.max(),
        }

    def errors(self) -> Tensor:
        """The error of each sample, shape ``(samples,)``, one process after the other.

        Like ``compute`` it gathers the states of all processes: call it on every one of them.
        """
        with self.gathered():
            return self.kept("l2_of_samples")


def vrmse(pred: Tensor, target: Tensor) -> Tensor:
    """Root-mean-square error of each field over the standard deviation of its target in space.

    The variance is the mean of squares over the n points (not over n - 1) and nothing is added to
    it: the code of The Well has n - 1 and adds 1e-7, so its values are lower by a factor
    sqrt(1 - 1/n) where the variance is far above 1e-7. A constant target has no spread to compare
    with; there the root-mean-square error itself is given. A target counts as constant where its
    standard deviation is below the rounding of its dtype (at least float32), relative to its
    root mean square.

    Args:
        pred: Prediction, shape ``(batch, fields, *spatial)``.
        target: Truth, same shape.

    Returns:
        Errors, shape ``(batch, fields)``, in float64 where the device has it.

    Raises:
        ValueError: If the shapes differ or there is no spatial axis.

    References:
        Ohana et al., *The Well: a large-scale collection of diverse physics simulations for
        machine learning* (2024), https://arxiv.org/abs/2412.00568
    """
    rounding = torch.finfo(precision(target)).eps
    error, target = error_and_target(pred, target)
    if target.ndim < 3:
        raise ValueError(f"a spread over space needs a spatial axis, got {tuple(target.shape)}")
    u = target.flatten(2)
    about = u - u[..., :1]  # a constant has no spread, whatever its mean is rounded to
    variance = (about - about.mean(2, keepdim=True)).square().mean(2)
    constant = variance <= rounding**2 * u.square().mean(2)
    square = error.flatten(2).square().mean(2)
    return ratio(square, variance.masked_fill(constant, 0.0), 1.0)


class VRMSE(FieldMetric):
    """Mean over samples and fields of the variance-scaled error :func:`vrmse`.

    Args:
        kwargs: Options of :class:`torchmetrics.Metric`.

    Raises:
        ValueError: On update, if prediction and target differ in shape or have no spatial axis.

    Example:
        >>> target = torch.tensor([[[9.0, 11.0]]])
        >>> metric = VRMSE()
        >>> metric.update(target.mean().expand(1, 1, 2), target)
        >>> metric.compute()
        tensor(1., dtype=torch.float64)
    """

    vrmse_sums: Tensor

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.add_sum("vrmse_sums", (2,))

    def update(self, pred: Tensor, target: Tensor) -> None:
        """Add a batch of shape ``(batch, fields, *spatial)``."""
        errors = vrmse(pred, target)
        self.vrmse_sums = self.vrmse_sums + torch.stack(
            [errors.sum(), torch.full_like(errors, 1.0).sum()]
        )

    def compute(self) -> Tensor:
        """The error over all samples seen, a number; nan without samples."""
        return self.vrmse_sums[0] / self.vrmse_sums[1]
