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
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

from sgn_sciml.layouts.boxes import Steps, place
from sgn_sciml.layouts.contents import Contents, Field, LayoutError
from sgn_sciml.layouts.schema import Schema
from sgn_sciml.layouts.source import Source
from sgn_sciml.layouts.trajectories import contents_of, sort_out
from sgn_sciml.system.archives import refuse_damaged_archive

__all__ = ["NeuralopPt"]


class NeuralopPt(Source):
    """A dictionary of tensors."""

    layout = "neuralop-pt"

    def __init__(self, path: str | Path, schema: Schema | None = None) -> None:
        self._checked = False  # whether values were compared with their checksums
        self._loaded: dict[str, NDArray[Any]] | None = None
        super().__init__(path, schema)

    @classmethod
    def matches(cls, path: Path, file: h5py.File | None) -> bool:
        """Whether it is an archive with a pickle in it, or a pickle."""
        if zipfile.is_zipfile(path):
            with zipfile.ZipFile(path) as archive:
                return any(name.endswith("/data.pkl") for name in archive.namelist())
        with path.open("rb") as stream:
            return stream.read(1) == b"\x80"

    def _inspect(self) -> Contents:
        loaded = self._load()
        left_out = {n: str(v) for n, v in loaded.items() if isinstance(v, LayoutError)}
        arrays = {n: v for n, v in loaded.items() if isinstance(v, np.ndarray)}
        numbers = {n for n, v in loaded.items() if isinstance(v, int | float)}
        numbers |= {n for n, v in arrays.items() if v.size == 1}
        shapes = {n: (1,) if n in numbers else arrays[n].shape for n in (*arrays, *numbers)}
        others = {n: v for n, v in loaded.items() if n not in shapes and n not in left_out}
        known = self._sorted = sort_out(self.path, shapes, self.schema, "neuralop")
        fields = {}
        for name, axes in known.fields.items():
            values = arrays[known.arrays[name]]
            repeated = known.repeated(name)
            fields[name] = Field.of(name, axes, values.shape, values.dtype, repeated)
        return contents_of(fields, known, loaded.__getitem__, others, left_out)

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
            str(name): self._array(value) if isinstance(value, torch.Tensor) else value
            for name, value in loaded.items()
        }

    def _array(self, tensor: Any) -> NDArray[Any] | LayoutError:
        """A tensor as an array, or why there is none."""
        import torch

        if tensor.is_complex():
            return LayoutError("holds complex numbers")
        if tensor.layout != torch.strided or tensor.is_quantized or tensor.is_meta:
            return LayoutError("is sparse, quantised or without values")
        tensor = tensor.detach().resolve_neg()
        try:
            return np.asarray(tensor.numpy())
        except TypeError:  # bfloat16 and floats of 8 bit, which float32 holds exactly
            return np.asarray(tensor.float().numpy())

    def _fill(
        self, out: NDArray[Any], field: Field, samples: slice, times: slice | None, steps: Steps
    ) -> None:
        if not self._checked:
            refuse_damaged_archive(self.path, lambda name: "/data/" in name)
            self._checked = True
        if self._loaded is None:
            self._loaded = self._load()
        axes = self._sorted.fields[field.name]
        wanted = {"sample": samples, "time": times}
        box = tuple(wanted.get(axis) or slice(None) for axis in axes)
        place(out, self._loaded[self._sorted.arrays[field.name]][box], axes, field.axes, steps)

    def close(self) -> None:
        """Give up the mapped tensors; the next read maps them again."""
        self._loaded = None

    def __getstate__(self) -> dict[str, Any]:
        return self.__dict__ | {"_loaded": None}
