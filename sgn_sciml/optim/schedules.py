"""Learning-rate schedules over a whole run, in steps; the peak is the optimiser's own rate."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar

from torch.optim import Optimizer
from torch.optim.lr_scheduler import (
    CosineAnnealingLR,
    ExponentialLR,
    LinearLR,
    LRScheduler,
    OneCycleLR,
    StepLR,
)

__all__ = ["Cosine", "Exponential", "Linear", "OneCycle", "Schedule", "StepDecay"]


class Schedule(ABC):
    """Makes the scheduler of a run.

    Attributes:
        spans_run: Whether rates depend on the number of steps of the whole run, so that a run
            that was planned for some cannot go on to more of them.
    """

    spans_run: ClassVar[bool] = True

    @abstractmethod
    def __call__(self, optimizer: Optimizer, steps: int) -> LRScheduler:
        """The scheduler of an optimiser, stepped after every one of so many optimiser steps."""


@dataclass(frozen=True)
class OneCycle(Schedule):
    """Up to the optimiser's rate and down to nothing, by cosines; momentum goes the other way.

    Args:
        warmup: Share of the steps that goes up.
        start: First rate over the peak.
        end: Last rate over the first.

    References:
        Smith and Topin, *Super-convergence* (2018)
    """

    warmup: float = 0.3
    start: float = 0.04
    end: float = 1e-4

    def __call__(self, optimizer: Optimizer, steps: int) -> LRScheduler:
        return OneCycleLR(
            optimizer,
            [float(group["lr"]) for group in optimizer.param_groups],
            total_steps=steps + 1,  # it is also stepped after the last step
            pct_start=self.warmup,
            div_factor=1 / self.start,
            final_div_factor=1 / self.end,
        )


@dataclass(frozen=True)
class StepDecay(Schedule):
    """Multiply the rate by a factor every so many steps.

    Args:
        every: Steps between two decays.
        factor: The factor.
    """

    spans_run = False

    every: int
    factor: float = 0.5

    def __call__(self, optimizer: Optimizer, steps: int) -> LRScheduler:
        return StepLR(optimizer, self.every, self.factor)


@dataclass(frozen=True)
class Cosine(Schedule):
    """Down to nothing along half a cosine."""

    def __call__(self, optimizer: Optimizer, steps: int) -> LRScheduler:
        return CosineAnnealingLR(optimizer, steps)


@dataclass(frozen=True)
class Exponential(Schedule):
    """Down by one factor a step.

    Args:
        end: Last rate over the first.
    """

    end: float = 0.1

    def __call__(self, optimizer: Optimizer, steps: int) -> LRScheduler:
        return ExponentialLR(optimizer, self.end ** (1 / max(steps, 1)))


@dataclass(frozen=True)
class Linear(Schedule):
    """Down along a line.

    Args:
        end: Last rate over the first.
    """

    end: float = 0.0

    def __call__(self, optimizer: Optimizer, steps: int) -> LRScheduler:
        return LinearLR(optimizer, 1.0, self.end, total_iters=max(steps, 1))
