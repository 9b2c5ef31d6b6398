"""What metrics of fields share: the layout of a field and the precision of sums.

A field has the shape ``(batch, fields, *spatial)``, one sample per batch entry, and real values.

Fields are compared in their own dtype, at least float32. Sums are kept in float64, or in float32
on a device that has no float64 (MPS). All states are sums or maxima: batch size, an uneven last
batch and the number of processes change a result by rounding at most. An update never waits for
the device.
"""

from collections.abc import Callable, Sequence
from typing import TypeVar

import torch
from torch import Tensor, nn
from torchmetrics import Metric

__all__ = ["FieldMetric", "accumulator", "error_and_target", "per_axis"]

T = TypeVar("T", bool, float, str, str | None)


def accumulator(device: torch.device) -> torch.dtype:
    """The dtype of sums on a device: float64, float32 where there is no float64."""
    return torch.float32 if device.type == "mps" else torch.float64


def error_and_target(pred: Tensor, target: Tensor) -> tuple[Tensor, Tensor]:
    """The error ``pred - target`` and the target, both in at least float32.

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
    dtype = torch.promote_types(torch.promote_types(pred.dtype, target.dtype), torch.float32)
    if dtype.is_complex:
        raise ValueError(f"fields are real, got {pred.dtype} and {target.dtype}")
    target = target.to(dtype)
    return pred.to(dtype) - target, target


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
    """A metric of ``(batch, fields, *spatial)`` predictions whose states are float64 sums."""

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
            for name in self._defaults:
                self._defaults[name] = torch.as_tensor(self._defaults[name]).float()
                setattr(self, name, getattr(self, name).float())
            return super()._apply(fn, exclude_state)
