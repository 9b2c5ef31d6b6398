"""Figures of solution, error and residual, and the file of predicted fields."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from lightning.pytorch import Callback, Trainer
from lightning.pytorch.callbacks import BasePredictionWriter
from torch import Tensor

from sgn_sciml.callbacks.send import send_figure
from sgn_sciml.data import GridFields, write_grid
from sgn_sciml.viz import field_figure

__all__ = ["FieldFigures", "PredictionWriter"]


def _join(parts: Sequence[dict[str, Tensor]]) -> dict[str, Tensor]:
    return {key: torch.cat([part[key] for part in parts]).cpu() for key in parts[0]}


class FieldFigures(Callback):
    """Draw each field of a two-coordinate problem when testing ends: ``figures/<field>.png``.

    Reference, prediction, error and residual on the reference grid, and profiles at five times. In
    a distributed test the figure shows the frames of the first process.
    """

    def __init__(self) -> None:
        self._parts: list[dict[str, Tensor]] = []

    def on_test_start(self, trainer: Trainer, pl_module: Any) -> None:
        self._parts.clear()

    def on_test_batch_end(
        self,
        trainer: Trainer,
        pl_module: Any,
        outputs: Any,
        batch: dict[str, Tensor],
        batch_idx: int,
        dataloader_idx: int = 0,
    ) -> None:
        if "fields" in batch and batch["points"].shape[-1] == 2 and trainer.is_global_zero:
            predicted = pl_module.predict_step(batch, batch_idx)
            self._parts.append({**predicted, "reference": batch["fields"]})

    def on_test_end(self, trainer: Trainer, pl_module: Any) -> None:
        if not self._parts:
            return
        grid = _join(self._parts)
        first, second = pl_module.problem.coordinates
        for i, name in enumerate(pl_module.problem.fields):
            figure = field_figure(
                grid["points"][0, :, 0],
                grid["points"][:, 0, 1],
                grid["reference"][:, i],
                grid["fields"][:, i],
                grid["residual"],
                labels=(first, second, name),
            )
            send_figure(trainer, name, figure)


class PredictionWriter(BasePredictionWriter):
    """Write the predicted fields of a two-coordinate problem to a grid file.

    Args:
        path: File to write.
    """

    def __init__(self, path: Path = Path("predictions.h5")) -> None:
        super().__init__("epoch")
        self.path = path

    def write_on_epoch_end(
        self,
        trainer: Trainer,
        pl_module: Any,
        predictions: Sequence[Any],
        batch_indices: Sequence[Any],
    ) -> None:
        problem = pl_module.problem
        if trainer.world_size > 1:
            raise ValueError("predict writes one file: run it with --trainer.devices 1")
        if len(problem.coordinates) != 2:
            raise ValueError(f"predict writes two coordinates, got {problem.coordinates}")
        grid = _join(predictions)
        points = grid["points"]
        coordinates = {
            problem.coordinates[0]: points[0, :, 0],
            problem.coordinates[-1]: points[:, 0, -1],
        }
        fields = {name: grid["fields"][:, i].T for i, name in enumerate(problem.fields)}
        fields["residual"] = grid["residual"].T
        found = GridFields(coordinates, fields, problem.law, problem.parameters)
        print(f"wrote {write_grid(self.path, found)}")
