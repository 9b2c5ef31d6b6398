"""Averages of weights that start at a given step and keep precision, which Lightning's do not.

Until averaging begins Lightning validates, keeps and hands over the initial weights in place of
those that train (lightning issue 21724); and it copies the module before the trainer converts it,
so that the average of a float64 run is rounded to float32.
"""

from collections.abc import Iterator
from itertools import chain
from typing import Any

import torch
from lightning.pytorch import Callback, LightningModule, Trainer
from lightning.pytorch.callbacks import WeightAveraging
from torch import Tensor
from torch.optim.swa_utils import AveragedModel

__all__ = ["AverageFollows", "with_followers"]


class AverageFollows(Callback):
    """Keep an average equal to the trained weights until averaging begins, in their precision.

    Its place is in front of the average's own callback.

    Args:
        averaging: Lightning's callback.
    """

    def __init__(self, averaging: WeightAveraging) -> None:
        self.averaging = averaging

    @property
    def average(self) -> AveragedModel:
        """The averaged module, which exists while a run is fitted."""
        found = self.averaging._average_model
        assert found is not None
        return found

    def _pairs(self, pl_module: LightningModule) -> Iterator[tuple[Tensor, Tensor]]:
        """Averaged and trained tensors."""
        copies = self.average.module
        trained = chain(pl_module.parameters(), pl_module.buffers())
        return zip(chain(copies.parameters(), copies.buffers()), trained, strict=True)

    def on_load_checkpoint(
        self, trainer: Trainer, pl_module: LightningModule, checkpoint: dict[str, Any]
    ) -> None:
        if self.averaging._average_model is not None:  # before it is filled
            self._convert(pl_module)

    def on_fit_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        self._convert(pl_module)

    def _convert(self, pl_module: LightningModule) -> None:
        for average, trained in self._pairs(pl_module):
            average.data = average.data.to(trained.dtype)

    @torch.no_grad()
    def _follow(self, pl_module: LightningModule) -> None:
        if int(self.average.n_averaged) == 0:
            for average, trained in self._pairs(pl_module):
                average.copy_(trained)

    def on_validation_epoch_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        if trainer.state.fn == "fit":
            self._follow(pl_module)

    def on_save_checkpoint(
        self, trainer: Trainer, pl_module: LightningModule, checkpoint: dict[str, Any]
    ) -> None:
        if self.averaging._average_model is not None:
            self._follow(pl_module)

    def on_train_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        self._follow(pl_module)


def with_followers(callbacks: list[Callback]) -> list[Callback]:
    """Callbacks, each average behind one that lets it follow."""
    found: list[Callback] = []
    for each in callbacks:
        if isinstance(each, WeightAveraging):
            found.append(AverageFollows(each))
        found.append(each)
    return found
