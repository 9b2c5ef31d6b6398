"""Data modules of signals: the points that a network learns them from, and is measured at."""

import math
from abc import ABC, abstractmethod
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import DataLoader

from sgn_sciml.inr.description import Signal
from sgn_sciml.inr.points import Points, Whole
from sgn_sciml.inr.signal_task import SignalTask
from sgn_sciml.runs.loaders import FollowsPrecision, batches, derive_seed, steps
from sgn_sciml.system.resources import refuse_too_large

__all__ = ["SignalData"]


def read_points(path: Path) -> Tensor:
    """Points of an npy file, shape ``(N, axes)``.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If it holds no such array.
    """
    if path.is_dir():
        raise ValueError(f"{path} is a folder, not a file of points")
    if not path.is_file():
        raise FileNotFoundError(f"no file of points {path}")
    try:
        points = torch.from_numpy(np.load(path)).float()
    except (ValueError, TypeError, OSError, EOFError) as error:
        raise ValueError(f"{path} holds no array of real numbers (npy)") from error
    if points.ndim != 2 or not points.isfinite().all():
        raise ValueError(f"{path} holds no finite points of shape (N, axes)")
    return points


def refuse_unlearnable(signal: Signal) -> None:
    """Refuse a signal without variation, or with holes.

    Raises:
        ValueError: If there is nothing to learn, or a value is not finite.
    """
    if signal.values.numel() == 0 or min(signal.grid) < 2:
        shape = " x ".join(map(str, signal.grid))
        raise ValueError(f"a signal of {shape} samples has nothing to learn")
    if not signal.values.isfinite().all():
        raise ValueError("the signal holds NaN or infinite values: repair or mask them first")
    if signal.values.abs().max() > torch.finfo(torch.float32).max:
        raise ValueError("the signal holds values beyond 3.4e38: give it in a larger unit")
    if signal.values.min() == signal.values.max():
        raise ValueError("all values of the signal are the same: there is nothing to learn")


