"""Figures of tested operators."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from lightning.pytorch import Callback
from matplotlib.figure import Figure
from numpy.typing import NDArray
from torch import Tensor

from sgn_sciml.operators.description import OperatorPairs
from sgn_sciml.operators.sample_record import Kept
from sgn_sciml.operators.task import Operator
from sgn_sciml.runs.description import description_of
from sgn_sciml.runs.loggers import run_folder, send_figure
from sgn_sciml.viz import rollout_figure, samples_figure, spectra_figure, transfer_figure

__all__ = ["OperatorFigures"]

Coordinates = dict[str, NDArray[np.float64]]  # of each axis

PANELS = 4  # test sets whose spectra are drawn at most


class OperatorFigures(Callback):
    """Draw what an operator does on its test sets, when testing ends.

    ``figures/samples.png``: the best, a median and the worst samples of the first test set;
    ``spectra.png``: the energy of prediction, truth and error by wavenumber; ``rollout.png``: the
    error of trajectories against time; ``transfer.png``: the error of each test set, if there are
    several. It keeps the samples that it may draw, and an error per sample and frame; those of all
    processes count.

    Args:
        worst: Number of worst samples.

    Raises:
        ValueError: If it is less than one.
    """

    def __init__(self, worst: int = 3) -> None:
        if worst < 1:
            raise ValueError(f"worst must be at least 1, got {worst}")
        self.worst = worst
        self._sets: list[Kept] = []

    def on_test_start(self, trainer: Any, pl_module: Any) -> None:
        axes = getattr(pl_module.network, "axes", None)
        if axes is not None:  # an operator
            metric = pl_module.metrics("val")["spectral"]
            self._sets = [Kept(metric, self.worst, axes) for _ in trainer.num_test_batches]

    def on_test_batch_end(
        self,
        trainer: Any,
        pl_module: Any,
        outputs: Any,
        batch: Any,
        batch_idx: int,
        dataloader_idx: int = 0,
    ) -> None:
        if self._sets:
            known = description_of(trainer, OperatorPairs)
            size = len(outputs["target"]) if known is None else known.batch_size
            number = (batch_idx * trainer.world_size + trainer.global_rank) * size
            self._sets[dataloader_idx].add(outputs, number, keep=dataloader_idx == 0)

    def on_test_epoch_end(self, trainer: Any, pl_module: Any) -> None:
        for tested in self._sets:
            tested.gather()

    def on_test_end(self, trainer: Any, pl_module: Any) -> None:
        sets, self._sets = self._sets, []
        if not sets or any(s.errors is None for s in sets) or run_folder(trainer) is None:
            return
        data = description_of(trainer, OperatorPairs)
        known = dict(data.test_sets[0].coordinates) if data else {}
        names = [f"set {k}" for k in range(len(sets))]
        if data is not None:
            names = [each.name for each in data.test_sets]
        grid = pl_module.training_grid if isinstance(pl_module, Operator) else []
        if not grid and data is not None:
            grid = list(data.grid.values())
        modes = getattr(pl_module.network, "n_modes", None)
        nyquist, cutoff = (min(counts) // 2 if counts else None for counts in (grid, modes))
        send_figure(trainer, "samples", draw_samples(sets[0], data, known))
        send_figure(trainer, "spectra", draw_spectra(sets, names, nyquist, cutoff))
        frames = sets[0].frames
        if frames is not None and frames.shape[1] > 1:
            send_figure(trainer, "rollout", draw_rollout(frames, known))
        if len(sets) > 1:
            training = min(grid) if grid else None
            send_figure(trainer, "transfer", draw_transfer(sets, names, training))


def draw_samples(tested: Kept, data: OperatorPairs | None, known: Coordinates) -> Figure:
    """The best, a median and the worst samples; of rollouts in the plane, the last frame."""
    labels, few = tested.rows()
    numbers = data.test_sets[0].samples if data else None
    for i, number in enumerate(few["number"].tolist()):
        labels[i] += f"\nsample {number if numbers is None else numbers[number]}"
    given, target, axes = few["input"], few["target"], ("x", "y", "z")[: tested.axes]
    inputs, outputs = (data.inputs, data.targets) if data else (("input",), ("output",))
    if given.ndim == tested.axes + 3:
        given = given[:, :, -1]
    if tested.frames is not None:
        if data is None or data.continues:
            inputs = tuple(f"{name}, last frame given" for name in inputs)
        if target.ndim == tested.axes + 3:
            axes = ("t", *axes)
            known = known | ({"t": known["t"][-target.shape[2] :]} if "t" in known else {})
        else:
            outputs = tuple(f"{name}, last frame" for name in outputs)
    points = {axis: torch.from_numpy(values) for axis, values in known.items()}
    errors, names = few["error"], (inputs, outputs)
    return samples_figure(given, target, few["prediction"], errors, labels, names, axes, points)


def draw_spectra(
    sets: Sequence[Kept], names: Sequence[str], nyquist: int | None, cutoff: int | None
) -> Figure:
    """The spectra of a few test sets, first and last among them."""
    chosen = np.linspace(0, len(sets) - 1, min(len(sets), PANELS)).round().astype(int)
    energies = torch.stack([sets[k].energies() for k in chosen], 1)
    longest = int(energies[1].isfinite().any(0).sum())
    prediction, target, error = energies[..., :longest]
    wavenumber = sets[0].spectra[0].wavenumber[:longest]
    titles = [names[k] for k in chosen]
    return spectra_figure(wavenumber, prediction, target, error, titles, nyquist, cutoff)


def draw_rollout(frames: Tensor, known: Coordinates) -> Figure:
    """The error of each frame against its time or, where that is unknown, its number."""
    count = frames.shape[1]
    if "t" in known:
        return rollout_figure(torch.from_numpy(known["t"][-count:]), frames, "t")
    return rollout_figure(torch.arange(1, count + 1), frames, "frame")


def draw_transfer(sets: Sequence[Kept], names: Sequence[str], training: int | None) -> Figure:
    """Mean error and spread of each test set."""
    errors = [tested.errors.double() for tested in sets if tested.errors is not None]
    ends = torch.tensor([0.05, 0.95], dtype=torch.float64)
    means = torch.stack([e.mean() for e in errors])
    spread = torch.stack([e.quantile(ends) for e in errors], 1)
    return transfer_figure(names, means, spread, training)
