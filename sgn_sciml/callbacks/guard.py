"""Guards of a training run: stop at the first NaN, and stop cleanly at Ctrl-C."""

import signal
import threading
from pathlib import Path
from types import FrameType
from typing import Any

import torch
from lightning.pytorch import Callback, Trainer
from torch import Tensor

__all__ = ["FinalCheckpoint", "FiniteLoss", "NonFiniteError"]


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
        values = getattr(pl_module, "term_values", None)
        if values is None:
            return
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
        paths = [Path(getattr(c, "best_model_path", "")) for c in trainer.checkpoint_callbacks]
        kept = sorted(str(p) for p in paths if p.is_file())
        return f"kept {' and '.join(kept)}" if kept else "no checkpoint had been written yet"


class FinalCheckpoint(Callback):
    """Write ``last.ckpt`` at the last step, and turn the first Ctrl-C into a last step.

    Args:
        checkpoint: Where to write it.
    """

    def __init__(self, checkpoint: Path) -> None:
        self.checkpoint = checkpoint
        self.requested = False
        self._previous: Any = None

    def _handle(self, number: int, frame: FrameType | None) -> None:
        if self.requested:
            raise KeyboardInterrupt
        self.requested = True
        print("\nStopping after this step (Ctrl-C again stops at once) ...", flush=True)

    def on_fit_start(self, trainer: Trainer, pl_module: Any) -> None:
        if threading.current_thread() is threading.main_thread():
            self._previous = signal.signal(signal.SIGINT, self._handle)

    def on_train_batch_end(
        self,
        trainer: Trainer,
        pl_module: Any,
        outputs: Any,
        batch: Any,
        batch_idx: int,
    ) -> None:
        over = trainer.global_step == trainer.max_steps
        if over or (self.requested and not trainer.should_stop):
            trainer.save_checkpoint(self.checkpoint)
            trainer.should_stop = True

    def teardown(self, trainer: Trainer, pl_module: Any, stage: str) -> None:
        if self._previous is not None:
            signal.signal(signal.SIGINT, self._previous)
            self._previous = None
