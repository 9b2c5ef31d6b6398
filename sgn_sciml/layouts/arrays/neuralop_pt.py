"""The ``.pt`` files of neuraloperator: a dictionary of tensors saved by torch.

``x`` and ``y`` hold inputs and targets, samples first: (N, X, Y) for Darcy flow, where ``x`` may
be bool, or ``x`` (N, X) and ``y`` (N, T, X) for Burgers beside the number ``visc``. neuraloperator
puts channels after the samples; what is what :mod:`~sgn_sciml.layouts.trajectories` tells, unless
a schema does.

Only tensors and plain values are unpickled, never code. Values are mapped, not read, where the
file allows (torch 1.6 and later write such files).

Source: ``neuralop/data/datasets`` in github.com/neuraloperator/neuraloperator.
"""

import pickle
import re
import warnings
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

from sgn_sciml.layouts.arrays.base import ArraysSource, Entries, array_of
from sgn_sciml.layouts.contents import LayoutError
from sgn_sciml.layouts.schema import Schema
from sgn_sciml.system.archives import refuse_damaged_archive

__all__ = ["NeuralopPt"]


class NeuralopPt(ArraysSource):
    """A dictionary of tensors."""

    layout = "neuralop-pt"
    convention = "neuralop"

    def __init__(self, path: str | Path, schema: Schema | None = None) -> None:
        self._loaded: dict[str, Any] | None = None
        super().__init__(path, schema)

    @classmethod
    def matches(cls, path: Path, file: h5py.File | None) -> bool:
        """Whether it is an archive with a pickle in it, or a pickle."""
        if zipfile.is_zipfile(path):
            with zipfile.ZipFile(path) as archive:
                return any(name.endswith("/data.pkl") for name in archive.namelist())
        with path.open("rb") as stream:
            return stream.read(1) == b"\x80"

    def _entries(self) -> Entries:
        found = Entries()
        self._loaded = self._load()
        for name, value in self._loaded.items():
            if isinstance(value, LayoutError):
                found.left_out[name] = str(value)
            elif isinstance(value, np.ndarray | int | float):
                array = np.asarray(value)
                found.arrays[name] = array.shape, array.dtype
            else:
                found.constants[name] = value
        return found

    def _load(self) -> dict[str, Any]:
        """All entries, tensors as arrays mapped from the file where it allows that."""
        import torch

        refuse_damaged_archive(self.path, lambda name: "/data/" not in name)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # torch warns of pickles it then refuses
            try:
                mapped = zipfile.is_zipfile(self.path)
                loaded = torch.load(self.path, map_location="cpu", weights_only=True, mmap=mapped)
            except pickle.UnpicklingError as error:
                what = "is damaged, or holds more than tensors; it is not loaded"
                if found := re.search(r"GLOBAL ([\w.]+)", str(error)):
                    what = f"holds more than tensors and numbers ({found[1]}); it is not loaded"
                raise LayoutError(f"{self.path} {what}") from error
        if not isinstance(loaded, dict):
            raise LayoutError(f"{self.path} holds no dictionary but {type(loaded).__name__}")
        return {
            str(name): _read(value) if isinstance(value, torch.Tensor) else value
            for name, value in loaded.items()
        }

    def _array(self, name: str) -> NDArray[Any]:
        if self._loaded is None:
            self._loaded = self._load()
        return np.asarray(self._loaded[name])

    def _verify(self) -> None:
        refuse_damaged_archive(self.path, lambda name: "/data/" in name)

    def close(self) -> None:
        """Give up the mapped tensors; the next read maps them again."""
        super().close()
        self._loaded = None

    def __getstate__(self) -> Mapping[str, Any]:
        return {**super().__getstate__(), "_loaded": None}


def _read(tensor: Any) -> NDArray[Any] | LayoutError:
    """A tensor as an array, or why there is none."""
    try:
        return array_of(tensor)
    except LayoutError as error:
        return error
