"""Figures of solution, error and residual, and the file of predicted fields."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from lightning.pytorch import Callback, Trainer
from lightning.pytorch.callbacks import BasePredictionWriter
from torch import Tensor

from sgn_sciml.layouts import GridFields, write_grid
from sgn_sciml.runs.loggers import send_figure
from sgn_sciml.viz import curve_figure, field_figure, map_figure

__all__ = ["FieldFigures", "PredictionWriter"]


def _join(parts: Sequence[dict[str, Tensor]]) -> dict[str, Tensor]:
    return {key: torch.cat([part[key] for part in parts]).cpu() for key in parts[0]}


def _whole(problem: Any, frames: Tensor) -> Tensor:
    """Values of frames, ``(frames, *space)``, with one axis per coordinate of the problem."""
    return frames.movedim(0, -1) if problem.evolving else frames[0]


def _axes(problem: Any, points: Tensor) -> dict[str, Tensor]:
    """The coordinates of a grid from the points of its frames, ``(frames, *space, d)``."""
    axes = {}
    for i, name in enumerate(problem.coordinates):
        column = _whole(problem, points[..., i])
        axes[name] = column.movedim(i, -1).flatten(0, -2)[0] if column.ndim > 1 else column
    return axes


class FieldFigures(Callback):
    """Draw each field when testing ends: ``figures/<field>.png``.

    Reference, prediction, error and residual on the reference grid: as curves over one coordinate,
    as maps over two, with profiles at five times where the second one is time. Problems of more
    coordinates have no figure. In a distributed test the figure shows the frames of the first
    process.
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
        if "fields" in batch and batch["points"].shape[-1] <= 2 and trainer.is_global_zero:
            predicted = pl_module.predict_step(batch, batch_idx)
            self._parts.append({**predicted, "reference": batch["fields"]})

    def on_test_end(self, trainer: Trainer, pl_module: Any) -> None:
        if not self._parts:
            return
        frames = _join(self._parts)
        problem = pl_module.problem
        axes = list(_axes(problem, frames["points"]).values())
        residual = _whole(problem, frames["residual"])
        for i, name in enumerate(problem.fields):
            truth, guess = (_whole(problem, frames[key][:, i]) for key in ("reference", "fields"))
            shown = (truth, guess, residual)
            if len(axes) == 1:
                figure = curve_figure(axes[0], *shown, labels=(problem.coordinates[0], name))
            else:
                first, second = problem.coordinates
                draw = field_figure if problem.evolving else map_figure
                figure = draw(axes[0], axes[1], *shown, labels=(first, second, name))
            send_figure(trainer, name, figure)


class PredictionWriter(BasePredictionWriter):
    """Write the predicted fields and the residual to a grid file.

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
        frames = _join(predictions)
        fields = {
            name: _whole(problem, frames["fields"][:, i]) for i, name in enumerate(problem.fields)
        }
        fields["residual"] = _whole(problem, frames["residual"])
        axes = _axes(problem, frames["points"])
        found = GridFields(axes, fields, problem.law, problem.parameters)
        print(f"wrote {write_grid(self.path, found)}")
