"""The place of the bytes of an HDF5 data set, and whether they are all there.

A data set may lie in the file itself, in chunks that a filter packed, in external files, or in
other HDF5 files that it joins (a virtual data set). HDF5 reads zeros, or a fill value, from what
is not there, without a word.
"""

import itertools
import math
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib import import_module
from pathlib import Path

import h5py
import numpy as np

from sgn_sciml.layouts.contents import LayoutError
from sgn_sciml.layouts.decoding import decoding

__all__ = ["is_whole", "refuse_unstored", "refuse_unwritten"]

RATIO = 2048  # deflate packs at most 1032 : 1; a shape beyond that does not fit its file
LIMITED = {h5py.h5z.FILTER_DEFLATE, h5py.h5z.FILTER_LZF, h5py.h5z.FILTER_SHUFFLE,
           h5py.h5z.FILTER_FLETCHER32}  # fmt: skip
MASK = 2**27  # entries of a virtual data set up to which its parts are laid side by side
NAMES = {
    305: "LZO", 307: "bzip2", 32001: "Blosc", 32004: "LZ4", 32008: "bitshuffle", 32013: "ZFP",
    32015: "Zstandard", 32017: "SZ", 32018: "FCIDECOMP", 32024: "SZ3", 32026: "Blosc2",
    32028: "SPERR",
}  # fmt: skip


def refuse_unstored(data: h5py.Dataset) -> None:
    """Refuse a data set that cannot be read as a whole, before anything of it is read.

    Chunks that were never written are not looked for here: see :func:`is_whole`.

    Raises:
        LayoutError: If its file was cut off, a filter is not installed, or a part that lies in
            another file is missing or has a packing of its own.
    """
    path, name = data.file.filename, data.name.strip("/")
    size = math.prod(data.shape) * data.dtype.itemsize
    if data.is_virtual:
        _refuse_missing_parts(data)
        return
    if data.external:
        _refuse_missing_external(data, size)
        return
    room = os.path.getsize(path)
    if data.chunks is not None:
        _refuse_unknown_filters(data)
        size = max(size, math.prod(data.chunks) * data.dtype.itemsize)
        room = RATIO * room
        if size > room and not _filters(data).keys() <= LIMITED and is_whole(data):
            return
    elif size and data.id.get_storage_size() == 0:
        raise LayoutError(f"{path}: {name} was never written")
    if size > room:
        raise LayoutError(
            f"{path}: {name} has shape {data.shape}, which is not wholly in the file; get it again"
        )


def is_whole(data: h5py.Dataset) -> bool:
    """Whether every chunk was written; HDF5 silently reads zeros from those that were not."""
    if data.chunks is None or data.is_virtual:
        return True
    expected = math.prod(-(-n // c) for n, c in zip(data.shape, data.chunks, strict=True))
    return int(data.id.get_num_chunks()) == expected


def refuse_unwritten(data: h5py.Dataset, box: tuple[slice, ...]) -> None:
    """Refuse a box that has a chunk that was never written.

    Raises:
        LayoutError: If it has.
    """
    grid = [range(s.start // c * c, s.stop, c) for s, c in zip(box, data.chunks, strict=True)]
    for corner in itertools.product(*grid):
        if data.id.get_chunk_info_by_coord(corner).byte_offset is None:
            raise LayoutError(
                f"{data.file.filename}: {data.name} was never written at {corner}; "
                "its program stopped early, or it was cut off"
            )


def _filters(data: h5py.Dataset) -> dict[int, str]:
    """Filters of a data set by number, and the names that the file gives them."""
    create = data.id.get_create_plist()
    found = (create.get_filter(i) for i in range(create.get_nfilters()))
    return {code: name.decode(errors="replace") for code, _, _, name in found}


def _refuse_unknown_filters(data: h5py.Dataset) -> None:
    for code, name in _filters(data).items():
        if h5py.h5z.filter_avail(code):
            continue
        with suppress(ImportError):
            import_module("hdf5plugin")  # registers its filters, where it is installed
        if not h5py.h5z.filter_avail(code):
            raise LayoutError(
                f"{data.file.filename}: {data.name.strip('/')} is compressed by the filter "
                f"{NAMES.get(code) or name or 'without a name'} ({code}), which is not installed: "
                "pip install hdf5plugin, or repack the file (h5repack -f GZIP=1)"
            )


def _refuse_missing_external(data: h5py.Dataset, size: int) -> None:
    path, name = data.file.filename, data.name.strip("/")
    there = 0
    for file, offset, length in data.external:
        place = Path(os.fsdecode(file))
        found = place.stat().st_size if place.is_file() else 0
        if found == 0:
            raise LayoutError(
                f"{path}: {name} lies in the external file {place}, which is not there; HDF5 "
                "looks for it from the working directory"
            )
        there += min(max(0, found - offset), length)
    if there < size:
        raise LayoutError(f"{path}: {name} lies in external files that are too short for it")


def _refuse_missing_parts(data: h5py.Dataset) -> None:
    """Refuse a virtual data set that has gaps, or parts with a packing of their own."""
    path, name = data.file.filename, data.name.strip("/")
    own, covered, mask = decoding(data), 0, None
    if math.prod(data.shape) <= MASK:
        mask = np.zeros(data.shape, bool)
    for part in data.virtual_sources():
        where = f"{path}: {name} is a virtual data set, and its part {part.dset_name} of"
        if "%b" in part.file_name:
            raise LayoutError(f"{where} {part.file_name} is one of a series, which is not read")
        try:
            with _opened(data, part.file_name) as file:
                source = file.get(part.dset_name)
                if not isinstance(source, h5py.Dataset):
                    raise LayoutError(f"{where} {part.file_name} is not there")
                refuse_unstored(source)
                if not is_whole(source):
                    raise LayoutError(f"{where} {part.file_name} was not written to its end")
                if (how := decoding(source)) != own and not (how.plain and own.plain):
                    raise LayoutError(
                        f"{where} {part.file_name} has attributes of its own that say how its "
                        "numbers become values; give them to the virtual data set"
                    )
        except OSError as error:
            raise LayoutError(f"{where} {part.file_name} cannot be read: {error}") from error
        covered += part.vspace.get_select_npoints()
        if mask is not None:
            _lay(mask, part.vspace)
    if covered < math.prod(data.shape) or (mask is not None and not mask.all()):
        raise LayoutError(f"{path}: {name} is a virtual data set with parts that nothing fills")


@contextmanager
def _opened(data: h5py.Dataset, name: str) -> Iterator[h5py.File]:
    """The file of a part: beside the file of the whole, or from the working directory."""
    if name == ".":
        yield data.file
        return
    places = [Path(data.file.filename).parent / name, Path(name)]
    place = next((p for p in places if p.is_file()), None)
    if place is None:
        raise FileNotFoundError(f"there is no file {name}")
    with h5py.File(place, "r") as file:
        yield file


def _lay(mask: np.ndarray, space: h5py.h5s.SpaceID) -> None:
    """Mark what a selection covers."""
    if space.get_select_type() == h5py.h5s.SEL_ALL:
        mask[...] = True
    elif space.is_regular_hyperslab():
        axes = [
            np.minimum(
                (s + step * np.arange(count)[:, None] + np.arange(block)).ravel(), length - 1
            )
            for s, step, count, block, length in zip(
                *space.get_regular_hyperslab(), mask.shape, strict=True
            )
        ]
        mask[np.ix_(*axes)] = True
    else:
        low, high = space.get_select_bounds()
        mask[tuple(slice(a, b + 1) for a, b in zip(low, high, strict=True))] = True
