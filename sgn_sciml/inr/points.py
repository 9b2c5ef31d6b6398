"""The choice of measurements of a signal for a training step."""

import math
from abc import ABC, abstractmethod
from typing import Any, ClassVar

import torch
from torch import Tensor

from sgn_sciml.inr.signal_task import SignalTask

__all__ = ["CoarseToFine", "ErrorDriven", "Points", "RandomPoints", "Whole"]


def on_device(numbers: Tensor, device: torch.device) -> Tensor:
    """Numbers made on the CPU, on a device, without waiting for it."""
    if device.type == "cuda":
        return numbers.pin_memory().to(device, non_blocking=True)
    return numbers.to(device)


class Points(ABC):
    """A choice of measurements for each step.

    Attributes:
        spans_run: Whether choices depend on the number of steps of the whole run, so that a run
            that was planned for some cannot go on to more of them.
    """

    spans_run: ClassVar[bool] = False

    @abstractmethod
    def choose(
        self, points: Tensor, values: Tensor, task: SignalTask, step: int, steps: int, seed: int
    ) -> Tensor | None:
        """Choose for one step.

        Args:
            points: Where all measurements were made.
            values: What they gave.
            task: The task that trains.
            step: Number of the step.
            steps: Steps of the whole run, -1 if unlimited.
            seed: Seed of the step.

        Returns:
            Their numbers, or None for all.
        """

    def state_dict(self) -> dict[str, Any]:
        """What a resumed run needs to choose as this one would have."""
        return {}

    def load_state_dict(self, state: dict[str, Any]) -> None:  # noqa: B027  most have none
        """Restore what :meth:`state_dict` returned."""

    def __repr__(self) -> str:
        found = ", ".join(f"{k}={v}" for k, v in vars(self).items() if not k.startswith("_"))
        return f"{type(self).__name__}({found})"


class Whole(Points):
    """All measurements."""

    def choose(
        self, points: Tensor, values: Tensor, task: SignalTask, step: int, steps: int, seed: int
    ) -> Tensor | None:
        return None


class RandomPoints(Points):
    """Some measurements, drawn anew for each step.

    Args:
        count: How many.

    Raises:
        ValueError: If the count is below 1.
    """

    def __init__(self, count: int = 16384) -> None:
        if count < 1:
            raise ValueError(f"count must be at least 1, got {count}")
        self.count = count

    def choose(
        self, points: Tensor, values: Tensor, task: SignalTask, step: int, steps: int, seed: int
    ) -> Tensor | None:
        generator = torch.Generator().manual_seed(seed)
        chosen = torch.randint(len(points), (self.count,), generator=generator)
        return on_device(chosen, points.device)


class CoarseToFine(Points):
    """Every k-th sample along each axis, from a random first one; k is halved until it is 1.

    Early steps are cheap, and all samples have their turn.

    Args:
        coarsest: The k of the first step, a power of two.
        until: Share of the run after which steps take all samples.

    Raises:
        ValueError: If a number is out of range.
    """

    spans_run = True

    def __init__(self, coarsest: int = 4, until: float = 0.5) -> None:
        if coarsest < 1 or coarsest & (coarsest - 1) or not 0 < until <= 1:
            raise ValueError(
                "CoarseToFine needs a power of two as coarsest and 0 < until <= 1: "
                f"{coarsest}, {until}"
            )
        self.coarsest = coarsest
        self.until = until

    def choose(
        self, points: Tensor, values: Tensor, task: SignalTask, step: int, steps: int, seed: int
    ) -> Tensor | None:
        if len(points) != math.prod(task.grid):
            raise ValueError("CoarseToFine needs all samples of the signal, in one process")
        if steps < 0:
            raise ValueError("CoarseToFine needs the number of steps: set trainer.max_steps")
        levels = self.coarsest.bit_length() - 1
        stride = self.coarsest >> min(levels, int((levels * step) / (self.until * steps)))
        if stride == 1:
            return None
        generator = torch.Generator().manual_seed(seed)
        firsts = torch.randint(stride, (len(task.grid),), generator=generator).tolist()
        # an axis may be shorter than the stride
        kept = (slice(min(k, n - 1), None, stride) for k, n in zip(firsts, task.grid, strict=True))
        chosen = torch.arange(len(points)).reshape(task.grid)[tuple(kept)]
        return on_device(chosen.flatten(), points.device)


class ErrorDriven(Points):
    """The measurements that the network gets most wrong, looked up now and then.

    The share of the measurements that a step takes grows evenly from ``first`` to all.

    Args:
        first: Share at the first step.
        every: Steps between two looks at the errors.

    Raises:
        ValueError: If a number is out of range.

    References:
        Zhang et al., *Nonparametric teaching of implicit neural representations* (2024),
        https://arxiv.org/abs/2405.10531
    """

    spans_run = True

    def __init__(self, first: float = 0.2, every: int = 10) -> None:
        if not 0 < first <= 1 or every < 1:
            raise ValueError(f"ErrorDriven needs 0 < first <= 1, every >= 1: {first}, {every}")
        self.first = first
        self.every = every
        self._chosen: Tensor | None = None
        self._from = -1

    @torch.no_grad()
    def choose(
        self, points: Tensor, values: Tensor, task: SignalTask, step: int, steps: int, seed: int
    ) -> Tensor | None:
        look = step - step % self.every
        if self._chosen is None or self._from != look:
            grown = look / steps if steps > 0 else 0.0
            count = round(len(points) * (self.first + (1 - self.first) * grown))
            parts = zip(
                torch.split(points, task.chunk), torch.split(values, task.chunk), strict=True
            )
            with torch.enable_grad():  # a measurement may differentiate the network
                misfit = torch.cat(
                    [
                        (task.measurement.predict(task.network, x).detach() - y)
                        .flatten(1)
                        .square()
                        .sum(1)
                        for x, y in parts
                    ]
                )
            self._chosen = misfit.topk(max(1, count)).indices
            self._from = look
        self._chosen = self._chosen.to(points.device)  # it may come from a checkpoint
        return self._chosen

    def state_dict(self) -> dict[str, Any]:
        # Chosen by the network as it was at the last look.
        return {"chosen": self._chosen, "from": self._from}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        self._chosen, self._from = state["chosen"], state["from"]
