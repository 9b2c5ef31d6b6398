"""Figures of solution, error and residual."""

from collections.abc import Sequence
from typing import Any

from lightning.pytorch import Callback, Trainer
from matplotlib.figure import Figure
from torch import Tensor

from sgn_sciml.pde import Problem
from sgn_sciml.pinn.writer import grid_axes, join_batches, whole_field
from sgn_sciml.runs.loggers import send_figure
from sgn_sciml.viz import curve_figure, field_figure, map_figure
from sgn_sciml.viz.volumes import volume_figure

__all__ = ["FieldFigures", "solution_figure"]


def solution_figure(
    problem: Problem,
    axes: Sequence[Tensor],
    truth: Tensor,
    found: Tensor,
    residual: Tensor,
    name: str,
) -> Figure:
    """Reference, solution, error and residual of a field.

    Args:
        problem: The problem, of one or two coordinates, or steady of three.
        axes: Values of each coordinate.
        truth: The reference on their grid.
        found: The solution there.
        residual: The size of its residual there.
        name: The field.
    """
    shown = (truth, found, residual)
    if len(axes) == 1:
        return curve_figure(axes[0], *shown, labels=(problem.coordinates[0], name))
    if len(axes) == 3:
        return volume_figure(truth, found, problem.coordinates, residual, axes)
    first, second = problem.coordinates
    draw = field_figure if problem.evolving else map_figure
    return draw(axes[0], axes[1], *shown, labels=(first, second, name))


def has_figure(problem: Problem) -> bool:
    """Whether its fields can be drawn on a page."""
    d = len(problem.coordinates)
    return d <= 2 or (d == 3 and not problem.evolving)


class FieldFigures(Callback):
    """Draw each field when testing ends: ``figures/<field>.png``.

    Reference, prediction, error and residual on the reference grid: as curves over one coordinate,
    as maps over two, with profiles at five times where the second one is time, as slices through
    the middle of a steady problem of three. Others have no figure. In a distributed test the
    figure shows the frames of the first process.
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
        if "fields" in batch and has_figure(pl_module.problem) and trainer.is_global_zero:
            predicted = pl_module.predict_step(batch, batch_idx)
            self._parts.append({**predicted, "reference": batch["fields"]})

    def on_test_end(self, trainer: Trainer, pl_module: Any) -> None:
        if not self._parts:
            return
        frames = join_batches(self._parts)
        problem = pl_module.problem
        axes = list(grid_axes(problem, frames["points"]).values())
        residual = whole_field(problem, frames["residual"])
        for i, name in enumerate(problem.fields):
            truth, guess = (
                whole_field(problem, frames[key][:, i]) for key in ("reference", "fields")
            )
            send_figure(
                trainer, name, solution_figure(problem, axes, truth, guess, residual, name)
            )