class SignalData(FollowsPrecision, ABC):
    """A signal for a network to learn, in the batches that :class:`~sgn_sciml.inr.INR` documents.

    A step gets some or all of what the task's measurement tells of the signal, each process of a
    distributed run its share. Evaluation has one batch with the whole signal; where only some
    samples were told, it says which.

    Args:
        batch: Which measurements a step takes; all by default.
        scale: Samples of a prediction per sample of the signal, along each axis.
        points: File of points to predict at instead, npy, shape ``(N, axes)``, from -1 to 1; of a
            volume in space its longest side is that.
        derivatives: Predict gradient and Laplacian as well.
        seed: Seed of noise and points; the command line sets it to ``seed_everything``.

    Raises:
        FileNotFoundError: If there is no such file; in ``setup``, as what follows.
        ValueError: For a signal that cannot be used, or numbers out of range.
    """

    def __init__(
        self,
        batch: Points | None = None,
        scale: float = 1.0,
        points: str | None = None,
        derivatives: bool = False,
        seed: int = 0,
    ) -> None:
        super().__init__()
        if not 0 < scale < math.inf:
            raise ValueError(f"scale must be positive and finite, got {scale:g}")
        self.batch = batch or Whole()
        self.scale = scale
        self.points = points
        self.derivatives = derivatives
        self.seed = seed
        self._signal: Signal | None = None
        self._places: Tensor | None = None  # the points of the file
        self._restored: int | None = None
        self._planned: int | None = None  # steps of the run, in so far as its points follow them

    @abstractmethod
    def load(self) -> Signal:
        """Read or make the signal."""

    def check(self, signal: Signal) -> None:
        """Refuse a signal that has nothing to learn, or values that cannot be learnt."""
        refuse_unlearnable(signal)

    def facts(self) -> dict[str, Any]:
        """What the card tells of how the signal is learnt."""
        return {"batch": repr(self.batch)}

    def setup(self, stage: str) -> None:
        if self._signal is not None:
            return
        places = None if self.points is None else read_points(Path(self.points))
        signal = self.load()
        self.check(signal)
        if places is not None and places.shape[1] != len(signal.grid):
            raise ValueError(
                f"the points have {places.shape[1]} coordinates, the signal "
                f"{len(signal.grid)}: {', '.join(signal.axes)}"
            )
        facts = {**self.facts(), **signal.facts}
        self._signal, self._places = replace(signal, facts=facts, seed=self.seed), places

    @property
    def description(self) -> Signal:
        """The signal.

        Raises:
            ValueError: If it is not there yet.
        """
        if self._signal is None:
            raise ValueError("the signal is read by setup: call setup('fit') first")
        return self._signal

    @property
    def signal(self) -> Signal:
        """The same, as scripts of version 0.1 call it."""
        return self.description

    @property
    def _task(self) -> SignalTask | None:
        """The task that is trained or measured; None for one of another application."""
        found = None if self.trainer is None else self.trainer.lightning_module
        return found if isinstance(found, SignalTask) else None

    # -- training ----------------------------------------------------------------------------

    def train_dataloader(self) -> DataLoader[int]:
        return steps()

    def on_after_batch_transfer(self, batch: Any, dataloader_idx: int) -> Any:
        if self.trainer is None or not self.trainer.training:
            return batch
        task = self._task
        if task is None:
            raise ValueError("what a step learns of a signal is the task's to say: train an INR")
        points, values = task.measurements()
        step, limit = self.trainer.global_step, self.trainer.max_steps
        if self.batch.spans_run:
            self._refuse_another_plan(limit)
        seed = derive_seed(self.seed, step, self.trainer.global_rank)
        chosen = self.batch.choose(points, values, task, step, limit, seed)
        if chosen is not None:
            points, values = points[chosen], values[chosen]
        return {"points": points, "values": values}

    def _refuse_another_plan(self, steps: int) -> None:
        """Refuse to go on with points that were planned for another number of steps."""
        known, self._restored = self._restored, None
        if known is not None and steps != known:
            raise ValueError(
                f"the points of the checkpoint, {self.batch!r}, were planned for {known} steps, "
                f"so the run cannot go on to {steps}: leave trainer.max_steps at {known}, or "
                "start a new run"
            )
        self._planned = steps

    def state_dict(self) -> dict[str, Any]:
        alone = self.trainer is None or self.trainer.world_size == 1  # else each has its own
        return {"planned": self._planned, "batch": self.batch.state_dict() if alone else {}}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        self._restored = state_dict["planned"]
        if state_dict["batch"]:
            self.batch.load_state_dict(state_dict["batch"])

    # -- evaluation --------------------------------------------------------------------------

    def _evaluation(self) -> DataLoader[dict[str, Tensor]]:
        signal, task = self.description, self._task
        batch = {f"axis{k}": axis.float() for k, axis in enumerate(signal.centres)}
        values = signal.values if signal.values.dtype == torch.float64 else signal.values.float()
        batch["values"] = values[None]
        known = None if task is None else task.known()
        if known is not None:
            batch["known"] = known
        return batches([batch])

    def val_dataloader(self) -> DataLoader[dict[str, Tensor]]:
        return self._evaluation()

    def test_dataloader(self) -> DataLoader[dict[str, Tensor]]:
        return self._evaluation()

    def predict_dataloader(self) -> DataLoader[dict[str, Tensor]]:
        signal = self.description
        if self._places is not None:
            batch = {"points": self._places}
        else:
            sizes = [max(1, round(n * self.scale)) for n in signal.grid]
            self._refuse_too_large(sizes)
            batch = {f"axis{k}": x.float() for k, x in enumerate(signal.centres_of(sizes))}
        if self.derivatives:
            batch["derivatives"] = torch.tensor(True)
        return batches([batch])

    def _refuse_too_large(self, sizes: list[int]) -> None:
        """Refuse a render that memory cannot hold with what is converted for the files."""
        parts = 2 + len(sizes) if self.derivatives else 1
        module = None if self.trainer is None else self.trainer.lightning_module
        number = 4 if module is None else next(module.parameters()).element_size()
        shape = (len(self.description.values), *sizes)
        refuse_too_large(shape, round(1.6 * parts * number), "lower --data.scale")
