"""The ``.pt`` files of neuraloperator: a dictionary of tensors saved by torch.

``x`` and ``y`` hold inputs and targets, samples first: (N, X, Y) for Darcy flow, where ``x`` may
be bool, or ``x`` (N, X) and ``y`` (N, T, X) for Burgers beside the number ``visc``. neuraloperator
puts channels after the samples, so an axis there is the component axis when it has length 1, or
when the array has four axes or more; it is time when another tensor has the shape of one frame.

Only tensors and plain values are unpickled, never code. Values are mapped, not read, where the
file allows (torch 1.6 and later write such files).

Source: ``neuralop/data/datasets`` in github.com/neuraloperator/neuraloperator.
"""

import pickle
import re
import warnings
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

from sgn_sciml.layouts.boxes import Steps, place
from sgn_sciml.layouts.contents import Contents, Field, LayoutError, reason
from sgn_sciml.layouts.source import Source
from sgn_sciml.layouts.trajectories import axes_of
from sgn_sciml.system.archives import refuse_damaged_archive

__all__ = ["NeuralopPt"]


class NeuralopPt(Source):
    """A dictionary of tensors."""

    layout = "neuralop-pt"

    def __init__(self, path: str | Path) -> None:
        self._checked = False  # whether values were compared with their checksums
        self._loaded: dict[str, NDArray[Any]] | None = None
        self._axes: dict[str, tuple[str, ...]] = {}
        super().__init__(path)

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
        arrays = {n: v for n, v in loaded.items() if isinstance(v, np.ndarray) and v.ndim > 1}
        parameters, notes, fields, left_out = {}, [], {}, {}
        for name, value in loaded.items():
            if isinstance(value, LayoutError):
                left_out[name] = str(value)
            elif not isinstance(value, np.ndarray):
                parameters[name] = value
            elif value.size == 1:
                parameters[name] = value.item()
            elif value.ndim < 2:
                notes.append(f"{name}, a list of {value.size} numbers, is not read")
            else:
                shapes = [other.shape for other in arrays.values()]
                special, note = _special(name, value.shape, shapes)
                try:
                    axes = axes_of(self.path, name, value.shape, special)
                except LayoutError as error:
                    left_out[name] = reason(self.path, name, error)
                    continue
                self._axes[name] = axes
                fields[name] = Field.of(name, axes, value.shape, value.dtype)
                notes += note
        notes.append("no coordinates in the file")
        return Contents(fields, {}, parameters, tuple(notes), left_out)

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
        axes = self._axes[field.name]
        wanted = {"sample": samples, "time": times}
        box = tuple(wanted.get(axis) or slice(None) for axis in axes)
        place(out, self._loaded[field.name][box], axes, field.axes, steps)

    def close(self) -> None:
        """Give up the mapped tensors; the next read maps them again."""
        self._loaded = None

    def __getstate__(self) -> dict[str, Any]:
        return self.__dict__ | {"_loaded": None}


def _special(
    name: str, shape: tuple[int, ...], shapes: Sequence[tuple[int, ...]]
) -> tuple[dict[int, str], list[str]]:
    """Tell what the axis after the samples is, if it is not space."""
    where = f"{name}: the axis after the samples is"
    if len(shape) < 3:
        return {}, []
    if shape[1] == 1:
        return {1: "component"}, [f"{where} the component, its length is 1"]
    if (shape[0], *shape[2:]) in shapes:
        return {1: "time"}, [f"{where} time, another tensor has the shape of one frame"]
    if len(shape) > 3:
        return {1: "component"}, [f"{where} taken for the component, as in neuraloperator"]
    return {}, []
