"""Losses of operator learning: of fields in physical units, averaged over the batch.

Squares are taken in float64: those of fields of 1e-23 or 5e19 are beyond the range of float32.
"""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from sgn_sciml.metrics import Extension, relative_h1, relative_l2, shell_energy
from sgn_sciml.metrics.base import error_and_target, precision
from sgn_sciml.metrics.field import ratio

__all__ = ["H1", "L2", "MSE", "Domain", "FieldLoss", "FrameL2", "Sobolev"]


@dataclass(frozen=True)
class Domain:
    """The box that fields live on.

    Args:
        periodic: Whether a space axis wraps around; one flag for all, or one per axis.
        length: Length of an axis, likewise.
    """

    periodic: bool | Sequence[bool]
    length: float | Sequence[float] = 1.0

    def boundary(self, axes: int) -> tuple[Extension | None, ...]:
        """What spectra take the axes for."""
        flags = (self.periodic,) * axes if isinstance(self.periodic, bool) else self.periodic
        return tuple("periodic" if wraps else "even" for wraps in flags)


class FieldLoss(ABC):
    """A loss of fields ``(items, channels, *space)``; the frames of a rollout are channels.

    Attributes:
        degree: Power of the fields' unit that the loss has as its own; 0 for a relative one.
    """

    degree: ClassVar[int] = 0

    @abstractmethod
    def __call__(self, pred: Tensor, target: Tensor, domain: Domain) -> Tensor:
        """The loss, a number."""


@dataclass(frozen=True)
class L2(FieldLoss):
    """Relative L2 error, the mean over items."""

    def __call__(self, pred: Tensor, target: Tensor, domain: Domain) -> Tensor:
        return relative_l2(pred, target).mean()


@dataclass(frozen=True)
class FrameL2(FieldLoss):
    """Relative L2 error of every channel by itself, the mean over channels and items.

    The frames of a rollout are channels, so that weak late frames count as much as strong early
    ones: this is what PDEBench's nRMSE measures.
    """

    def __call__(self, pred: Tensor, target: Tensor, domain: Domain) -> Tensor:
        return relative_l2(pred.flatten(0, 1)[:, None], target.flatten(0, 1)[:, None]).mean()


@dataclass(frozen=True)
class H1(FieldLoss):
    """Relative H1 error, the mean over items, with the stencils of the domain's boundary."""

    def __call__(self, pred: Tensor, target: Tensor, domain: Domain) -> Tensor:
        return relative_h1(pred, target, domain.periodic, domain.length).mean()


@dataclass(frozen=True)
class MSE(FieldLoss):
    """Mean squared error, PDEBench's loss, in float64 where the device has it."""

    degree: ClassVar[int] = 2

    def __call__(self, pred: Tensor, target: Tensor, domain: Domain) -> Tensor:
        error, _ = error_and_target(pred, target)
        return error.square().mean()


@dataclass(frozen=True)
class Sobolev(FieldLoss):
    r"""Relative error in the Sobolev norm of any order, by shells of wavenumber.

    .. math::
        \frac{\sqrt{\sum_n (1 + n^2)^s E_n(e)}}{\sqrt{\sum_n (1 + n^2)^s E_n(u)}}

    Order 1 weights fronts, a negative order what is smooth, as the residual of an elliptic
    equation does.

    Args:
        order: The order s.
        max_wavenumber: Last shell; it also holds all that lies above.
    """

    order: float = -1.0
    max_wavenumber: int = 128

    def __call__(self, pred: Tensor, target: Tensor, domain: Domain) -> Tensor:
        boundary = domain.boundary(pred.ndim - 2)
        n = torch.arange(self.max_wavenumber + 1, device=pred.device)
        weights = (1.0 + n.square()) ** self.order

        def square(u: Tensor) -> Tensor:
            energy = shell_energy(u, boundary, self.max_wavenumber)
            return (energy * weights.to(energy)).sum(1)

        dtype = precision(pred, target)
        error, target = error_and_target(pred, target)
        return ratio(square(error), square(target), 1.0).mean().to(dtype)
