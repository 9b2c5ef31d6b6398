"""Zarr, a folder or a ZIP archive of chunks, format 2 or 3, as xarray and others write it.

Arrays of the root group, or else of groups in it, are taken. Named dimensions (``dimension_names``
in format 3, xarray's attribute ``_ARRAY_DIMENSIONS`` in format 2) tell the axes; ``scale_factor``,
``add_offset`` and the marks of missing cells count as in netCDF. Attributes of the root are
constants. Only chunks that hold wanted values are read; those of the last read are kept.

A chunk that is not stored holds the fill value, by the format; the notes say of how many that is
so, because a chunk that was lost looks the same.

Source: https://zarr-specs.readthedocs.io/en/latest/specs.html
"""

import base64
import binascii
import math
import os
import struct
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

from sgn_sciml.layouts.arrays.base import ArraysSource, Entries, Indexed
from sgn_sciml.layouts.contents import LayoutError
from sgn_sciml.layouts.decoding import Decoding, decoding_by
from sgn_sciml.layouts.schema import axes_from_labels
from sgn_sciml.system.extras import needed_by

__all__ = ["ZarrStore"]

MARKS = ("zarr.json", ".zgroup", ".zarray", ".zmetadata")
DEEP = 4  # groups within groups that are looked into
KEPT = 64 * 2**20  # bytes of decoded chunks kept for each array
DIMENSIONS = "_ARRAY_DIMENSIONS"


class ZarrStore(ArraysSource):
    """Arrays of a zarr group, read chunk by chunk."""

    layout = "zarr"

    def __init__(self, path: Any, schema: Any = None) -> None:
        self._opened: tuple[int, Any, Any] | None = None
        super().__init__(path, schema)

    @classmethod
    def matches(cls, path: Path, file: h5py.File | None) -> bool:
        """Whether it is a folder or an archive with zarr's metadata at its top."""
        if path.is_dir():
            return any((path / mark).is_file() for mark in MARKS)
        if file is None and zipfile.is_zipfile(path):
            with zipfile.ZipFile(path) as archive:
                return any(name in MARKS for name in archive.namelist())
        return False

    def _require(self) -> None:
        if not self.path.exists():
            raise FileNotFoundError(f"no data {self.path}")

    def _found(self) -> dict[str, Any]:
        """All arrays by path; the store belongs to the process that opened it."""
        if self._opened is None or self._opened[0] != os.getpid():
            self._require()
            with needed_by(f"reading {self.path}", "formats"):
                import zarr
            store = None if self.path.is_dir() else zarr.storage.ZipStore(self.path, mode="r")
            root = zarr.open(store or self.path, mode="r")
            if isinstance(root, zarr.Array):
                found = {self.path.name.split(".")[0] or "field": root}
            else:
                members = root.members(max_depth=DEEP)
                found = {name: m for name, m in members if isinstance(m, zarr.Array)}
            about = {} if isinstance(root, zarr.Array) else dict(root.attrs)
            self._opened = os.getpid(), found, (store, about)
        return self._opened[1]

    def _entries(self) -> Entries:
        entries = Entries()
        for name, array in self._found().items():
            if array.dtype.kind not in "biuf" or array.dtype.itemsize > 8:
                entries.left_out[name] = f"holds {array.dtype}, not numbers"
                continue
            how = _decoding(self.path, name, array)
            entries.arrays[name] = array.shape, how.dtype
            entries.chunks[name] = tuple(array.chunks)
            entries.missing[name] = how.missing
            labels = getattr(array.metadata, "dimension_names", None)
            labels = labels or array.attrs.get(DIMENSIONS) or []
            if axes := axes_from_labels(labels):
                entries.labels[name] = axes
            absent = array.nchunks - array.nchunks_initialized
            if absent:
                entries.notes.append(
                    f"{name}: {absent} of {array.nchunks} chunks are not stored, so they hold "
                    f"{array.fill_value}"
                )
        if not entries.arrays and not entries.left_out:
            raise LayoutError(f"{self.path} is a group of zarr without arrays")
        assert self._opened is not None
        attributes = self._opened[2][1]
        entries.constants |= {
            str(k): v for k, v in attributes.items() if isinstance(v, int | float | str)
        }
        return entries

    def _array(self, name: str) -> Indexed:
        array = self._found()[name]
        return _Chunked(array, _decoding(self.path, name, array))

    def _fill(self, *args: Any) -> None:
        if self._opened is None or self._opened[0] != os.getpid():
            self._arrays = {}  # those of the process that forked this one
        super()._fill(*args)

    def close(self) -> None:
        """Close the archive; the next read opens it again."""
        super().close()
        if self._opened is not None and self._opened[0] == os.getpid():
            store = self._opened[2][0]
            if store is not None:
                store.close()
        self._opened = None

    def __getstate__(self) -> Mapping[str, Any]:
        return {**super().__getstate__(), "_opened": None}


class _Chunked:
    """An array of zarr whose chunks are decoded once for samples that are read in turn."""

    def __init__(self, array: Any, decode: Decoding) -> None:
        self.array, self.decode = array, decode
        self.shape: tuple[int, ...] = array.shape
        self.kept: tuple[int, int, NDArray[Any]] | None = None

    def __getitem__(self, box: Any) -> NDArray[Any]:
        rows = box[0] if isinstance(box, tuple) and box else box
        one = math.prod(self.shape[1:]) * self.decode.dtype.itemsize
        chunk = self.array.chunks[0] if self.shape else 1
        if not isinstance(rows, slice) or chunk * one > KEPT:
            return self.decode(np.asarray(self.array[box]))
        start, stop, step = rows.indices(self.shape[0])
        first, last = start // chunk * chunk, -(-stop // chunk) * chunk
        if self.kept is None or not self.kept[0] <= start <= stop <= self.kept[1]:
            if (last - first) * one > KEPT:
                return self.decode(np.asarray(self.array[box]))
            last = min(last, self.shape[0])
            self.kept = first, last, self.decode(np.asarray(self.array[first:last]))
        offset = self.kept[0]
        return self.kept[2][(slice(start - offset, stop - offset, step), *box[1:])]


def _decoding(path: Path, name: str, array: Any) -> Decoding:
    """How the numbers of an array become values."""
    raw = np.dtype(array.dtype).newbyteorder("=")
    if raw.kind == "b":
        return Decoding(raw, raw, raw)
    found = {k: v for k, v in array.attrs.items() if k != DIMENSIONS}
    fill = found.get("_FillValue")
    if isinstance(fill, str):
        found["_FillValue"] = _number(path, name, fill, raw)
    # In format 2 the fill value marks what is missing, as xarray reads it, but for 0.
    if array.metadata.zarr_format == 2 and "_FillValue" not in found:
        fill = array.fill_value
        fill = fill if fill is not None and np.isfinite(fill) and fill != 0 else None
    else:
        fill = None
    return decoding_by(f"{path}: {name}", raw, found, fill)


def _number(path: Path, name: str, text: str, raw: np.dtype[Any]) -> float:
    """A number as xarray has it in JSON: its bytes in base 64 for floats, else its digits."""
    try:
        return float(text)
    except ValueError:
        pass
    try:
        return float(struct.unpack("<d", base64.b64decode(text, validate=True))[0])
    except (binascii.Error, struct.error) as error:
        raise LayoutError(f"{path}: {name} has the attribute _FillValue = {text}") from error
