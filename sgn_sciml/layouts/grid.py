"""Our own files of fields on a tensor grid, shown as one sample.

Layout ``sgn-grid-1``: one 1-D data set per coordinate (``x``, ``t``), attached as dimension
scale; one data set per field with an axis per coordinate, labelled with its name; on the root
the attributes ``format``, ``law`` and one per constant of the law.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import h5py

from sgn_sciml.layouts.contents import SPACE, Contents, LayoutError
from sgn_sciml.layouts.hdf5 import Hdf5Source
from sgn_sciml.layouts.hdf5_items import attributes, coordinate, members

__all__ = ["SgnGrid", "labels_of"]

FORMAT = "sgn-grid-1"


class SgnGrid(Hdf5Source):
    """A file of fields on a grid: the one sample of every field."""

    layout = FORMAT

    @classmethod
    def matches(cls, path: Path, file: h5py.File | None) -> bool:
        """Whether the root says so."""
        return file is not None and attributes(file).get("format") == FORMAT

    def _describe(self, file: h5py.File) -> Contents:
        fields, coordinates, left_out = {}, {}, {}
        for name, data in members(file):
            # h5py's own dims crash the process on damaged files.
            about = attributes(data) if isinstance(data, h5py.Dataset) else {}
            if about.get("CLASS") == "DIMENSION_SCALE":
                coordinates[name] = coordinate(file, name)
                continue
            labels = labels_of(about)
            if not any(labels):
                left_out[name] = "has no labels of its axes"
                continue
            if not set(labels) <= {*SPACE, "t"}:
                raise LayoutError(
                    f"{self.path}: {name} has axes {', '.join(labels)}; known are x, y, z, t"
                )
            axes = tuple("time" if label == "t" else label for label in labels)
            fields[name] = self._field(file, name, axes, repeated={"sample": 1})
        parameters = {
            k: v for k, v in attributes(file).items() if k not in ("format", "written_by")
        }
        return Contents(fields, coordinates, parameters, (), left_out, frozenset(fields))


def labels_of(about: Mapping[str, Any]) -> list[str]:
    """Labels of the axes of a data set, from its attributes; one comes without a list."""
    labels = about.get("DIMENSION_LABELS", [])
    return [str(label or "") for label in (labels if isinstance(labels, list) else [labels])]
