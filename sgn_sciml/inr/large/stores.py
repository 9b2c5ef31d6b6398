"""Arrays on disk of which windows are read: NumPy's files, HDF5 and zarr.

NumPy's files are mapped anew for every batch of windows, so that the pages which they touched are
given back: what is resident does not grow with the file.
"""

import mmap
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sgn_sciml.layouts.contents import LayoutError, foreign
from sgn_sciml.layouts.decoding import decoding
from sgn_sciml.layouts.hdf5_items import is_hdf5, numbers, open_hdf5
from sgn_sciml.layouts.storage import is_whole
from sgn_sciml.system.extras import needed_by

__all__ = ["HDF5Store", "MappedStore", "SignalStore", "Slices", "ZarrSignal", "open_store"]

Slices = tuple[slice, ...]

PACKED = ("scale_factor", "add_offset", "_FillValue", "missing_value")


class SignalStore(ABC):
    """An array on disk.

    Attributes:
        path: Its file or folder.
        shape: Its shape.
        dtype: What it holds.
    """

    path: Path
    shape: tuple[int, ...]
    dtype: np.dtype[Any]

    @abstractmethod
    def read(self, windows: Sequence[Slices]) -> Iterator[NDArray[Any]]:
        """Copies of some windows, one after another.

        Args:
            windows: A slice per axis each.
        """


class MappedStore(SignalStore):
    """The array of an npy file, or numbers that lie in a file without compression.

    Args:
        path: File.
        raw: Type, shape and first byte of the numbers; None reads them from an npy file.

    Raises:
        ValueError: If it holds no array of numbers, or fewer bytes than it says.
    """

    def __init__(
        self, path: Path, raw: tuple[np.dtype[Any], tuple[int, ...], int] | None = None
    ) -> None:
        self.path = path
        self.raw = raw
        try:
            array = self._mapped()
        except Exception as error:  # damage has many types
            raise ValueError(f"{path} cannot be read as an array (npy)") from error
        self.shape, self.dtype = tuple(array.shape), array.dtype

    def _mapped(self) -> NDArray[Any]:
        if self.raw is None:
            found = np.load(self.path, mmap_mode="r")
            if not isinstance(found, np.memmap):
                raise ValueError("not a single array")
            return found
        dtype, shape, offset = self.raw
        return np.memmap(self.path, dtype, "r", offset, shape)

    def read(self, windows: Sequence[Slices]) -> Iterator[NDArray[Any]]:
        array = self._mapped()
        for window in windows:
            yield np.array(array[window])
            release(array)


def release(array: NDArray[Any]) -> None:
    """Give back the pages that reading a mapped file touched, where the system can do that."""
    pages = getattr(array, "_mmap", None)
    if isinstance(pages, mmap.mmap) and hasattr(mmap, "MADV_DONTNEED"):  # not on Windows
        with suppress(OSError, ValueError):
            pages.madvise(mmap.MADV_DONTNEED)


class HDF5Store(SignalStore):
    """A data set of an HDF5 file, unpacked where it is packed.

    Args:
        path: File.
        name: Path of the data set.

    Raises:
        ValueError: If there is no such data set, it does not hold numbers, or not all of them.
    """

    def __init__(self, path: Path, name: str) -> None:
        self.path, self.name = path, name
        with foreign(path):
            self.file = open_hdf5(path)
            self.data = numbers(self.file, name)
            if not is_whole(self.data):
                raise LayoutError(f"{path}: {name} was not written to its end")
            self.decoding = decoding(self.data)
        self.shape, self.dtype = tuple(self.data.shape), self.decoding.dtype

    def read(self, windows: Sequence[Slices]) -> Iterator[NDArray[Any]]:
        with foreign(self.path):
            for window in windows:
                yield self.decoding(np.asarray(self.data[window]))


class ZarrSignal(SignalStore):
    """An array of a zarr folder or archive.

    Args:
        path: Folder or archive.
        name: Path of the array in a group; None for the array that the folder is.

    Raises:
        ValueError: If there is no such array, or its numbers are packed.
        MissingExtra: If zarr is not installed.
    """

    def __init__(self, path: Path, name: str | None) -> None:
        self.path = path
        with needed_by(f"reading {path}", "formats"):
            import zarr
        try:
            root: Any = zarr.open(path, mode="r")
            array = root if name is None else root[name]
        except Exception as error:  # damage has many types
            what = "zarr" if name is None else f"zarr with an array {name}"
            raise ValueError(f"{path} cannot be read as {what}") from error
        if not isinstance(array, zarr.Array):
            held = ", ".join(str(key) for key, _ in array.members())
            raise ValueError(f"{path} is a group: name one array with dataset, of {held}")
        if packed := [word for word in PACKED if word in array.attrs]:
            raise ValueError(f"{path} has packed numbers ({packed[0]}): unpack them first")
        self.array: Any = array
        self.shape, self.dtype = tuple(array.shape), np.dtype(array.dtype)

    def read(self, windows: Sequence[Slices]) -> Iterator[NDArray[Any]]:
        for window in windows:
            yield np.asarray(self.array[window])


def open_store(path: str, dataset: str | None = None) -> SignalStore:
    """The array of a file, by what the file is.

    Args:
        path: npy or HDF5 file, or a zarr folder.
        dataset: Name of the array in HDF5 and zarr.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If it holds no such array of real numbers.
    """
    name = Path(path)
    if not name.exists():
        raise FileNotFoundError(f"no file {path}; give a npy or HDF5 file, or a zarr folder")
    store: SignalStore
    if name.is_dir():
        store = ZarrSignal(name, dataset)
    elif is_hdf5(name):
        if dataset is None:
            from sgn_sciml.inr.volumes import only_volume

            with foreign(name), open_hdf5(name) as file:
                dataset = only_volume(file)
        store = HDF5Store(name, dataset)
    elif dataset is not None:
        raise ValueError(f"{path} is not an HDF5 file, so it has no dataset {dataset}")
    else:
        store = MappedStore(name)
    if store.dtype.kind not in "buif" or 0 in store.shape:
        raise ValueError(f"{path} holds no real numbers but {store.dtype} of shape {store.shape}")
    return store
