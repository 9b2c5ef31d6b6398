"""A schedule of optimisers, one after another on the same parameters: Adam, then L-BFGS.

To Lightning, and to a checkpoint, the schedule is one :class:`torch.optim.Optimizer`.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from torch import Tensor
from torch.optim import Optimizer

__all__ = ["OptimizerFactory", "Phase", "Phases"]

OptimizerFactory = Callable[[Iterable[Any]], Optimizer]


@dataclass(frozen=True)
class Phase:
    """One phase of a schedule.

    Args:
        optimizer: Optimiser class with its settings, called with the parameters.
        steps: Number of optimiser steps; None for all that remain.
    """

    optimizer: OptimizerFactory
    steps: int | None = None


class Phases(Optimizer):
    """Run optimisers one after another.

    Args:
        params: Parameters.
        phases: The phases in order; only the last may leave ``steps`` open.

    Raises:
        ValueError: If there is no phase, or a length is missing or below 1.
    """

    def __init__(self, params: Iterable[Any], phases: list[Phase]) -> None:
        if not phases or any(p.steps is None for p in phases[:-1]):
            raise ValueError("phases need a length each; only the last may leave steps open")
        if any(p.steps is not None and p.steps < 1 for p in phases):
            raise ValueError("the steps of a phase must be at least 1")
        params = list(params)
        super().__init__(params, {})
        self.optimizers = [phase.optimizer(params) for phase in phases]
        self.lengths = [phase.steps for phase in phases]
        self.count = 0
        self._expose()

    @property
    def active(self) -> Optimizer:
        """The optimiser of the next step; the last one once the phases are over."""
        end = 0
        for optimizer, steps in zip(self.optimizers, self.lengths, strict=True):
            end += steps or 0
            if steps is None or self.count < end:
                return optimizer
        return self.optimizers[-1]

    def ahead(self, total: int) -> list[tuple[str, int]]:
        """The rest of each phase that is not over: the name of its optimiser and its steps.

        Args:
            total: Steps of the whole run, where the last phase ends.
        """
        left, begin = [], 0
        for k, (optimizer, steps) in enumerate(zip(self.optimizers, self.lengths, strict=True)):
            last = steps is None or k == len(self.lengths) - 1
            end = total if last else min(total, begin + (steps or 0))
            if end > max(begin, self.count):
                left.append((type(optimizer).__name__, end - max(begin, self.count)))
            begin = end
        return left

    def _expose(self) -> None:
        # Learning-rate monitors and Lightning read these two of any optimiser.
        self.param_groups = self.active.param_groups
        self.state = self.active.state

    def step(self, closure: Callable[[], Any] | None = None) -> Tensor | None:  # type: ignore[override]
        """Take one step of the active optimiser."""
        loss: Tensor | None = self.active.step(closure)  # type: ignore[assignment]
        self.count += 1
        self._expose()
        return loss

    def state_dict(self) -> dict[str, Any]:
        """The position in the schedule and the state of every phase."""
        return {"count": self.count, "phases": [o.state_dict() for o in self.optimizers]}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Restore what :meth:`state_dict` returned."""
        self.count = state_dict["count"]
        for optimizer, state in zip(self.optimizers, state_dict["phases"], strict=True):
            optimizer.load_state_dict(state)
        self._expose()
