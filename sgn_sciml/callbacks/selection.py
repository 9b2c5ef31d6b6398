"""Activations of a pool of which the useful ones are kept while training."""

from typing import Any

from lightning.pytorch import Callback, LightningModule, Trainer

from sgn_sciml.layers import Selectable

__all__ = ["SelectActivations"]


class SelectActivations(Callback):
    """Leave each channel of :class:`~sgn_sciml.layers.Selectable` its best activations alone.

    Args:
        step: Step before which that is done, once.
        keep: Number of activations of each channel.

    Raises:
        ValueError: If there is no step, nothing is kept, or, as training starts, the network has
            no such layer.
    """

    def __init__(self, step: int = 1000, keep: int = 1) -> None:
        if step < 1 or keep < 1:
            raise ValueError(f"SelectActivations: need step, keep >= 1, got {step} and {keep}")
        self.step = step
        self.keep = keep

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        self.layers = [m for m in pl_module.modules() if isinstance(m, Selectable)]
        if not self.layers:
            raise ValueError("SelectActivations: no activation of the network is Selectable")

    def on_train_batch_start(
        self, trainer: Trainer, pl_module: LightningModule, *_: Any, **__: Any
    ) -> None:
        if trainer.global_step == self.step:
            for layer in self.layers:
                layer.select(self.keep)
