"""HDF5 files of one's own: arrays anywhere in the file, told apart by names, shapes and a schema.

Arrays of numbers in the root, or else in groups, are taken; one in a group is called by its path,
``results/u``. What is what :mod:`~sgn_sciml.layouts.trajectories` tells, unless a schema does.
Labels of dimensions (as h5py's ``data.dims[0].label = "sample"``) name axes. Attributes of the
root are constants.
"""

from dataclasses import replace
from pathlib import Path

import h5py

from sgn_sciml.layouts.contents import AXES, Contents
from sgn_sciml.layouts.hdf5 import Hdf5Source
from sgn_sciml.layouts.hdf5_items import arrays, attributes, numbers, whole_values
from sgn_sciml.layouts.schema import OTHER
from sgn_sciml.layouts.trajectories import contents_of, sort_out

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
        found = sort_out(self.path, shapes, schema)
        fields = {
            name: self._field(file, name, axes, found.arrays[name], found.repeated(name))
            for name, axes in found.fields.items()
        }
        return contents_of(
            fields, found, lambda array: whole_values(file, array), attributes(file)
        )


def _labels(file: h5py.File, name: str) -> str:
    """Axes that the labels of the dimensions name, if they name all of them; else nothing."""
    labels = attributes(file[name]).get("DIMENSION_LABELS")
    words = [OTHER.get(str(label), str(label)) for label in labels or ()]
    named = isinstance(labels, list) and {*words} <= {*AXES} and "x" in words
    return " ".join(words) if named else ""
