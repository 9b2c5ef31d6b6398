"""Sources inside HDF5 files, read lazily from any number of processes.

A handle is opened at the first read of a process and belongs to it alone: pickling leaves it
behind, and every handle is closed before a fork, since a file position shared by two processes
gives both wrong values.
"""

import os
import threading
from abc import abstractmethod
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from weakref import WeakSet

import h5py
from numpy.typing import NDArray

from sgn_sciml.layouts.boxes import Steps, fill
from sgn_sciml.layouts.contents import AXES, Contents, Field, LayoutError, reason
from sgn_sciml.layouts.decoding import Decoding, decoding
from sgn_sciml.layouts.hdf5_items import numbers, open_hdf5
from sgn_sciml.layouts.schema import Schema
from sgn_sciml.layouts.source import Source
from sgn_sciml.layouts.storage import is_whole
from sgn_sciml.system.forks import around_forks

__all__ = ["Hdf5Source", "Stored"]

_LOCK = threading.RLock()  # the HDF5 library has a single lock too, so nothing is lost
_OPEN: "WeakSet[Hdf5Source]" = WeakSet()


def _before_fork() -> None:
    _LOCK.acquire()
    for source in list(_OPEN):
        source.close()


around_forks(_before_fork, _LOCK.release)


@dataclass(frozen=True)
class Stored:
    """Where a field lies.

    Attributes:
        dataset: Path inside the file.
        axes: Axis names in the order of storage, as in :func:`~sgn_sciml.layouts.boxes.place`.
    """

    dataset: str
    axes: tuple[str, ...]


@dataclass
class _Handle:
    """An open file of one process; data sets stay open, for their chunk caches live in them."""

    pid: int
    file: h5py.File
    datasets: dict[str, tuple[h5py.Dataset, Decoding, bool]] = field(default_factory=dict)


class Hdf5Source(Source):
    """A source whose fields are data sets of an HDF5 file.

    A layout defines ``matches`` and :meth:`_describe`; fields that are one data set each are
    made by :meth:`_field` and read here.
    """

    def __init__(self, path: str | Path, schema: Schema | None = None) -> None:
        self._stored: dict[str, Stored] = {}
        self._handle: _Handle | None = None
        super().__init__(path, schema)

    @abstractmethod
    def _describe(self, file: h5py.File) -> Contents:
        """What is in the file; read nothing but metadata and coordinates."""

    def _inspect(self) -> Contents:
        with open_hdf5(self.path) as file:
            return self._describe(file)

    def _field(
        self,
        file: h5py.File,
        name: str,
        axes: tuple[str, ...],
        dataset: str | None = None,
        repeated: Mapping[str, int] | None = None,
    ) -> Field:
        """Take a data set as a field.

        Args:
            file: The open file.
            name: Name of the field.
            axes: Axis names in the order of storage; ``""`` drops an axis of length 1, two
                trailing ``component`` axes become one.
            dataset: Path of the data set; by default ``name``.
            repeated: Length of axes the data set lacks and the field shows by repetition.

        Raises:
            LayoutError: If it is missing, not numeric or does not have these axes.
        """
        data = numbers(file, dataset or name)
        fits = len(axes) == data.ndim
        if not fits or any(n != 1 for a, n in zip(axes, data.shape, strict=True) if not a):
            raise LayoutError(
                f"{self.path}: {name} has shape {data.shape}, expected axes "
                f"({', '.join(axis or '1' for axis in axes)})"
            )
        values = decoding(data)
        self._stored[name] = Stored(dataset or name, axes)
        lengths, chunks = dict(repeated or {}), dict.fromkeys(repeated or {}, 1)
        for i, axis in enumerate(axes):
            lengths[axis] = data.shape[i] * (lengths.get(axis, 1) if axis in axes[:i] else 1)
            chunk = data.chunks[i] if data.chunks else 1
            chunks[axis] = chunk * (chunks[axis] if axis in axes[:i] else 1)
        shown = tuple(axis for axis in AXES if axis in lengths)
        return Field(
            name,
            shown,
            tuple(lengths[axis] for axis in shown),
            values.dtype,
            tuple(chunks[axis] for axis in shown) if data.chunks else None,
            values.missing,
        )

    def _try_fields(
        self, file: h5py.File, axes: Mapping[str, tuple[str, ...]]
    ) -> tuple[dict[str, Field], dict[str, str]]:
        """Take what can be taken as a field of these axes; why not, for the rest."""
        fields, left_out = {}, {}
        for name, named in axes.items():
            try:
                fields[name] = self._field(file, name, named)
            except LayoutError as error:
                left_out[name] = reason(self.path, name, error)
        return fields, left_out

    @contextmanager
    def _open(self) -> Iterator[_Handle]:
        """The handle of this process, held still against forks and other threads."""
        with _LOCK:
            if self._handle is None or self._handle.pid != os.getpid():
                self._handle = _Handle(os.getpid(), open_hdf5(self.path))
                _OPEN.add(self)
            yield self._handle

    def _fill(
        self, out: NDArray[Any], field: Field, samples: slice, times: slice | None, steps: Steps
    ) -> None:
        stored = self._stored[field.name]
        with self._open() as handle:
            if stored.dataset not in handle.datasets:
                data = numbers(handle.file, stored.dataset)
                handle.datasets[stored.dataset] = data, decoding(data), is_whole(data)
            data, decode, whole = handle.datasets[stored.dataset]
            fill(out, data, stored.axes, field.axes, samples, times, steps, decode, whole=whole)

    def close(self) -> None:
        """Close this process's handle; the next read opens another."""
        with _LOCK:
            if self._handle is not None and self._handle.pid == os.getpid():
                self._handle.file.close()
            self._handle = None
            _OPEN.discard(self)

    def __getstate__(self) -> dict[str, Any]:
        return self.__dict__ | {"_handle": None}
