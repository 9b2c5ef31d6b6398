"""Signals on a grid, and the points that a network learns them from.

A signal of n samples along an axis has them in the middle of n equal cells of [-1, 1], so that a
grid of another resolution covers the same picture.
"""

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
from lightning.pytorch import LightningDataModule
from torch import Tensor
from torch.utils.data import DataLoader

from sgn_sciml.inr.points import Points, Whole
from sgn_sciml.runs.loaders import batches, derive_seed, steps

__all__ = ["Kind", "Signal", "SignalData", "cell_centres"]

Kind = Literal["picture", "sound", "shape", "field"]


def cell_centres(count: int) -> Tensor:
    """Middles of equal cells of [-1, 1], in float64."""
    return (2 * torch.arange(count, dtype=torch.float64) + 1) / count - 1


@dataclass(frozen=True)
class Signal:
    """Samples on a grid.

    Attributes:
        values: Shape ``(channels, *grid)``.
        kind: ``picture``, ``sound``, ``shape`` (inside or outside) or ``field``; it decides what
            is measured and which files are written.
        low: Least value of the medium: 0 of a picture, -1 of a sound.
        high: Greatest value.
        bounds: Least and greatest value that a network may give, which are -1 and 1 to it; those
            of the medium when None. A quiet sound needs closer ones: beside full scale it is
            nothing, and a network stays at zero.
        axes: Names of the axes.
        rate: Samples per second of a sound.
        mask: Which samples a network may learn from, shape ``grid``; None for all.
        about: What a card tells of it; ``path`` if it came from a file.
    """

    values: Tensor
    kind: Kind
    low: float
    high: float
    axes: tuple[str, ...]
    rate: float | None = None
    mask: Tensor | None = None
    bounds: tuple[float, float] | None = None
    about: dict[str, Any] = field(default_factory=dict)

    @property
    def grid(self) -> tuple[int, ...]:
        """Samples along each axis."""
        return tuple(self.values.shape[1:])

    @property
    def reach(self) -> tuple[float, float]:
        """The bounds, or the ends of the medium's range."""
        return self.bounds or (self.low, self.high)

    @property
    def scaled(self) -> Tensor:
        """Values with the bounds scaled to [-1, 1]."""
        low, high = self.reach
        return 2 * (self.values - low) / (high - low) - 1


def read_points(path: Path) -> Tensor:
    """Points of an npy file, shape ``(N, axes)``.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If it holds no such array.
    """
    if not path.is_file():
        raise FileNotFoundError(f"no file of points {path}")
    try:
        points = torch.from_numpy(np.load(path)).float()
    except (ValueError, TypeError, OSError, EOFError) as error:
        raise ValueError(f"{path} holds no array of real numbers (npy)") from error
    if points.ndim != 2 or not points.isfinite().all():
        raise ValueError(f"{path} holds no finite points of shape (N, axes)")
    return points


