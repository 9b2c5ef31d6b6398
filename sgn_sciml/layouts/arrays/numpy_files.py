"""Files of NumPy: one array (``.npy``) or an archive of them (``.npz``), as DeepONet has its data.

Shapes and types stand in the head of each array, so nothing else is read to know what there is.
What was saved without compression is mapped, not read; a compressed array is read as a whole at
its first use. Objects are never unpickled (but for those of
:mod:`~sgn_sciml.layouts.arrays.deeponet`). What the arrays are is what
:mod:`~sgn_sciml.layouts.trajectories` tells, unless a schema does.

Source: https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html
"""

import math
import struct
import zipfile
from pathlib import Path
from typing import IO, Any

import h5py
import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

from sgn_sciml.layouts.arrays.base import ArraysSource, Entries
from sgn_sciml.layouts.contents import LayoutError
from sgn_sciml.system.archives import refuse_damaged_archive

__all__ = ["NumpyFile", "head_of"]

END = ".npy"
LOCAL = struct.Struct("<26xHH")  # lengths of name and extra at the end of a member's own head
OTHERS = {"c": "complex numbers", "O": "objects", "V": "records", "M": "dates", "m": "durations"}


class NumpyFile(ArraysSource):
    """An array under the name of its file, or an archive of named ones."""

    layout = "numpy"

    @classmethod
    def matches(cls, path: Path, file: h5py.File | None) -> bool:
        """Whether it begins as an array does, or is an archive of such."""
        if zipfile.is_zipfile(path):
            with zipfile.ZipFile(path) as archive:
                return any(name.endswith(END) for name in archive.namelist())
        with path.open("rb") as stream:
            return stream.read(6) == npy.MAGIC_PREFIX

    @property
    def _archived(self) -> bool:
        return zipfile.is_zipfile(self.path)

    def _entries(self) -> Entries:
        found = Entries()
        if not self._archived:
            with self.path.open("rb") as stream:
                self._take(found, self.path.stem, stream, self.path.stat().st_size)
            return found
        with zipfile.ZipFile(self.path) as archive:
            for member in archive.infolist():
                name = member.filename.removesuffix(END)
                if name == member.filename:
                    found.left_out[name] = "is not an array"
                    continue
                with archive.open(member) as stream:
                    self._take(found, name, stream, member.file_size)
        return found

    def _take(self, found: Entries, name: str, stream: IO[bytes], size: int) -> None:
        """Note an array by its head."""
        shape, _, dtype = head_of(stream)
        what = OTHERS.get(dtype.kind, "" if dtype.kind in "biuf" else "text")
        if what or dtype.itemsize > 8:
            found.left_out[name] = f"holds {what or f'numbers of {8 * dtype.itemsize} bit'}"
            return
        if math.prod(shape) * dtype.itemsize != size - stream.tell():
            raise LayoutError(
                f"{self.path}: {name} has shape {shape}, which is not what the file holds of it; "
                "get it again"
            )
        found.arrays[name] = shape, dtype

    def _array(self, name: str) -> NDArray[Any]:
        if not self._archived:
            return np.asarray(np.load(self.path, mmap_mode="r"))
        with zipfile.ZipFile(self.path) as archive:
            member = archive.getinfo(name + END)
            if member.compress_type != zipfile.ZIP_STORED:
                with archive.open(member) as stream:
                    return np.asarray(npy.read_array(stream))
        with self.path.open("rb") as stream:
            stream.seek(member.header_offset)
            stream.seek(sum(LOCAL.unpack(stream.read(LOCAL.size))), 1)
            shape, fortran, dtype = head_of(stream)
            if not shape:
                return np.fromfile(stream, dtype, 1)
            return np.memmap(
                self.path, dtype, "r", stream.tell(), shape, order="F" if fortran else "C"
            )

    def _verify(self) -> None:
        refuse_damaged_archive(self.path)


def head_of(stream: IO[bytes]) -> tuple[tuple[int, ...], bool, np.dtype[Any]]:
    """Shape, whether the first axis is the fastest, and type."""
    version = npy.read_magic(stream)
    read = npy.read_array_header_1_0 if version == (1, 0) else npy.read_array_header_2_0
    shape, fortran, dtype = read(stream)
    return shape, fortran, dtype
