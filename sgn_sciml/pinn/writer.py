"""The file of a solution that was found: its fields and residual on the reference grid."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from lightning.pytorch import Trainer
from lightning.pytorch.callbacks import BasePredictionWriter
from torch import Tensor

from sgn_sciml.layouts import GridFields, write_grid
from sgn_sciml.pinn.masks import with_mask

__all__ = ["PredictionWriter", "grid_axes", "join_batches", "whole_field"]


def join_batches(parts: Sequence[dict[str, Tensor]]) -> dict[str, Tensor]:
    """Batches of frames as one, on the CPU."""
    return {key: torch.cat([part[key] for part in parts]).cpu() for key in parts[0]}


def whole_field(problem: Any, frames: Tensor) -> Tensor:
    """Values of frames, ``(frames, *space)``, with one axis per coordinate of the problem."""
    return frames.movedim(0, -1) if problem.evolving else frames[0]


def grid_axes(problem: Any, points: Tensor) -> dict[str, Tensor]:
    """The coordinates of a grid from the points of its frames, ``(frames, *space, d)``."""
    axes = {}
    for i, name in enumerate(problem.coordinates):
        column = whole_field(problem, points[..., i])
        axes[name] = column.movedim(i, -1).flatten(0, -2)[0] if column.ndim > 1 else column
    return axes


class PredictionWriter(BasePredictionWriter):
    """Write the predicted fields and the residual to a grid file.

    Outside a problem's geometry they are nan, and ``mask`` is 0 there and 1 inside.

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
        frames = join_batches(predictions)
        fields = {
            name: whole_field(problem, frames["fields"][:, i])
            for i, name in enumerate(problem.fields)
        }
        fields["residual"] = whole_field(problem, frames["residual"])
        axes = grid_axes(problem, frames["points"])
        fields = with_mask(problem, axes, fields)
        found = GridFields(axes, fields, problem.law, problem.parameters)
        print(f"wrote {write_grid(self.path, found)}")
