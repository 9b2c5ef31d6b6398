"""Losses of operator learning: of fields in physical units, averaged over the batch."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from sgn_sciml.metrics import Extension, relative_h1, relative_l2, shell_energy

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
    """A loss of fields ``(items, channels, *space)``; the frames of a rollout are channels."""

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
    """Mean squared error, PDEBench's loss."""

    def __call__(self, pred: Tensor, target: Tensor, domain: Domain) -> Tensor:
        return (pred - target).square().mean()


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
        weights = (1 + n.square()).double() ** self.order

        def norm(u: Tensor) -> Tensor:
            energy = shell_energy(u, boundary, self.max_wavenumber)
            return (energy * weights.to(energy)).sum(1).sqrt()

        return (norm(pred - target) / norm(target).clamp_min(1e-12)).mean().to(pred.dtype)
