"""HDF5 files that keep a group for each sample.

PDEBench does for diffusion-sorption, diffusion-reaction and shallow water: ``0000/data``
(T, X[, Y], C) and ``0000/grid/{x,y,t}``; others have arrays of any name in groups whose names end
in a number. What the groups have as numbers, in attributes or data sets of one entry, is each
sample's own.

Coordinates are those of the first group. At opening only the number of the others is known; the
shapes and the grid of each are compared when it is first read.
"""

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

from sgn_sciml.layouts.boxes import Steps, fill
from sgn_sciml.layouts.contents import SPACE, Contents, Field, LayoutError, foreign
from sgn_sciml.layouts.decoding import decoding
from sgn_sciml.layouts.hdf5 import Hdf5Source
from sgn_sciml.layouts.hdf5_items import (
    arrays,
    attributes,
    class_of,
    coordinate,
    numbers,
    whole_values,
)
from sgn_sciml.layouts.schema import Schema
from sgn_sciml.layouts.storage import is_whole
from sgn_sciml.layouts.trajectories import COORDINATES, contents_of, sort_out

__all__ = ["PdebenchGroups", "SampleGroups"]


class SampleGroups(Hdf5Source):
    """One group per sample, of arrays of any name."""

    layout = "hdf5-groups"

    @classmethod
    def matches(cls, path: Path, file: h5py.File | None) -> bool:
        """Whether the root has numbered groups, the first and last of which hold the same."""
        names = list(file or ())
        if file is None or len(names) < 2 or not all(re.search(r"\d$", name) for name in names):
            return False
        first, last = file[names[0]], file[names[-1]]
        both = isinstance(first, h5py.Group) and isinstance(last, h5py.Group)
        return both and {*arrays(first)} == {*arrays(last)} != set()

    def _describe(self, file: h5py.File) -> Contents:
        self._groups = sorted(self._sample_names(file), key=lambda name: (len(name), name))
        others = sorted(set(file) - {*self._groups})
        left_out = dict.fromkeys(others, "is not a group of a sample")
        first = file[self._groups[0]]
        shapes = {n: (len(self._groups), *s) for n, s in arrays(first).items() if np.prod(s) != 1}
        self._grid = {
            COORDINATES[end]: name
            for name in shapes
            if (end := name.rpartition("/")[2]) in COORDINATES and len(shapes[name]) == 2
        }
        shapes |= {name: shapes[name][1:] for name in self._grid.values()}
        schema = self._schema(first)
        schema = replace(schema, coordinates=self._grid | schema.coordinates)
        found = sort_out(self.path, shapes, schema, sampled=True)
        self._array = found.arrays
        fields = {}
        for name, axes in found.fields.items():
            stored, repeated = (
                f"{self._groups[0]}/{found.arrays[name]}",
                {"sample": len(self._groups)},
            )
            fields[name] = self._field(file, name, axes[1:], stored, repeated)
        self._ungiven = np.ones(len(self._groups), bool)  # groups whose grid is not compared yet
        own = _constants(first)
        texts = {k: v for k, v in attributes(first).items() if k not in own}
        notes = [f"{', '.join(texts)} of the first sample; others may differ"] if texts else []
        root = {k: v for k, v in attributes(file).items() if k not in own}
        known = contents_of(
            fields, found, lambda name: whole_values(first, name), root | texts, left_out
        )
        return replace(
            known,
            notes=(*known.notes, *notes),
            # Not visited before they are asked for: there may be ten thousand groups.
            sample_parameters=dict.fromkeys(own, np.empty(0)),
        )

    def _sample_names(self, file: h5py.File) -> list[str]:
        """Groups of the samples."""
        return list(file)

    def _schema(self, first: h5py.Group) -> Schema:
        return self.schema

    def sample_parameter(self, name: str) -> NDArray[np.float64]:
        """A constant of the groups, all of which are visited, once.

        Raises:
            LayoutError: If there is none of this name, a group lacks it, or it is not finite.
        """
        if name in self.sample_parameters and not self._by_sample[name].size:
            found: dict[str, list[float]] = {key: [] for key in self.sample_parameters}
            with foreign(self.path), self._open() as handle:
                for group in self._groups:
                    own = _constants(handle.file[group])
                    for key, values in found.items():
                        if key not in own:
                            raise LayoutError(f"{self.path}: group {group} has no constant {key}")
                        values.append(own[key])
            self._by_sample = {key: np.array(values) for key, values in found.items()}
        return super().sample_parameter(name)

    def _fill(
        self, out: NDArray[Any], field: Field, samples: slice, times: slice | None, steps: Steps
    ) -> None:
        stored, array = self._stored[field.name], self._array[field.name]
        first = [field.lengths[axis] for axis in stored.axes if axis]
        with self._open() as handle:
            for i, group in enumerate(self._groups[samples]):
                data = numbers(handle.file, f"{group}/{array}")
                if [n for n, axis in zip(data.shape, stored.axes, strict=False) if axis] != first:
                    raise LayoutError(
                        f"{self.path}: group {group} has shape {data.shape}, the first "
                        f"{tuple(first)}; they do not belong together"
                    )
                if self._ungiven[number := samples.start + i]:
                    self._compare_grid(handle.file[group], group)
                    self._ungiven[number] = False
                decode = decoding(data)
                if not np.can_cast(decode.dtype, field.dtype):
                    raise LayoutError(
                        f"{self.path}: group {group} holds {decode.dtype}, the first "
                        f"{field.dtype}; they do not belong together"
                    )
                box = (slice(0, 1), times, steps, decode)
                fill(out[i : i + 1], data, stored.axes, field.axes, *box, whole=is_whole(data))

    def _compare_grid(self, item: h5py.Group, group: str) -> None:
        """Refuse a sample on another grid than the first, whose coordinates stand for all."""
        for axis, name in self._grid.items():
            known = self.coordinates.get(axis)
            if known is None:
                continue
            values = coordinate(item, name)
            values = values[::-1] if axis in self._falling else values
            scale = np.ptp(known) or np.abs(known).max()
            if values.shape != known.shape or not np.allclose(values, known, 0, 1e-6 * scale):
                raise LayoutError(
                    f"{self.path}: group {group} has another grid along {axis} than the first; "
                    "keep samples of one grid in one file"
                )


class PdebenchGroups(SampleGroups):
    """``0000/data`` (T, X[, Y], C) and ``0000/grid/{x,y,t}``."""

    layout = "pdebench-groups"

    @classmethod
    def matches(cls, path: Path, file: h5py.File | None) -> bool:
        """Whether a group of the root has ``data``."""
        return file is not None and any(f"{name}/data" in file for name in file)

    def _sample_names(self, file: h5py.File) -> list[str]:
        return [
            name
            for name in file
            if class_of(file, name) is h5py.Group and (name.isdigit() or f"{name}/data" in file)
        ]

    def _schema(self, first: h5py.Group) -> Schema:
        grid = first.get("grid", {})
        space = [axis for axis in SPACE if axis in grid] or SPACE[
            : numbers(first, "data").ndim - 2
        ]
        return Schema(axes={"data": " ".join(("sample", "time", *space, "component"))})


def _constants(group: h5py.Group) -> dict[str, float]:
    """Numbers that a group has: in its attributes, in those of its arrays, in data sets."""
    found: dict[str, float] = {}
    for item in (*(group[name] for name in arrays(group)), group):
        found |= {k: float(v) for k, v in attributes(item).items() if isinstance(v, int | float)}
    for name, shape in arrays(group).items():
        if np.prod(shape) == 1:
            found[name] = float(np.asarray(group[name][()]).item())
    return found
