"""Files of a rendered signal: numbers, and what a viewer or a player opens."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from lightning.pytorch import LightningModule, Trainer
from lightning.pytorch.callbacks import BasePredictionWriter
from torch import Tensor

from sgn_sciml.inr.description import Signal, plain_field
from sgn_sciml.inr.large.parts_writer import PartsWriter, describe
from sgn_sciml.inr.media import write_audio, write_image, write_laplacian, write_slope
from sgn_sciml.layouts.volumes.opening import ENDINGS as VOLUMES
from sgn_sciml.layouts.volumes.opening import write_placed
from sgn_sciml.runs.task import BaseTask
from sgn_sciml.system.writing import whole_file

__all__ = ["SignalWriter", "write_media", "write_signal"]

ENDINGS = (".png", ".tif", ".wav", "_slope.png", "_laplacian.png", *VOLUMES)


class SignalWriter(BasePredictionWriter):
    """Write a rendered signal: ``predictions.h5``, and a file to open where it is of a medium.

    The HDF5 file holds the axes by name (or ``points``), ``values`` and, where they were asked
    for, ``gradient`` and ``laplacian``. Images have 8 bit, with opacity where it was learnt, and
    audio 16 bit. Of an image's derivatives come ``predictions_slope.png``, the size of the
    gradient over axes and channels, black being 0, and ``predictions_laplacian.png``, the mean
    over channels, grey being 0; the largest thousandth is saturated. What the task's
    ``description`` does not tell is a field of numbers, its axes called ``axis0``, ``axis1``, ...
    A large signal, which comes in parts, is one file, ``predictions.tif`` of an image, else
    ``predictions.h5``. A volume that has a place in space is also written in its own format, DICOM
    as NIfTI, with the spacing of its samples and their place.

    Args:
        path: HDF5 file to write; the others are named after it.

    Raises:
        ValueError: For several processes, or values that are NaN or infinite.
    """

    def __init__(self, path: Path = Path("predictions.h5")) -> None:
        super().__init__("batch")
        self.path = Path(path)
        self._parts: PartsWriter | None = None

    def setup(self, trainer: Trainer, pl_module: LightningModule, stage: str) -> None:
        if trainer.world_size > 1:
            raise ValueError("predict writes one file: run it with --trainer.devices 1")

    def write_on_batch_end(
        self,
        trainer: Trainer,
        pl_module: LightningModule,
        prediction: Mapping[str, Tensor],
        batch_indices: Sequence[int] | None,
        batch: Any,
        batch_idx: int,
        dataloader_idx: int,
    ) -> None:
        signal = _rendered_signal(pl_module, prediction)
        for name, values in prediction.items():
            if not values.isfinite().all():
                raise ValueError(f"the rendered signal has NaN or infinite numbers in its {name}")
        if "part" in batch:
            self._write_part(prediction, batch["part"].tolist(), signal, trainer.ckpt_path)
            return
        for ending in ENDINGS:  # of an earlier render
            self._named(ending).unlink(missing_ok=True)
        print(f"wrote {write_signal(self.path, prediction, signal, trainer.ckpt_path)}")
        if "points" not in prediction:
            for path in write_media(self.path, prediction, signal):
                print(f"wrote {path}")

    def _write_part(
        self, prediction: Mapping[str, Tensor], part: list[int], signal: Signal, checkpoint: Any
    ) -> None:
        first, _, rows = part
        if self._parts is None:
            self._parts = PartsWriter(self.path, signal, checkpoint)
            for path in [self.path, *map(self._named, ENDINGS)]:
                path.unlink(missing_ok=True)
        if self._parts.add(prediction, first, rows):
            print(f"wrote {self._parts.path}")
            self._parts = None

    def on_exception(
        self, trainer: Trainer, pl_module: LightningModule, exception: BaseException
    ) -> None:
        parts, self._parts = self._parts, None
        if parts is not None:
            parts.abandon(exception)

    def _named(self, ending: str) -> Path:
        return named(self.path, ending)


def named(path: Path, ending: str) -> Path:
    """The file beside another of its name, with another ending."""
    return path.with_name(path.stem + ending)


def write_media(path: Path, prediction: Mapping[str, Tensor], signal: Signal) -> Iterator[Path]:
    """Write what a viewer or a player opens: PNG files of an image, a WAV file of a sound.

    A volume that has a place in space is written in the format that it came in.

    Args:
        path: A file after which they are named.
        prediction: ``values`` on a grid and, where they were asked for, derivatives.
        signal: The signal that it renders.

    Yields:
        The path of each, once it is written.
    """
    values = prediction["values"].numpy(force=True)
    if signal.kind == "audio" and signal.rate is not None:
        rate = signal.rate * values.shape[-1] / signal.grid[0]
        yield write_audio(named(path, ".wav"), values, max(1, round(rate)))
    if signal.placement is not None:
        written, why = write_placed(path, values, signal.placement)
        if why:
            print(f"the volume is written as {why}")
        yield written
    if signal.kind == "image":
        yield write_image(named(path, ".png"), values, signal.low, signal.high)
        if "gradient" in prediction:
            slopes = prediction["gradient"].numpy(force=True).reshape(-1, *values.shape[1:])
            yield write_slope(named(path, "_slope.png"), slopes)
            bends = prediction["laplacian"].numpy(force=True)
            yield write_laplacian(named(path, "_laplacian.png"), bends)


def _rendered_signal(task: LightningModule, prediction: Mapping[str, Tensor]) -> Signal:
    """The signal that a task renders."""
    if isinstance(task, BaseTask) and isinstance(task.description, Signal):
        return task.description
    points = prediction.get("points")
    axes = sum(name.startswith("axis") for name in prediction)
    return plain_field(prediction["values"], axes if points is None else points.shape[-1])


def write_signal(
    path: Path, prediction: Mapping[str, Tensor], signal: Signal, checkpoint: Any = None
) -> Path:
    """Write a rendered signal as HDF5; the name appears only when the file is whole.

    Args:
        path: File to write; an existing one is replaced.
        prediction: ``values`` with ``axis0``, ``axis1``, ... or ``points``; other entries are
            written as they are.
        signal: The signal that it renders.
        checkpoint: What it was rendered from.

    Returns:
        The path.
    """
    axes = {f"axis{k}": name for k, name in enumerate(signal.axes)}
    with whole_file(path) as partial, h5py.File(partial, "w") as file:
        describe(file, signal, checkpoint)
        if signal.placement is not None and "points" not in prediction:
            grid = prediction["values"].shape[1:]
            file.attrs.update(
                affine=signal.placement.at(grid),
                unit=signal.placement.unit or "",
                space=signal.placement.space,
            )
        for key, values in prediction.items():
            if key in axes:
                file[axes[key]] = values.numpy(force=True)
                file[axes[key]].make_scale(axes[key])
            else:
                packed = {"compression": "gzip", "compression_opts": 1, "shuffle": True}
                file.create_dataset(key, data=values.numpy(force=True), **packed)
        if signal.opacity:
            file["values"].attrs["opacity"] = "the last channel; the others are multiplied by it"
        if "points" in prediction:
            file["points"].attrs["axes"] = signal.axes
            return path
        if signal.rate is not None:
            file["rate"] = signal.rate * len(prediction["axis0"]) / signal.grid[0]
        for key in prediction.keys() - axes.keys():
            first = file[key].ndim - len(signal.axes)
            labels = ("along", "channel")[2 - first :] + signal.axes
            for dim, label, length in zip(file[key].dims, labels, file[key].shape, strict=True):
                dim.label = label
                if label not in file:  # netCDF asks for a scale on every axis, or on none
                    file[label] = np.arange(length)
                    file[label].make_scale(label)
                dim.attach_scale(file[label])
    return path
