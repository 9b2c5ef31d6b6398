"""HDF5 files of one's own: arrays anywhere in the file, told apart by names, shapes and a schema.

Arrays of numbers in the root, or else in groups, are taken; one in a group is called by its path,
``results/u``. What is what :mod:`~sgn_sciml.layouts.trajectories` tells, unless a schema does.
Labels of dimensions (as h5py's ``data.dims[0].label = "sample"``) name axes, and so do the
dimensions of netCDF 4, as xarray writes them. Attributes of the root are constants.
"""

from dataclasses import replace
from pathlib import Path
from typing import Any

import h5py
from numpy.typing import NDArray

from sgn_sciml.layouts.contents import Contents
from sgn_sciml.layouts.hdf5 import Hdf5Source
from sgn_sciml.layouts.hdf5_items import arrays, attributes, numbers, whole_values
from sgn_sciml.layouts.schema import axes_from_labels
from sgn_sciml.layouts.trajectories import contents_of, repeats, sort_out

__all__ = ["Hdf5Arrays"]


class Hdf5Arrays(Hdf5Source):
    """Arrays in an HDF5 file that names no axes."""

    layout = "hdf5"

    @classmethod
    def matches(cls, path: Path, file: h5py.File | None) -> bool:
        """Whether it holds arrays of numbers that may be fields."""
        return file is not None and any(len(shape) > 1 for shape in arrays(file).values())

    def _describe(self, file: h5py.File) -> Contents:
        shapes = {name: numbers(file, name).shape for name in arrays(file)}
        labelled = {name: text for name in shapes if (text := _labels(file, name))}
        schema = (
            replace(self.schema, axes=labelled | self.schema.axes) if labelled else self.schema
        )
        told = {*schema.axes, *schema.fields.values(), *schema.parameters.values()}
        rows = {
            name for name in {*shapes} - told if repeats(name, shapes, lambda n: numbers(file, n))
        }
        shapes |= {name: shapes[name][1:] for name in rows}
        found = sort_out(self.path, shapes, schema)
        fields = {
            name: self._field(file, name, axes, found.arrays[name], found.repeated(name))
            for name, axes in found.fields.items()
        }

        def read(array: str) -> NDArray[Any]:
            values = whole_values(file, array)
            return values[0] if array in rows else values

        return contents_of(fields, found, read, attributes(file))


def _labels(file: h5py.File, name: str) -> str:
    """Axes that labels or dimensions name, if they name all of them; else nothing."""
    labels = attributes(file[name]).get("DIMENSION_LABELS") or _dimensions(file[name])
    return axes_from_labels(labels) if isinstance(labels, list) else ""


def _dimensions(data: h5py.Dataset) -> list[str]:
    """Names of the dimensions in netCDF 4, which HDF5 calls scales; empty where one has none."""
    if "DIMENSION_LIST" not in data.attrs:
        return []
    scales = [dimension[0].name if len(dimension) else "" for dimension in data.dims]
    return [str(scale).rpartition("/")[2] for scale in scales]
