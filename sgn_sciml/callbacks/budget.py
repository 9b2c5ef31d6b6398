"""A budget of steps or seconds; the first steps tell how many fit into a time."""

import time
from typing import Any

from lightning.pytorch import Callback, Trainer

__all__ = ["TimeBudget", "read_budget"]

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
    """End training after a time, validations within it included.

    After a few steps the number that fits is known, and known better after the first validation:
    it becomes the run's ``max_steps``, and a task that has a ``schedule`` follows it to the end. A
    run that goes on keeps the number.

    Args:
        seconds: Seconds of training.
        tried: Steps after which the number is found; the first is left out, being slower.
    """

    def __init__(self, seconds: float, tried: int = 10) -> None:
        self.seconds = seconds
        self.tried = tried
        self.spent = 0.0
        self.steps: int | None = None
        self._start = self._first = self._validating = 0.0
        self._validated = False
        self._trainer: Any = None

    def setup(self, trainer: Trainer, pl_module: Any, stage: str) -> None:
        self._trainer = trainer

    def on_train_start(self, trainer: Trainer, pl_module: Any) -> None:
        self._start = time.perf_counter()

    def elapsed(self) -> float:
        """Seconds of training so far, those before a resumption included."""
        return self.spent + time.perf_counter() - self._start

    def on_train_batch_end(self, trainer: Any, pl_module: Any, *args: Any) -> None:
        step = trainer.global_step
        if step == 1:
            self._first = self.elapsed()
        elif step == self.tried and self.steps is None:
            self._plan(trainer, pl_module, 0.0)
        # A machine that became slower must not run on; processes agree now and then.
        if trainer.world_size == 1 or step % 10 == 0:
            over = self.elapsed() > 1.05 * self.seconds
            over = trainer.strategy.reduce_boolean_decision(over, all=False)
            trainer.should_stop = trainer.should_stop or over

    def on_validation_start(self, trainer: Trainer, pl_module: Any) -> None:
        self._validating -= time.perf_counter()

    def on_validation_end(self, trainer: Any, pl_module: Any) -> None:
        self._validating += time.perf_counter()
        if not self._validated and trainer.state.fn == "fit" and trainer.global_step > 1:
            self._plan(trainer, pl_module, self._validating / trainer.global_step)
            self._validated = True

    def _plan(self, trainer: Any, pl_module: Any, validating: float) -> None:
        """Fix the number of steps, given the seconds of validation that come on each."""
        step, elapsed = trainer.global_step, self.elapsed()
        each = (elapsed - self._validating - self._first) / (step - 1) + validating
        steps = step + max(0, int((self.seconds - elapsed) / max(each, 1e-9)))
        steps = trainer.strategy.broadcast(steps)
        self.steps = steps
        trainer.fit_loop.epoch_loop.max_steps = steps
        for config in trainer.lr_scheduler_configs if pl_module.schedule is not None else ():
            optimizer, done = config.scheduler.optimizer, config.scheduler.last_epoch
            for group in optimizer.param_groups:
                group["lr"] = group.pop("initial_lr")
            config.scheduler = pl_module.schedule(optimizer, steps)
            for _ in range(done):
                config.scheduler.step()

    def state_dict(self) -> dict[str, Any]:
        return {"spent": self.elapsed(), "steps": self.steps, "validated": self._validated}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        self.spent, self.steps = state_dict["spent"], state_dict["steps"]
        self._validated = state_dict["validated"]
        if self.steps is not None and self._trainer is not None:
            self._trainer.fit_loop.epoch_loop.max_steps = self.steps
