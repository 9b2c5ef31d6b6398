"""Parts of an HDF5 file, checked before they are believed: attributes, numbers, coordinates."""

import math
import os
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

from sgn_sciml.layouts.contents import LayoutError
from sgn_sciml.layouts.damage import refuse_broken_heaps

__all__ = ["arrays", "attributes", "coordinate", "numbers", "open_hdf5"]

CACHE = 64 * 2**20  # bytes of decompressed chunks kept per data set: samples may share chunks
SLOTS = 10_007  # a prime, several times the number of chunks that fit
RATIO = 2048  # deflate packs at most 1032 : 1; a shape beyond that does not fit its file
DEEP = 4  # groups within groups that are looked into
MANY = 200  # arrays beyond which a file is no collection of fields
PLAIN = (h5py.h5t.INTEGER, h5py.h5t.FLOAT, h5py.h5t.STRING, h5py.h5t.ENUM)


def open_hdf5(path: Path) -> h5py.File:
    """Open for reading, without locks, with a chunk cache for single samples."""
    refuse_broken_heaps(path)
    return h5py.File(path, "r", locking=False, rdcc_nbytes=CACHE, rdcc_nslots=SLOTS)


def attributes(item: h5py.HLObject) -> dict[str, Any]:
    """Attributes of a group or data set as plain Python values, arrays as lists.

    Only numbers and text. No file known here needs others, and where damage turns text into a
    list of variable length, reading it ends the process.
    """
    attrs = item.attrs
    return {
        str(name): _plain(attrs[name])
        for name in attrs
        if attrs.get_id(name).get_type().get_class() in PLAIN
    }


def _plain(value: Any) -> Any:
    if isinstance(value, h5py.Empty):
        return None
    if isinstance(value, np.ndarray | np.generic):
        value = value.item() if value.size == 1 else value.tolist()
    if isinstance(value, list):
        return [_plain(entry) for entry in value]
    return value.decode(errors="replace") if isinstance(value, bytes) else value


def numbers(file: h5py.Group, name: str) -> h5py.Dataset:
    """A data set of numbers that fits into its file.

    Raises:
        LayoutError: If it is missing, holds something else, or was cut off.
    """
    path = file.file.filename
    data = file.get(name)
    if not isinstance(data, h5py.Dataset):
        raise LayoutError(f"{path} has no data set {name}; it has {', '.join(sorted(file))}")
    if data.dtype.kind not in "biuf" or data.shape is None:
        raise LayoutError(f"{path}: {name} does not hold numbers but {data.dtype}")
    room = os.path.getsize(path)
    size = math.prod(data.shape) * data.dtype.itemsize
    if data.chunks is not None:
        size, room = max(size, math.prod(data.chunks) * data.dtype.itemsize), RATIO * room
    elif size and data.id.get_storage_size() == 0:
        room = 0
    if size > room:
        raise LayoutError(
            f"{path}: {name} of shape {data.shape} is not wholly in the file; get it again"
        )
    return data


def coordinate(file: h5py.Group, name: str) -> NDArray[Any]:
    """Values of a 1-D data set in float64.

    Raises:
        LayoutError: If it is missing or not a list of numbers.
    """
    data = numbers(file, name)
    if data.ndim != 1:
        raise LayoutError(f"{file.file.filename}: {name} has shape {data.shape}, not one axis")
    return np.asarray(data[()], np.float64)


def _holds_numbers(data: h5py.Dataset) -> bool:
    return data.id.get_type().get_class() in (h5py.h5t.INTEGER, h5py.h5t.FLOAT, h5py.h5t.ENUM)


def arrays(file: h5py.Group, prefix: str = "", deep: int = DEEP) -> dict[str, tuple[int, ...]]:
    """Data sets of numbers by path, with their shapes; those in groups included."""
    found: dict[str, tuple[int, ...]] = {}
    groups = []
    for name, item in file.items():
        if isinstance(item, h5py.Group):
            groups.append((f"{prefix}{name}/", item))
        elif isinstance(item, h5py.Dataset) and item.shape is not None and _holds_numbers(item):
            found[prefix + name] = item.shape
        if len(found) + len(groups) > MANY:
            break
    for path, group in groups if deep else ():
        found |= arrays(group, path, deep - 1)
        if len(found) > MANY:
            break
    return found
