"""The base of metrics of fields: the layout of a field and the precision of sums.

A field has the shape ``(batch, fields, *spatial)``, one sample per batch entry, and real values.

Fields are compared in float64, whatever their own dtype: squares of fields of 5e19 or 1e-22 are
beyond the range of float32, and a figure without units must not depend on units. States are sums
and maxima or, in a :class:`SampleMetric`, numbers of every sample, in float64 as well. So batch
size, an uneven last batch and the number of processes change a result by rounding at most. A
device that has no float64 (MPS) computes all of it in float32, whose range then is the limit. An
update never waits for the device.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar

import torch
from torch import Tensor, nn
from torchmetrics import Metric

__all__ = [
    "FieldMetric",
    "Mean",
    "SampleMetric",
    "accumulator",
    "empty_below",
    "error_and_target",
    "per_axis",
    "precision",
]

T = TypeVar("T", bool, float, str, str | None)


def accumulator(device: torch.device) -> torch.dtype:
    """The dtype of sums on a device: float64, float32 where there is no float64."""
    return torch.float32 if device.type == "mps" else torch.float64


def precision(*fields: Tensor) -> torch.dtype:
    """The widest dtype of fields, at least float32: how finely their values are rounded."""
    dtype = torch.float32
    for field in fields:
        dtype = torch.promote_types(dtype, field.dtype)
    return dtype


def error_and_target(pred: Tensor, target: Tensor) -> tuple[Tensor, Tensor]:
    """The error ``pred - target`` and the target, both in float64 where the device has it.

    Raises:
        ValueError: If the shapes differ, are not ``(batch, fields, *spatial)``, or for complex
            values.
    """
    if pred.shape != target.shape:
        raise ValueError(
            f"prediction and target differ in shape: {tuple(pred.shape)} and {tuple(target.shape)}"
        )
    if pred.ndim < 2:
        raise ValueError(f"a field has shape (batch, fields, *spatial), got {tuple(pred.shape)}")
    if pred.is_complex() or target.is_complex():
        raise ValueError(f"fields are real, got {pred.dtype} and {target.dtype}")
    dtype = accumulator(target.device)
    target = target.to(dtype)
    return pred.to(dtype) - target, target


def empty_below(u: Tensor, rounding: float) -> Tensor:
    """Mean square below which a part of a spectrum counts as empty, of each sample.

    :math:`10^{-12}` of the mean square of the field about its mean, the rounding of a transform in
    float32, but no less than the rounding of the values themselves.

    Args:
        u: Field, shape ``(batch, fields, *spatial)``.
        rounding: Relative rounding of its values.

    Returns:
        Shape ``(batch,)``.
    """
    values = u.flatten(2)
    about_mean = (values - values.mean(2, keepdim=True)).square().flatten(1).mean(1)
    return torch.maximum(1e-12 * about_mean, rounding**2 * values.square().flatten(1).mean(1))


def per_axis(value: T | Sequence[T], axes: int, name: str) -> tuple[T, ...]:
    """One value for each spatial axis, from one for all or one per axis.

    Raises:
        ValueError: If a sequence has not one entry per axis.
    """
    if isinstance(value, str) or not isinstance(value, Sequence):
        return (value,) * axes
    if len(value) != axes:
        raise ValueError(f"{name} has {len(value)} entries for {axes} spatial axes")
    return tuple(value)


class FieldMetric(Metric):
    """A metric of ``(batch, fields, *spatial)`` predictions, which keeps sums."""

    is_differentiable = True
    higher_is_better = False
    full_state_update = False

    def add_sum(self, name: str, size: tuple[int, ...] = ()) -> None:
        """Register a sum that starts at zero."""
        self.add_state(name, torch.zeros(size, dtype=torch.float64), dist_reduce_fx="sum")

    def _apply(
        self, fn: Callable[[Tensor], Tensor], exclude_state: Sequence[str] = ""
    ) -> nn.Module:
        try:
            return super()._apply(fn, exclude_state)
        except TypeError:  # "Cannot convert a MPS Tensor to float64 dtype": go there in float32
            for name, default in self._defaults.items():
                if isinstance(default, Tensor):
                    self._defaults[name] = default.float()
                state = getattr(self, name)
                alone = isinstance(state, Tensor)
                setattr(self, name, state.float() if alone else [v.float() for v in state])
            return super()._apply(fn, exclude_state)


class Mean(FieldMetric):
    """Weighted mean of numbers, such as losses, whose squares of units float32 would not hold."""

    terms: Tensor

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.add_sum("terms", (2,))

    def update(self, values: Tensor, weight: float = 1.0) -> None:
        """Add numbers of any shape, each with a weight."""
        values = values.detach().to(accumulator(values.device))
        count = torch.full_like(values, weight)
        self.terms = self.terms + torch.stack([(weight * values).sum(), count.sum()])

    def compute(self) -> Tensor:
        """The mean; nan without numbers."""
        return self.terms[0] / self.terms[1]


class SampleMetric(FieldMetric):
    """A metric that keeps numbers of every sample, which processes put end to end.

    They are kept flat: a process that saw no sample cannot know the shape of the others', and
    takes part with none. A result must not depend on the order of the samples.
    """

    is_differentiable = False

    def add_list(self, name: str) -> None:
        """Register a list that starts empty."""
        self.add_state(name, [], dist_reduce_fx="cat")

    def keep(self, name: str, values: Tensor) -> None:
        """Append values of any shape to a list."""
        values = values.detach().to(accumulator(values.device))
        getattr(self, name).append(values.flatten())

    def kept(self, name: str) -> Tensor:
        """All values of a list, shape ``(n,)``."""
        state: Tensor | list[Tensor] = getattr(self, name)
        if isinstance(state, Tensor):  # put together by the processes
            return state
        return torch.cat(state) if state else torch.zeros(0, device=self.device, dtype=self.dtype)

    @property
    def dtype(self) -> torch.dtype:
        """What is kept; torchmetrics also asks it for the nothing that an empty process sends."""
        return accumulator(self.device)

    @contextmanager
    def gathered(self) -> Iterator[None]:
        """Within it the states are those of all processes; every one of them must enter."""
        alone = not self._is_synced
        with self.sync_context(
            dist_sync_fn=self.dist_sync_fn,
            should_sync=alone and self.sync_on_compute,
            should_unsync=alone,
        ):
            yield
