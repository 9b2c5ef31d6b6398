"""Frequencies of an encoding that come in one after another."""

from typing import Any

from lightning.pytorch import Callback, LightningModule, Trainer

from sgn_sciml.layers import Progressive

__all__ = ["ProgressiveFrequencies"]


class ProgressiveFrequencies(Callback):
    """Move the masks of :class:`~sgn_sciml.layers.Progressive` encodings while training.

    Args:
        until: Step from which all frequencies are let in.
        start: Share of them at the first step.

    Raises:
        ValueError: If there is no step, the share is not in [0, 1], or, as training starts, the
            network has no such encoding.
    """

    def __init__(self, until: int = 1000, start: float = 0.1) -> None:
        if until < 1 or not 0 <= start <= 1:
            raise ValueError(f"need until >= 1 and 0 <= start <= 1, got {until} and {start}")
        self.until = until
        self.start = start

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        self.encodings = [m for m in pl_module.modules() if isinstance(m, Progressive)]
        if not self.encodings:
            raise ValueError(
                "ProgressiveFrequencies: no encoding of the network is a Progressive one"
            )

    def on_train_batch_start(
        self, trainer: Trainer, pl_module: LightningModule, *_: Any, **__: Any
    ) -> None:
        passed = min(trainer.global_step / self.until, 1.0)
        for encoding in self.encodings:
            encoding.set_progress(self.start + (1 - self.start) * passed)
