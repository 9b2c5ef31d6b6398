r"""Errors of fields: relative L2, relative H1 and the largest error.

:math:`e = u_{pred} - u` is the error of a field; sums run over fields and grid points:

.. math::
    L^2:\ \frac{\sqrt{\sum e^2}}{\sqrt{\sum u^2}} \qquad
    H^1:\ \frac{\sqrt{\sum e^2 + |\nabla e|^2}}{\sqrt{\sum u^2 + |\nabla u|^2}}

Each ratio comes in two kinds: *global* sums over all samples before the division, as PINN papers
quote it; *per sample* divides first and takes the mean over samples, as operator papers do.

**Zero target.** The ratio to a zero target has no meaning; its denominator is then the square root
of the number of values, so that the root-mean-square error stands in (0 for a perfect prediction).
"""

import math
from abc import abstractmethod
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from sgn_sciml.metrics.base import FieldMetric, error_and_target, per_axis, precision

__all__ = ["MaxError", "RelativeH1", "RelativeL2", "relative_h1", "relative_l2"]


def root(square: Tensor) -> Tensor:
    """Square root whose slope at 0 is 0: a field that is exactly right asks for no change."""
    zero = square == 0
    return torch.where(zero, 0.0, torch.where(zero, 1.0, square).sqrt())


def ratio(error: Tensor, norm: Tensor, count: Tensor | float) -> Tensor:
    """Root of squared error over squared norm, or over count where the norm is zero."""
    return root(error / torch.where(norm == 0, count, norm))


def l2_square(u: Tensor) -> Tensor:
    """Sum of squares of each sample, ``(batch, fields, *spatial) -> (batch,)``."""
    return u.square().flatten(1).sum(1)


def derivative(u: Tensor, dim: int, periodic: bool, length: float = 1.0) -> Tensor:
    """Second-order difference along one axis, one-sided at the ends of a non-periodic axis.

    Args:
        u: Field of any shape.
        dim: Axis to differentiate along.
        periodic: Whether the axis wraps around; its last point is then one step before the first.
        length: Length of the axis, from its first to its last point; a periodic axis goes on for
            one step more.

    Returns:
        Derivative, the shape of u.

    Raises:
        ValueError: If the axis has fewer than three points.
    """
    n = u.shape[dim]
    if n < 3:
        raise ValueError(f"a second-order difference needs 3 points, axis {dim} has {n}")
    h = length / n if periodic else length / (n - 1)
    if periodic:
        return (u.roll(-1, dim) - u.roll(1, dim)) / (2 * h)
    (slope,) = torch.gradient(u, spacing=h, dim=dim, edge_order=2)
    return slope


def h1_square(
    u: Tensor,
    periodic: bool | Sequence[bool],
    length: float | Sequence[float] = 1.0,
) -> Tensor:
    """Sum of squares of the field and its gradient, ``(batch, fields, *spatial) -> (batch,)``.

    Args:
        u: Field.
        periodic: Whether a spatial axis wraps around; one flag for all axes, or one per axis.
        length: Length of a spatial axis, likewise, see :func:`derivative`.
    """
    axes = u.ndim - 2
    lengths = per_axis(length, axes, "length")
    square = l2_square(u)
    flags = per_axis(periodic, axes, "periodic")
    for dim, (wraps, size) in enumerate(zip(flags, lengths, strict=True), start=2):
        square = square + l2_square(derivative(u, dim, wraps, size))
    return square


def relative_l2(pred: Tensor, target: Tensor) -> Tensor:
    """Relative L2 error of each sample, over all its fields.

    Args:
        pred: Prediction, shape ``(batch, fields, *spatial)``.
        target: Truth, same shape.

    Returns:
        Errors, shape ``(batch,)``, in at least float32; the root-mean-square error where the
        target is zero. The slope at an error of zero is zero.

    Raises:
        ValueError: If the shapes differ.
    """
    dtype, count = precision(pred, target), math.prod(pred.shape[1:])
    error, target = error_and_target(pred, target)
    return ratio(l2_square(error), l2_square(target), count).to(dtype)


def relative_h1(
    pred: Tensor,
    target: Tensor,
    periodic: bool | Sequence[bool],
    length: float | Sequence[float] = 1.0,
) -> Tensor:
    """Relative H1 error of each sample, over all its fields.

    Args:
        pred: Prediction, shape ``(batch, fields, *spatial)``.
        target: Truth, same shape.
        periodic: Whether a spatial axis wraps around; one flag for all axes, or one per axis.
        length: Length of a spatial axis, likewise, see :func:`derivative`.

    Returns:
        Errors, shape ``(batch,)``, in at least float32. The slope at an error of zero is zero.

    Raises:
        ValueError: If the shapes differ or an axis has fewer than three points.
    """
    dtype, count = precision(pred, target), math.prod(pred.shape[1:])
    error, target = error_and_target(pred, target)
    square = h1_square(error, periodic, length)
    norm = h1_square(target, periodic, length)
    return ratio(square, norm, count).to(dtype)


