"""A budget of steps or seconds; the first steps tell how many fit into a time."""

import math
import time
from typing import Any

from lightning.pytorch import Callback, Trainer

from sgn_sciml.optim import Schedule

__all__ = ["TimeBudget", "read_budget"]

CHANGE = 0.05  # of the number of steps, for which a schedule is not made anew
UNITS = {"s": 1.0, "m": 60.0, "h": 3600.0}


def read_budget(text: str) -> tuple[int | None, float | None]:
    """Steps or seconds of a budget such as ``300``, ``90s``, ``5m`` or ``1.5h``.

    Raises:
        ValueError: If it is none.

    Example:
        >>> read_budget("300"), read_budget("1.5m")
        ((300, None), (None, 90.0))
    """
    number, unit = text.rstrip("smh"), text.lstrip("0123456789.")
    try:
        if unit == "" and int(number) > 0:
            return int(number), None
        if unit in UNITS and float(number) > 0:
            return None, float(number) * UNITS[unit]
    except ValueError:
        pass
    raise ValueError(f"a budget is a number of steps or a time (300, 90s, 5m, 1h), got {text!r}")


class TimeBudget(Callback):
    """End training within a time, validations included.

    After a few steps the number that fits is known. It becomes the run's ``max_steps`` and is
    found anew whenever an eighth of the steps or of the time that were left has passed, by the
    cost of the steps since, so that a machine that is busy only at first, or only later, is kept
    busy for the whole time and no longer. A task that has a ``schedule`` follows the number to its
    end, unless it changes by a few per cent only. A run that goes on keeps the number.

    Args:
        seconds: Seconds of training.
        tried: Steps after which the number is found; the first is left out, being slower.
    """

    def __init__(self, seconds: float, tried: int = 10) -> None:
        self.seconds = seconds
        self.tried = tried
        self.spent = 0.0
        self.steps: int | None = None
        self._start = self._validating = self._last_validation = 0.0
        self._validations = 0
        self._since = (0, 0.0)  # step and seconds without validations of the last look
        self._due = (tried, math.inf)  # step and seconds of the next one
        self._each = 0.0  # seconds of a step
        self._first, self._restored = True, False
        self._trainer: Any = None

    def setup(self, trainer: Trainer, pl_module: Any, stage: str) -> None:
        self._trainer = trainer

    def on_train_start(self, trainer: Trainer, pl_module: Any) -> None:
        self._start = time.perf_counter()
        step = trainer.global_step
        self._since = (step, self._training())
        self._due = (step + self.tried, math.inf)

    def elapsed(self) -> float:
        """Seconds of training so far, those before a resumption included."""
        return self.spent + time.perf_counter() - self._start

    def _training(self) -> float:
        """The same without validations."""
        return self.elapsed() - self._validating

    def on_train_batch_end(self, trainer: Any, pl_module: Any, *args: Any) -> None:
        step = trainer.global_step
        if self._first:  # slower than others
            self._first, self._since = False, (step, self._training())
        if trainer.world_size > 1 and step % 10 != 0:  # processes agree now and then
            return
        agree = trainer.strategy.reduce_boolean_decision
        due = step >= self._due[0] or self.elapsed() >= self._due[1]
        if agree(due, all=False) and step > self._since[0] and not self._restored:
            self._plan(trainer, pl_module)
        over = self.elapsed() + self._each + self._last_validation > self.seconds
        over = agree(over, all=False)
        if trainer.max_steps < 0 or step < trainer.max_steps:
            trainer.should_stop = trainer.should_stop or over

    def on_validation_start(self, trainer: Trainer, pl_module: Any) -> None:
        self._began = time.perf_counter()

    def on_validation_end(self, trainer: Any, pl_module: Any) -> None:
        self._last_validation = time.perf_counter() - self._began
        self._validating += self._last_validation
        self._validations += 1
        step = trainer.global_step
        if self._validations == 1 and trainer.state.fn == "fit" and step > self._since[0] > 0:
            self._due = (step, self._due[1])  # its cost is known now

    def _plan(self, trainer: Any, pl_module: Any) -> None:
        """Find the number of steps by the cost of those since the last look."""
        step, elapsed = trainer.global_step, self.elapsed()
        since, seconds = self._since
        self._each = (self._training() - seconds) / (step - since)
        each = max(self._each + self._validating / step, 1e-9)
        steps = step + max(0, int((self.seconds - elapsed) / each))
        steps = trainer.strategy.broadcast(steps)
        self._since = (step, self._training())
        self._due = (
            step + max((steps - step) // 8, steps // 100, 1),
            elapsed + max((self.seconds - elapsed) / 8, self.seconds / 100),
        )
        known = self.steps
        follows = pl_module.schedule is not None and pl_module.schedule.spans_run
        if follows and known is not None and abs(steps - known) <= CHANGE * known:
            return
        self.steps = steps
        trainer.fit_loop.epoch_loop.max_steps = steps
        if pl_module.schedule is not None:
            pl_module.planned_steps = steps
            for config in trainer.lr_scheduler_configs:
                follow(config, pl_module.schedule, steps)

    def state_dict(self) -> dict[str, Any]:
        return {"spent": self.elapsed(), "steps": self.steps}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        self.spent, self.steps = state_dict["spent"], state_dict["steps"]
        if self.steps is not None and self._trainer is not None:
            self._restored = True
            self._trainer.fit_loop.epoch_loop.max_steps = self.steps


def follow(config: Any, schedule: Schedule, steps: int) -> None:
    """Replace a scheduler by that of another number of steps, as far on as it is."""
    optimizer, done = config.scheduler.optimizer, config.scheduler.last_epoch
    for group in optimizer.param_groups:
        group["lr"] = group.pop("initial_lr")
    config.scheduler = schedule(optimizer, steps)
    for _ in range(done):
        config.scheduler.step()
