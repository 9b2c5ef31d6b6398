"""The ``.mat`` files of the Fourier neural operator papers, MAT 5 and MAT 7.3.

Samples come first in MATLAB's order of axes: ``a``, ``u`` (N, X) for Burgers; ``coeff``, ``sol``
(N, X, Y) for Darcy; trajectories ``output`` (N, T, X) beside ``input`` (N, X), or ``u``
(N, X, Y, T) beside ``a`` (N, X, Y) for Navier-Stokes; or one solution, ``usol`` (X, T) beside
``x`` and ``t``. What is what :mod:`~sgn_sciml.layouts.trajectories` tells, unless a schema does.

MAT 5 files are read variable by variable, each as a whole at its first use. MAT 7.3 files are
HDF5, where MATLAB's order appears reversed and the samples lie last.

Source: the scripts in github.com/neuraloperator/neuraloperator (``data_generation``).
"""

import warnings
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

from sgn_sciml.layouts.arrays.base import ArraysSource, Entries
from sgn_sciml.layouts.contents import Contents, LayoutError, reason
from sgn_sciml.layouts.damage import complex_matrices
from sgn_sciml.layouts.hdf5 import Hdf5Source
from sgn_sciml.layouts.hdf5_items import attributes, members, numbers, whole_values
from sgn_sciml.layouts.trajectories import contents_of, sort_out

__all__ = ["FnoMat5", "FnoMat73"]

CLASSES = {
    "double": "f8", "single": "f4", "logical": "?", "int8": "i1", "uint8": "u1", "int16": "i2",
    "uint16": "u2", "int32": "i4", "uint32": "u4", "int64": "i8", "uint64": "u8",
}  # fmt: skip


class FnoMat5(ArraysSource):
    """A MAT 5 file, plain or compressed."""

    layout = "fno-mat-5"
    convention = "matlab"

    @classmethod
    def matches(cls, path: Path, file: h5py.File | None) -> bool:
        """Whether the header says version 1 in either byte order."""
        with path.open("rb") as stream:
            return stream.read(128)[124:] in (b"\x00\x01IM", b"\x01\x00MI")

    def _entries(self) -> Entries:
        import scipy.io  # not at the top: it takes longer to import than all the rest

        imaginary = complex_matrices(self.path)
        found = Entries(left_out=dict.fromkeys(imaginary, "holds complex numbers"))
        for name, shape, kind in scipy.io.whosmat(self.path):
            if kind not in CLASSES:
                found.left_out[name] = f"is of class {kind}"
            elif name not in imaginary:
                found.arrays[name] = shape, np.dtype(CLASSES[kind])
        room = 1100 * self.path.stat().st_size  # deflate packs at most 1032 : 1
        for name, (shape, dtype) in found.arrays.items():
            if int(np.prod([float(n) for n in shape])) * dtype.itemsize > room:
                raise LayoutError(
                    f"{self.path}: {name} has shape {shape}, which is not wholly in the file; "
                    "get it again"
                )
        self._types = {name: dtype for name, (_, dtype) in found.arrays.items()}
        return found

    def _array(self, name: str) -> NDArray[Any]:
        import scipy.io

        with warnings.catch_warnings():
            warnings.simplefilter("error")  # a warning here means a part was dropped
            # mat_dtype: MATLAB stores whole-numbered doubles in bytes; give the declared type.
            loaded = scipy.io.loadmat(self.path, variable_names=[name], mat_dtype=True)
        return np.ascontiguousarray(loaded[name], self._types[name])


class FnoMat73(Hdf5Source):
    """A MAT 7.3 file."""

    layout = "fno-mat-7.3"

    @classmethod
    def matches(cls, path: Path, file: h5py.File | None) -> bool:
        """Whether it is HDF5 behind MATLAB's header."""
        with path.open("rb") as stream:
            return file is not None and stream.read(10) == b"MATLAB 7.3"

    def _describe(self, file: h5py.File) -> Contents:
        found, left_out = {}, {}
        for name, data in members(file):
            about = {} if data is None else attributes(data)
            kind = about.get("MATLAB_class")
            if "MATLAB_empty" in about or name == "#refs#" or name == "#subsystem#":
                continue
            if kind not in CLASSES or "MATLAB_sparse" in about:
                sparse = "MATLAB_sparse" in about
                left_out[name] = f"is {'sparse' if sparse else f'of class {kind}'}"
                continue
            try:
                found[name] = numbers(file, name).shape[::-1]
            except LayoutError as error:
                left_out[name] = reason(self.path, name, error)
        ordered = sort_out(self.path, found, self.schema, "matlab")
        fields = {
            name: self._field(file, name, axes[::-1], ordered.arrays[name], ordered.repeated(name))
            for name, axes in ordered.fields.items()
        }
        ordered.notes.append(
            "samples lie last in the file: reading all costs little more than reading one"
        )
        return contents_of(
            fields, ordered, lambda name: whole_values(file, name), left_out=left_out
        )
