"""A record of a test set while its batches pass: errors, few samples, sums of spectra."""

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from lightning.fabric.utilities import move_data_to_device
from torch import Tensor, distributed

from sgn_sciml.metrics import relative_l2

__all__ = ["FIELDS", "Kept"]

NEAR = 5  # samples kept near the median, which moves while errors come in
FIELDS = ("input", "target", "prediction")

KeptRows = dict[str, Tensor]
Score = Callable[[Tensor], Tensor]


def relative_errors(pred: Tensor, target: Tensor, start: int) -> Tensor:
    """Relative L2 error over the axes from ``start`` on, in at least float32.

    Under a zero target the root-mean-square error stands in; NaN counts as infinite.
    """
    rows = target.shape[:start]
    found = relative_l2(*(u.reshape(rows.numel(), 1, -1) for u in (pred, target))).view(rows)
    return found.nan_to_num(nan=math.inf, posinf=math.inf)


class Kept:
    """What is kept of one test set: each sample's error, few samples, the sums of its spectra.

    All of it stays on the device, and nothing waits for it.

    Args:
        spectral: The task's spectral error, to be copied.
        worst: Number of worst samples.
        axes: Number of space axes.
    """

    def __init__(self, spectral: Any, worst: int, axes: int) -> None:
        self.worst, self.axes = worst, axes
        self.errors: Tensor | None = None
        self.frames: Tensor | None = None
        self.kept: dict[str, KeptRows] = {}
        self.grid: tuple[int, ...] = ()
        self.spectra: list[Any] = []
        # One for error and target, one for the prediction as its difference from zero.
        self.metrics = [spectral.clone(), spectral.clone()]
        for metric in self.metrics:
            metric.reset()

    def add(self, found: Mapping[str, Tensor], number: int, keep: bool) -> None:
        """Take in a batch, the first of whose samples has this number."""
        pred, target = found["prediction"].detach(), found["target"]
        error = relative_errors(pred, target, 1)
        self.errors = error if self.errors is None else torch.cat([self.errors, error])
        self.grid = tuple(target.shape[-self.axes :])
        if keep:
            new = {key: self._shown(found[key].detach()) for key in FIELDS}
            new["number"] = torch.arange(number, number + len(error), device=error.device)
            new["error"] = error
            for name, (count, score) in self._scores().items():
                few = _top([new], count, score)
                old = self.kept.get(name)
                self.kept[name] = _top([old, few], count, score) if old else few
        if target.ndim == self.axes + 3:
            by_frame = relative_errors(pred, target, 2)
            known = self.frames
            self.frames = by_frame if known is None else torch.cat([known, by_frame])
            pred, target = pred.flatten(0, 1), target.flatten(0, 1)
        self.metrics[0].update(pred, target)
        self.metrics[1].update(pred, torch.zeros_like(target))

    def _shown(self, u: Tensor) -> Tensor:
        """What a figure shows of a field: all frames of a 1-D rollout, the last one of others."""
        if u.ndim == self.axes + 2:
            return u
        return u.movedim(1, 2) if self.axes == 1 and u.shape[1] > 1 else u[:, -1]

    def _scores(self) -> dict[str, tuple[int, Score]]:
        """Of each kind of sample, how many are kept and what they should have most of."""
        assert self.errors is not None
        middle = self.errors.median()
        return {
            "best": (1, torch.neg),
            "median": (NEAR, lambda e: -(e - middle).abs()),
            "worst": (self.worst, lambda e: e),
        }

    def gather(self) -> None:
        """Take in what the other processes keep; all of them have to call it."""
        self.spectra = [metric.spectrum() for metric in self.metrics]
        mine = (self.kept, self.errors, self.frames, self.grid)
        parts = [p for p in _from_all(move_data_to_device(mine, "cpu")) if p[1] is not None]
        if not parts:
            return
        kept, errors, frames, grids = zip(*parts, strict=True)
        self.errors, self.grid = torch.cat(errors), grids[0]
        self.frames = torch.cat(frames) if frames[0] is not None else None
        for name, (count, score) in self._scores().items() if kept[0] else ():
            self.kept[name] = _top([k[name] for k in kept], count, score)

    def rows(self) -> tuple[list[str], KeptRows]:
        """The samples to draw, and what each is; of a tiny test set none is drawn twice."""
        rows: dict[int, tuple[str, KeptRows]] = {}
        for name, few in self.kept.items():
            for i in range(1 if name == "median" else len(few["number"])):
                row = {key: values[i : i + 1] for key, values in few.items()}
                rows.setdefault(int(row["number"]), (name, row))
        return [name for name, _ in rows.values()], _joined([row for _, row in rows.values()])

    def energies(self) -> Tensor:
        """Energy of prediction, truth and error by wavenumber, shape ``(3, k)``.

        It is nan where shells are not whole: above the Nyquist wavenumber only corners of the
        grid's modes are left, and the last shell holds all above it, too.
        """
        error, guess = self.spectra
        energies = torch.stack([guess.error, error.target, error.error])
        return torch.where(error.wavenumber <= error.whole, energies, torch.nan)


def _joined(parts: Sequence[KeptRows]) -> KeptRows:
    return {key: torch.cat([part[key] for part in parts]) for key in parts[0]}


def _top(parts: Sequence[KeptRows], count: int, score: Score) -> KeptRows:
    """The samples whose errors have the highest scores, highest first."""
    samples = _joined(parts) if len(parts) > 1 else parts[0]
    index = score(samples["error"]).topk(min(count, len(samples["error"]))).indices
    return {key: values[index] for key, values in samples.items()}


def _from_all(value: Any) -> list[Any]:
    """A value of every process, by rank."""
    if not (distributed.is_available() and distributed.is_initialized()):
        return [value]
    found: list[Any] = [None] * distributed.get_world_size()
    distributed.all_gather_object(found, value)
    return found