class RelativeError(FieldMetric):
    """A relative error in some norm: the base of :class:`RelativeL2` and :class:`RelativeH1`.

    The state holds the sums of squared error, squared target and values, or, per sample, of
    ratios and samples. Its name tells norm and kind, for a ``MetricCollection`` merges metrics
    whose states have equal names and agree on the first batch, as L2 and H1 do on constants.
    """

    def __init__(self, norm: str, per_sample: bool, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.per_sample = per_sample
        self.sums = f"{norm}_per_sample" if per_sample else f"{norm}_global"
        self.add_sum(self.sums, (2,) if per_sample else (3,))

    @abstractmethod
    def square(self, u: Tensor) -> Tensor:
        """Squared norm of each sample, ``(batch, fields, *spatial) -> (batch,)``."""

    def update(self, pred: Tensor, target: Tensor) -> None:
        """Add a batch of shape ``(batch, fields, *spatial)``."""
        error, target = map(self.square, error_and_target(pred, target))
        values = torch.full_like(error, math.prod(pred.shape[1:]))
        if self.per_sample:
            terms = torch.stack([ratio(error, target, values), torch.ones_like(error)])
        else:
            terms = torch.stack([error, target, values])
        setattr(self, self.sums, getattr(self, self.sums) + terms.sum(1))

    def compute(self) -> Tensor:
        """The error over all samples seen, a number; nan without samples."""
        sums: Tensor = getattr(self, self.sums)
        return sums[0] / sums[1] if self.per_sample else ratio(*sums)


class RelativeL2(RelativeError):
    """Relative L2 error.

    Args:
        per_sample: Mean over samples of each sample's ratio, instead of one ratio of sums.
        kwargs: Options of :class:`torchmetrics.Metric`.

    Raises:
        ValueError: On update, if prediction and target differ in shape.

    Example:
        >>> metric = RelativeL2()
        >>> metric.update(torch.tensor([[3.0, 5.0]]), torch.tensor([[3.0, 4.0]]))
        >>> metric.compute()
        tensor(0.2000, dtype=torch.float64)
    """

    def __init__(self, per_sample: bool = False, **kwargs: Any) -> None:
        super().__init__("l2", per_sample, **kwargs)

    def square(self, u: Tensor) -> Tensor:
        return l2_square(u)


class RelativeH1(RelativeError):
    """Relative H1 error: values and first derivatives, second-order differences throughout.

    Args:
        periodic: Whether a spatial axis wraps around; one flag for all axes, or one per axis.
        length: Length of a spatial axis, likewise, see :func:`derivative`.
        per_sample: Mean over samples of each sample's ratio, instead of one ratio of sums.
        kwargs: Options of :class:`torchmetrics.Metric`.

    Raises:
        ValueError: On update, if prediction and target differ in shape, if an axis has fewer than
            three points, or if the number of flags or lengths is not the number of axes.

    Example:
        >>> x = torch.linspace(0, 1, 11)[None, None]
        >>> metric = RelativeH1(periodic=False)
        >>> metric.update(3 * x, 2 * x)
        >>> metric.compute()
        tensor(0.5000, dtype=torch.float64)
    """

    def __init__(
        self,
        periodic: bool | tuple[bool, ...] = False,
        length: float | tuple[float, ...] = 1.0,
        per_sample: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__("h1", per_sample, **kwargs)
        self.periodic = periodic
        self.length = length

    def square(self, u: Tensor) -> Tensor:
        return h1_square(u, self.periodic, self.length)


class MaxError(FieldMetric):
    """Largest absolute error over all samples, fields and points; -inf without samples.

    Raises:
        ValueError: On update, if prediction and target differ in shape.

    Example:
        >>> metric = MaxError()
        >>> metric.update(torch.tensor([[3.0, 5.0]]), torch.tensor([[3.0, 7.0]]))
        >>> metric.compute()
        tensor(2., dtype=torch.float64)
    """

    largest: Tensor

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        lowest = torch.tensor(-torch.inf, dtype=torch.float64)
        self.add_state("largest", lowest, dist_reduce_fx="max")

    def update(self, pred: Tensor, target: Tensor) -> None:
        """Add a batch of shape ``(batch, fields, *spatial)``."""
        error, _ = error_and_target(pred, target)
        self.largest = torch.maximum(self.largest, error.abs().amax().to(self.largest.dtype))

    def compute(self) -> Tensor:
        return self.largest