class SignalData(LightningDataModule, ABC):
    """A signal for a network to learn.

    Training batches hold ``points`` and ``values``, what the task's measurement tells of the
    signal, scaled to [-1, 1]: for samples ``(N, axes)`` and ``(N, channels)``. Evaluation has one
    batch, ``axis0``, ``axis1``, ... and ``values`` ``(1, channels, *grid)`` in the signal's units,
    with ``known`` ``(*grid)`` where only some samples were told.

    Args:
        batch: Which measurements a step takes; all by default.
        scale: Samples of a prediction per sample of the signal, along each axis.
        points: File of points to predict at instead, npy, shape ``(N, axes)``, from -1 to 1.
        derivatives: Predict gradient and Laplacian as well.
        seed: Seed of noise and points; the command line sets it to ``seed_everything``.

    Raises:
        FileNotFoundError: If there is no such file.
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
        self.points = None if points is None else read_points(Path(points))
        self.derivatives = derivatives
        self.seed = seed
        self.signal: Signal | None = None
        self._measured: tuple[Tensor, Tensor] | None = None

    @abstractmethod
    def load(self) -> Signal:
        """Read or make the signal."""

    def setup(self, stage: str) -> None:
        if self.signal is not None:
            return
        signal = self.load()
        if signal.values.numel() == 0 or min(signal.grid) < 2:
            shape = " x ".join(map(str, signal.grid))
            raise ValueError(f"a signal of {shape} samples has nothing to learn")
        if not signal.values.isfinite().all():
            raise ValueError("the signal holds NaN or infinite values: mend or mask them first")
        if signal.values.min() == signal.values.max():
            raise ValueError("all values of the signal are the same: there is nothing to learn")
        if self.points is not None and self.points.shape[1] != len(signal.grid):
            raise ValueError(
                f"the points have {self.points.shape[1]} coordinates, the signal "
                f"{len(signal.grid)}: {', '.join(signal.axes)}"
            )
        self.signal = signal

    def describe(self) -> dict[str, Any]:
        """What a card tells of the data."""
        assert self.signal is not None
        about = dict(self.signal.about)
        path = about.pop("path", None)
        grid = dict(zip(self.signal.axes, self.signal.grid, strict=True))
        return {
            "files": [] if path is None else [{"path": path}],
            "grid": grid,
            "signal": self.signal.kind,
            "channels": len(self.signal.values),
            "batch": repr(self.batch),
            **about,
        }

    # -- training ----------------------------------------------------------------------------

    def train_dataloader(self) -> DataLoader[int]:
        return steps()

    def on_after_batch_transfer(self, batch: Any, dataloader_idx: int) -> Any:
        if self.trainer is None or not self.trainer.training:
            return batch
        task: Any = self.trainer.lightning_module
        points, values = self.measurements(task)
        step, limit = self.trainer.global_step, self.trainer.max_steps
        seed = derive_seed(self.seed, step, self.trainer.global_rank)
        chosen = self.batch.choose(points, values, task, step, limit, seed)
        if chosen is not None:
            points, values = points[chosen], values[chosen]
        return {"points": points, "values": values}

    def measurements(self, task: Any) -> tuple[Tensor, Tensor]:
        """This process's measurements, in the task's dtype and on its device."""
        if self._measured is None:
            assert self.signal is not None
            assert self.trainer is not None
            points, values = task.measurement.observe(
                self.signal.scaled, self._axes(), self._generator(), self.signal.mask
            )
            share = slice(self.trainer.global_rank, None, self.trainer.world_size)
            like = next(task.parameters())
            self._measured = points[share].to(like), values[share].to(like)
        return self._measured

    def _generator(self) -> torch.Generator:
        return torch.Generator().manual_seed(self.seed)

    def _axes(self) -> list[Tensor]:
        assert self.signal is not None
        return [cell_centres(n) for n in self.signal.grid]

    # -- evaluation --------------------------------------------------------------------------

    def _evaluation(self) -> DataLoader[dict[str, Tensor]]:
        assert self.signal is not None
        assert self.trainer is not None
        measurement: Any = self.trainer.lightning_module.measurement
        batch = {f"axis{k}": axis.float() for k, axis in enumerate(self._axes())}
        batch["values"] = self.signal.values.float()[None]
        known = measurement.known(self.signal.grid, self._generator(), self.signal.mask)
        if known is not None:
            batch["known"] = known
        return batches([batch])

    def val_dataloader(self) -> DataLoader[dict[str, Tensor]]:
        return self._evaluation()

    def test_dataloader(self) -> DataLoader[dict[str, Tensor]]:
        return self._evaluation()

    def predict_dataloader(self) -> DataLoader[dict[str, Tensor]]:
        assert self.signal is not None
        sizes = [max(1, round(n * self.scale)) for n in self.signal.grid]
        batch = {f"axis{k}": cell_centres(n).float() for k, n in enumerate(sizes)}
        if self.points is not None:
            batch = {"points": self.points}
        if self.derivatives:
            batch["derivatives"] = torch.tensor(True)
        return batches([batch])
