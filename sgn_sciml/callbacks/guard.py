"""Guards of a training run: stop at the first NaN, and stop cleanly at Ctrl-C."""

import math
import signal
import threading
from pathlib import Path
from types import FrameType
from typing import Any

import torch
from lightning.pytorch import Callback, Trainer
from lightning.pytorch.callbacks import Checkpoint
from torch import Tensor

__all__ = ["FiniteLoss", "LastCheckpoint", "NonFiniteError"]


class NonFiniteError(ValueError):
    """A loss term or a weight became NaN or infinite."""


class FiniteLoss(Callback):
    """Stop when a loss term becomes NaN or infinite, and let no such state into a checkpoint.

    The first bad step of each term is noted on the device, without synchronisation; the note is
    read every few steps and before each checkpoint.

    Args:
        every: Steps between reads.
    """

    def __init__(self, every: int = 50) -> None:
        self.every = every
        self.first_bad: Tensor | None = None

    def on_train_batch_end(
        self,
        trainer: Trainer,
        pl_module: Any,
        outputs: Any,
        batch: Any,
        batch_idx: int,
    ) -> None:
        values = pl_module.term_values
        if self.first_bad is None or self.first_bad.shape != values.shape:
            self.first_bad = torch.full_like(values, -1, dtype=torch.long)
        bad = ~values.isfinite() & (self.first_bad < 0)
        self.first_bad = torch.where(bad, trainer.global_step, self.first_bad)
        if trainer.global_step % self.every == 0:
            self.check(trainer, pl_module)

    def check(self, trainer: Trainer, pl_module: Any) -> None:
        """Read the note.

        Raises:
            NonFiniteError: Naming the first bad step and term.
        """
        if self.first_bad is None:
            return
        for name, step in zip(pl_module.terms, self.first_bad.tolist(), strict=True):
            if step >= 0:
                raise NonFiniteError(
                    f"the loss term '{name}' became NaN or infinite at step {step}; "
                    f"{self._kept(trainer)}. Try a lower learning rate or float64"
                )

    def on_save_checkpoint(
        self, trainer: Trainer, pl_module: Any, checkpoint: dict[str, Any]
    ) -> None:
        self.check(trainer, pl_module)
        for name, p in pl_module.named_parameters():
            if not p.isfinite().all():
                raise NonFiniteError(
                    f"the weight '{name}' became NaN or infinite by step {trainer.global_step}; "
                    f"{self._kept(trainer)}. Try a lower learning rate or float64"
                )

    def on_train_end(self, trainer: Trainer, pl_module: Any) -> None:
        self.check(trainer, pl_module)

    @staticmethod
    def _kept(trainer: Trainer) -> str:
        callbacks = trainer.checkpoint_callbacks
        paths = [getattr(c, "path", getattr(c, "best_model_path", "")) for c in callbacks]
        kept = sorted(str(p) for p in paths if Path(p).is_file())
        return f"kept {' and '.join(kept)}" if kept else "no checkpoint had been written yet"


class LastCheckpoint(Checkpoint):
    """Keep ``last.ckpt``: every few steps, at the end, and at Ctrl-C, which makes an end.

    Where a validation follows the step it is written after that, so that a resumed run neither
    lacks nor repeats it. The last one is written within its epoch as well: later the epoch counts
    as done, and a resumed run would leave out the rest of it.

    Args:
        path: Where to write it.
        every: Steps between writes.
    """

    def __init__(self, path: Path, every: int = 50) -> None:
        self.path = path
        self.every = every
        self.requested = False
        self._due = self._written = False
        self._step = -1  # of the last write
        self._previous: Any = None

    def _handle(self, number: int, frame: FrameType | None) -> None:
        if self.requested:
            raise KeyboardInterrupt
        self.requested = True
        print("\nStopping after this step (Ctrl-C again stops at once) ...", flush=True)

    def on_fit_start(self, trainer: Trainer, pl_module: Any) -> None:
        if threading.current_thread() is threading.main_thread():
            self._previous = signal.signal(signal.SIGINT, self._handle)

    def on_train_batch_start(
        self, trainer: Trainer, pl_module: Any, batch: Any, batch_idx: int
    ) -> None:
        if self._written:  # what was logged up to the checkpoint, should a kill come
            for logger in trainer.loggers:
                logger.save()
            self._written = False

    def on_train_batch_end(
        self, trainer: Trainer, pl_module: Any, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        stop = self.requested
        if trainer.world_size > 1:  # all processes stop at one step; they agree now and then
            meet = trainer.global_step % 10 == 0
            stop = meet and trainer.strategy.reduce_boolean_decision(stop, all=False)
        trainer.should_stop = trainer.should_stop or stop
        self._due = self._due or trainer.global_step % self.every == 0 or _ends(trainer)
        interval = trainer.val_check_batch or math.inf
        if (trainer.fit_loop.total_batch_idx + 1) % interval != 0:  # no validation follows
            self._save(trainer)

    def on_validation_end(self, trainer: Trainer, pl_module: Any) -> None:
        if trainer.state.fn == "fit" and not trainer.sanity_checking:
            self._due = self._due or _ends(trainer)  # a stop brings a validation of its own
        self._save(trainer)

    def _save(self, trainer: Trainer) -> None:
        if self._due:
            trainer.save_checkpoint(self.path)
            self._due, self._written = False, True
            self._step = trainer.global_step

    def on_train_end(self, trainer: Trainer, pl_module: Any) -> None:
        self._due = self._step != trainer.global_step
        self._save(trainer)

    def teardown(self, trainer: Trainer, pl_module: Any, stage: str) -> None:
        if self._previous is not None:
            signal.signal(signal.SIGINT, self._previous)
            self._previous = None


def _ends(trainer: Trainer) -> bool:
    """Whether training ends with this step."""
    steps, epochs = trainer.max_steps, trainer.max_epochs
    last_epoch = epochs is not None and 0 <= epochs <= trainer.current_epoch + 1
    return (
        trainer.should_stop
        or 0 <= steps <= trainer.global_step
        or (last_epoch and trainer.is_last_batch)
    )
