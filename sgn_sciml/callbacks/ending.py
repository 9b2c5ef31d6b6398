"""A guard against training without end, which only the loaders can tell."""

import math

from lightning.pytorch import Callback, LightningModule, Trainer
from lightning.pytorch.callbacks import Timer

from sgn_sciml.callbacks.budget import TimeBudget

__all__ = ["EndOfTraining"]


class EndOfTraining(Callback):
    """Refuse a budget of epochs for data that have none, such as collocation points."""

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Look at the loaders.

        Raises:
            ValueError: If an epoch never ends and nothing else ends the training.
        """
        timed = any(isinstance(each, (Timer, TimeBudget)) for each in trainer.callbacks)  # type: ignore[attr-defined]
        if trainer.max_steps == -1 and math.isinf(trainer.num_training_batches) and not timed:
            raise ValueError(
                "these data are drawn anew in every step and have no epochs to count: set "
                "trainer.max_steps, or a time by --budget 90s, instead of trainer.max_epochs"
            )
