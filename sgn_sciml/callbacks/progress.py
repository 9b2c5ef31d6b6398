"""A progress bar in steps: an endless loader has no epochs to count."""

import time
from typing import Any

from lightning.pytorch import LightningModule, Trainer
from lightning.pytorch.callbacks import TQDMProgressBar
from lightning.pytorch.callbacks.progress.tqdm_progress import Tqdm

from sgn_sciml.optim import Phases

__all__ = ["StepProgress"]


class StepProgress(TQDMProgressBar):
    """One bar over ``max_steps`` with the time left; validation within training has none.

    Where optimisers follow one another, a step of one may cost many times that of another: the
    time left is then that of the present phase, by its own steps, and of those that follow the bar
    tells the number of steps.

    A signal's bar shows the peak signal-to-noise ratio of the last validation.

    Args:
        refresh_rate: Steps between refreshes.
    """

    def __init__(self, refresh_rate: int = 10) -> None:
        super().__init__(refresh_rate=refresh_rate)
        self._phases = 0  # ahead, when the clock of the present one was set
        self._clock = (0, 0.0)  # step and time after the first step of a phase, which is slower

    @property
    def total_train_batches(self) -> int | float:
        """The step budget where there is one."""
        steps = self.trainer.max_steps
        return steps if steps > 0 else super().total_train_batches

    def init_validation_tqdm(self) -> Tqdm:
        within = self.trainer.state.fn == "fit"
        return Tqdm(disable=True) if within else super().init_validation_tqdm()

    def on_train_epoch_start(self, trainer: Trainer, *args: Any) -> None:
        if trainer.max_steps <= 0:
            super().on_train_epoch_start(trainer, *args)
        elif self.train_progress_bar.total is None:  # one bar for all epochs
            super().on_train_epoch_start(trainer, *args)
            self.train_progress_bar.initial = self.train_progress_bar.n = trainer.global_step
            self.train_progress_bar.set_description("Training")

    def on_train_batch_end(
        self,
        trainer: Trainer,
        pl_module: LightningModule,
        outputs: Any,
        batch: Any,
        batch_idx: int,
    ) -> None:
        done = trainer.global_step - 1 if trainer.max_steps > 0 else batch_idx
        if trainer.max_steps > 0:  # a budget in seconds finds it on the way
            self.train_progress_bar.total = trainer.max_steps
            for each in trainer.optimizers:
                if isinstance(each, Phases):
                    left = self._left(each, trainer.max_steps, time.perf_counter())
                    bar_format = self.BAR_FORMAT.replace("{remaining}", left)
                    self.train_progress_bar.bar_format = bar_format
        super().on_train_batch_end(trainer, pl_module, outputs, batch, done)

    def _left(self, phases: Phases, total: int, now: float) -> str:
        """The time left of the present phase, and the steps of those that follow."""
        ahead = phases.ahead(total)
        if not ahead:
            return "00:00"
        if len(ahead) != self._phases:  # before the first step of another phase
            self._phases, self._clock = len(ahead), (-1, now)
        elif self._clock[0] < 0:
            self._clock = (phases.count, now)
        first, since = self._clock
        known = 0 <= first < phases.count
        seconds = (now - since) / (phases.count - first) if known else 0.0
        present = Tqdm.format_interval(seconds * ahead[0][1]) if known else "?"
        return " + ".join([present, *(f"{steps} steps of {name}" for name, steps in ahead[1:])])

    def get_metrics(
        self, trainer: Trainer, pl_module: LightningModule
    ) -> dict[str, int | str | float | dict[str, float]]:
        metrics = super().get_metrics(trainer, pl_module)
        metrics.pop("v_num", None)
        psnr = trainer.callback_metrics.get("val/psnr")
        if psnr is not None:  # of the last validation
            metrics["PSNR"] = f"{psnr:.1f} dB"
        return metrics
