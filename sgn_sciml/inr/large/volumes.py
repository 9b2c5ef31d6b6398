"""Volumes that need not fit into memory."""

from dataclasses import replace
from pathlib import Path
from typing import Any

from sgn_sciml.inr.large.data import LargeData
from sgn_sciml.inr.large.signal import (
    StoredSamples,
    StoredSignal,
    placeholder,
    refuse_constant,
    strips,
)
from sgn_sciml.inr.large.stores import open_store

__all__ = ["LargeVolumeData"]


class LargeVolumeData(LargeData):
    """A volume that need not fit into memory: one value or several per point, or a solid.

    ``predict`` writes ``predictions.h5``, a slab at a time. The axes are called x, y, z.

    Args:
        path: npy or HDF5 file, or zarr folder, shape ``(n1, n2, n3)`` or with channels as the
            first or the last of four axes.
        dataset: Name of the array in HDF5 and zarr; not needed where HDF5 holds one volume.
        channels_last: Whether channels are the last of four axes, or the first.
        occupancy: Learn inside and outside: the file holds two values, inside the greater.
        count: Samples that a step takes, about.
        side: Samples of a window along each axis.
        scale: Samples of a prediction per sample of the signal, along each axis.
        points: File of points to predict at instead, npy, shape ``(N, axes)``, from -1 to 1.
        seed: Seed of the windows; the command line sets it to ``seed_everything``.

    Raises:
        FileNotFoundError: If there is no such file; in ``setup``, as what follows.
        ValueError: If it holds no such volume, or a number is out of range.
    """

    def __init__(
        self,
        path: str,
        dataset: str | None = None,
        channels_last: bool | None = None,
        occupancy: bool = False,
        count: int = 65536,
        side: int = 16,
        scale: float = 1.0,
        points: str | None = None,
        seed: int = 0,
    ) -> None:
        super().__init__(count, side, scale, points, seed)
        self.path = path
        self.dataset = dataset
        self.channels_last = channels_last
        self.occupancy = occupancy

    def load(self) -> StoredSignal:
        """Open the volume."""
        store = open_store(self.path, self.dataset)
        if len(store.shape) not in (3, 4):
            raise ValueError(f"{self.path} has shape {store.shape}, not three axes, or four")
        if (len(store.shape) == 4) != (self.channels_last is not None):
            raise ValueError(
                f"{self.path} has shape {store.shape}: set channels_last to true or false where "
                "there are four axes, and leave it out where there are three"
            )
        samples = StoredSamples(store, axes=3, last=bool(self.channels_last))
        low, high = samples.ends()
        refuse_constant(self.path, low, high)
        facts: dict[str, Any] = {"name": Path(self.path).stem, "path": self.path}
        if self.dataset is not None:
            facts["dataset"] = self.dataset
        values, axes = placeholder(samples.channels, samples.grid), ("x", "y", "z")
        if self.occupancy or store.dtype.kind == "b":
            self._refuse_third(samples, low, high)
            solid = replace(samples, inside=high)
            return StoredSignal(values, "volume", 0.0, 1.0, axes, facts=facts, samples=solid)
        return StoredSignal(values, "field", low, high, axes, facts=facts, samples=samples)

    def _refuse_third(self, samples: StoredSamples, low: float, high: float) -> None:
        rest = tuple(slice(None) for _ in samples.grid[1:])
        for strip in strips(samples.grid):
            for part in samples.raw([(strip, *rest)]):
                if not ((part == low) | (part == high)).all():
                    raise ValueError(
                        f"{self.path} holds more than two values, not inside and outside: "
                        "threshold it first, or set occupancy to false"
                    )
