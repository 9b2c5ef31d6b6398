"""Parts of an HDF5 file, checked before they are believed: attributes, numbers, coordinates."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

from sgn_sciml.layouts.contents import LayoutError, reason
from sgn_sciml.layouts.damage import refuse_broken_heaps
from sgn_sciml.layouts.decoding import values_of
from sgn_sciml.layouts.storage import is_whole, refuse_unstored

__all__ = [
    "DIMENSION",
    "arrays",
    "attributes",
    "class_of",
    "coordinate",
    "is_hdf5",
    "members",
    "number_sets",
    "numbers",
    "open_hdf5",
    "whole_values",
]

CACHE = 64 * 2**20  # bytes of decompressed chunks kept per data set: samples may share chunks
SIGNATURE = b"\x89HDF\r\n\x1a\n"  # at the start, or at 512, 1024, 2048, ...
SLOTS = 10_007  # a prime, several times the number of chunks that fit
DIMENSION = "This is a netCDF dimension but not a netCDF variable"
LOCKS = (None, False, True, "best-effort")
LINKS = (h5py.SoftLink, h5py.ExternalLink)
DEEP = 4  # groups within groups that are looked into
MANY = 200  # arrays beyond which a file is not a collection of fields
PLAIN = (h5py.h5t.INTEGER, h5py.h5t.FLOAT, h5py.h5t.STRING, h5py.h5t.ENUM)


def is_hdf5(path: Path) -> bool:
    """Whether a file has the signature of HDF5, as h5py's function asks, which wants a lock."""
    with path.open("rb") as stream:
        size, at = path.stat().st_size, 0
        while at < size:
            stream.seek(at)
            if stream.read(len(SIGNATURE)) == SIGNATURE:
                return True
            at = 2 * at or 512
    return False


def open_hdf5(path: Path) -> h5py.File:
    """Open for reading, with a chunk cache for single samples.

    A file that this process holds open already is opened as it was; one whose writer appends to
    it (SWMR), or was stopped while it did, is read as far as it has been written.

    Raises:
        LayoutError: If its text is damaged, or another process writes it.
    """
    refuse_broken_heaps(path)
    # HDF5 wants the same flags of all who open a file within one process, so h5py's own are
    # first; without locks a file can be read on any file system.
    ways: list[dict[str, Any]] = [{"locking": k} for k in LOCKS]
    first: OSError | None = None
    while ways:
        way = ways.pop(0)
        try:
            return h5py.File(path, "r", rdcc_nbytes=CACHE, rdcc_nslots=SLOTS, **way)
        except BlockingIOError as error:
            raise LayoutError(
                f"{path} is open for writing in another process: close it there"
            ) from error
        except OSError as error:
            first = first or error
            if "already open for" in str(error):
                # Only now: of a cut file HDF5 would wait for the rest, as if it were to come.
                if "swmr" not in way:
                    ways = [{"locking": k, "swmr": True} for k in LOCKS]
            elif "locking" not in str(error) and "unable to lock" not in str(error):
                break
    if "already open for" in str(first):
        raise LayoutError(
            f"{path} is marked as open for writing: close it where it is written or, if its "
            "program was stopped, clear the mark with h5clear -s"
        ) from first
    assert first is not None
    raise first


def attributes(item: h5py.HLObject) -> dict[str, Any]:
    """Attributes of a group or data set as plain Python values, arrays as lists.

    Only numbers and text. No file known here needs others, and where damage turns text into a
    list of variable length, reading it ends the process. What netCDF notes of itself is left out.
    """
    attrs = item.attrs
    return {
        str(name): _plain(attrs[name])
        for name in attrs
        if name != "_NCProperties" and attrs.get_id(name).get_type().get_class() in PLAIN
    }


def _plain(value: Any) -> Any:
    if isinstance(value, h5py.Empty):
        return None
    if isinstance(value, np.ndarray | np.generic):
        value = value.item() if value.size == 1 else value.tolist()
    if isinstance(value, list):
        return [_plain(entry) for entry in value]
    return value.decode(errors="replace") if isinstance(value, bytes) else value


def members(group: h5py.Group) -> Iterator[tuple[str, Any]]:
    """Names and items of a group; None for links to what is not there.

    netCDF's dimensions without a variable are passed over: they hold no values.
    """
    for name in group:
        try:
            item = group[name]
        except (KeyError, OSError):
            if not isinstance(group.get(name, getlink=True), LINKS):
                raise  # the object is damaged
            item = None
        if not isinstance(item, h5py.Dataset) or not _is_dimension(item):
            yield name, item


def _is_dimension(data: h5py.Dataset) -> bool:
    about = data.attrs
    return "NAME" in about and DIMENSION in str(attributes(data).get("NAME"))


def class_of(group: h5py.Group, name: str) -> type | None:
    """Class of an item, which is not opened; None where there is none."""
    try:
        found: type | None = group.get(name, getclass=True)
    except (KeyError, OSError, RuntimeError):
        if not isinstance(group.get(name, getlink=True), LINKS):
            raise
        return None
    return found


def numbers(file: h5py.Group, name: str) -> h5py.Dataset:
    """A data set of numbers that are all stored.

    Raises:
        LayoutError: If it is missing, holds something else, or is not wholly there.
    """
    path = file.file.filename
    data = file.get(name)
    if data is None and isinstance(file.get(name, getlink=True), LINKS):
        raise LayoutError(f"{path}: {name} is a link to something that is not there")
    if data is not None and not isinstance(data, h5py.Dataset):
        raise LayoutError(f"{path}: {name} is not a data set")
    if data is None:
        raise LayoutError(f"{path} has no data set {name}; it has {', '.join(sorted(file))}")
    try:
        kind = data.dtype
    except TypeError as error:  # a type that numpy lacks
        raise LayoutError(f"{path}: {name} does not hold numbers") from error
    if kind.kind not in "biuf" or data.shape is None:
        raise LayoutError(f"{path}: {name} does not hold numbers but {kind}")
    refuse_unstored(data)
    return data


def number_sets(group: h5py.Group) -> tuple[list[str], dict[str, str]]:
    """Names of the data sets of numbers in a group; and, for the rest, why they are none."""
    found, others = [], {}
    for name, _ in members(group):
        try:
            numbers(group, name)
        except LayoutError as error:
            others[name] = reason(Path(group.file.filename), name, error)
        else:
            found.append(name)
    return found, others


def whole_values(file: h5py.Group, name: str) -> NDArray[Any]:
    """All values of a small data set, in their native type.

    Raises:
        LayoutError: If it is missing, no numbers, or values are missing or were never written.
    """
    data = numbers(file, name)
    if not is_whole(data):
        raise LayoutError(f"{file.file.filename}: {name} was not written to its end")
    return values_of(data)


def coordinate(file: h5py.Group, name: str) -> NDArray[Any]:
    """Values of a 1-D data set in float64.

    Raises:
        LayoutError: If it is missing or not a list of numbers.
    """
    values = whole_values(file, name)
    if values.ndim != 1:
        raise LayoutError(f"{file.file.filename}: {name} has shape {values.shape}, not one axis")
    return np.asarray(values, np.float64)


def arrays(file: h5py.Group, prefix: str = "", deep: int = DEEP) -> dict[str, tuple[int, ...]]:
    """Data sets of numbers by path, with their shapes; those in groups included."""
    found: dict[str, tuple[int, ...]] = {}
    groups = []
    for name, item in members(file):
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


def _holds_numbers(data: h5py.Dataset) -> bool:
    return data.id.get_type().get_class() in (h5py.h5t.INTEGER, h5py.h5t.FLOAT, h5py.h5t.ENUM)
