"""PDEBench files: flat, and incompressible flow.

Flat files keep samples first: ``tensor`` (N, T, X) for the scalar laws in one dimension; ``nu``
(N, X, Y) and ``tensor`` (N, 1, X, Y) for Darcy flow; ``density``, ``pressure``, ``Vx``, ``Vy``,
``Vz`` (N, T, X[, Y[, Z]]) for compressible flow; coordinates as ``x-coordinate`` and so on,
constants as attributes of the root. Incompressible flow is :class:`PdebenchIncompressible`; files
of a group per seed are in :mod:`~sgn_sciml.layouts.sample_groups`.

Source: the generators in github.com/pdebench/PDEBench (``data_gen``), and its issues 46 and 51.
"""

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

from sgn_sciml.layouts.contents import SPACE, Contents, Field, LayoutError, reason
from sgn_sciml.layouts.hdf5 import Hdf5Source
from sgn_sciml.layouts.hdf5_items import (
    attributes,
    class_of,
    coordinate,
    members,
    number_sets,
    numbers,
    whole_values,
)
from sgn_sciml.layouts.readings import ask, by_coordinates, example, possible, says

__all__ = ["PdebenchFlat", "PdebenchIncompressible"]

NO_COORDINATES = "no coordinates in the file"
FLAT = ("tensor", "nu", "density", "pressure", "Vx", "Vy", "Vz")


class PdebenchFlat(Hdf5Source):
    """One data set per field, samples first."""

    layout = "pdebench-flat"

    @classmethod
    def matches(cls, path: Path, file: h5py.File | None) -> bool:
        """Whether the root has a field or a coordinate of this family."""
        names = {"tensor", "density", "Vx", *(f"{axis}-coordinate" for axis in SPACE)}
        return file is not None and any(class_of(file, name) is h5py.Dataset for name in names)

    def _describe(self, file: h5py.File) -> Contents:
        found, left_out = number_sets(file)
        names = [name for name in found if not name.endswith("-coordinate")]
        lists = [n for n in names if n not in FLAT and numbers(file, n).ndim < 2]
        axes, assumed, unclear = self._axes(file, [name for name in names if name not in lists])
        left_out |= unclear
        fields = {}
        for name, named in axes.items():
            try:
                repeated = {} if "sample" in named else {"sample": 1}  # one run
                fields[name] = self._field(file, name, named, repeated=repeated)
            except LayoutError as error:
                left_out[name] = reason(self.path, name, error)
        constants, by_sample = attributes(file), {}
        samples = {about.lengths["sample"] for about in fields.values()}
        for name in lists:
            shape = numbers(file, name).shape
            if math.prod(shape) == 1:
                constants[name] = whole_values(file, name).item()
            elif samples == {math.prod(shape)}:
                by_sample[name] = whole_values(file, name)
            else:
                left_out[name] = f"has shape {shape}, not one entry for each sample"
        coordinates = {
            axis: coordinate(file, f"{axis}-coordinate")
            for axis in (*SPACE, "t")
            if f"{axis}-coordinate" in file
        }
        notes = [] if coordinates else [NO_COORDINATES]
        frames = max((about.lengths.get("time", 0) for about in fields.values()), default=0)
        if frames and len(coordinates.get("t", ())) == frames + 1:
            coordinates["t"] = coordinates["t"][:frames]
            notes.append(f"{frames + 1} times for {frames} frames: the last is not used")
        x = coordinates.get("x", np.zeros(1))
        if list(fields) == ["tensor"] and -1 <= x[0] < -0.5 and 0.5 < x[-1] <= 1:
            notes.append(
                "x runs over (-1, 1): early PDEBench vintage, regenerated later on (0, 1)"
            )
        return Contents(
            fields,
            coordinates,
            constants,
            tuple(notes),
            left_out,
            frozenset(fields).intersection(FLAT),
            tuple(assumed),
            by_sample,
            axes,
        )

    def _axes(
        self, file: h5py.File, names: Sequence[str]
    ) -> tuple[dict[str, tuple[str, ...]], list[str], dict[str, str]]:
        """Axes of the fields, what was assumed of them, and why others are left out.

        Raises:
            LayoutError: If samples cannot be told from times.
        """
        space = _space(file)
        shapes = {name: numbers(file, name).shape for name in names}
        scales = (axis for axis in (*SPACE, "t") if f"{axis}-coordinate" in file)
        lengths = {a: math.prod(numbers(file, f"{a}-coordinate").shape) for a in scales}
        named = {"Vx", "Vy", "Vz"} & set(names)  # a velocity by axis
        found: dict[str, tuple[str, ...]] = {}
        assumed, unclear = [], {}
        for name, shape in shapes.items():
            if len(shape) == len(space) + 2 and shape[1] == 1 and "nu" in file:
                found[name] = ("sample", "", *space)  # Darcy flow keeps an axis of one time
        darcy = list(found)
        told = by_coordinates(shapes, lengths, found, components=False) if lengths else {}
        for name, shape in shapes.items():
            readings = told.get(name, [])
            usual = ("sample", *(("time",) if len(shape) != len(space) + 1 else ()), *space)
            if len(readings) == 1 and len(shape) > 1:
                found[name] = readings[0]
            elif name in found or len(shape) < 2 or (lengths and not readings):
                found[name] = found.get(name, usual)
            elif not lengths and named and len(shape) == len(space) + 2:
                found[name] = usual
                assumed.append(says(name, usual, "as names say; there are no coordinates"))
            elif not lengths and shape in [(shapes[k][0], *shapes[k][2:]) for k in darcy]:
                found[name] = usual
            elif len(space) == 1 and len(shape) == 2:
                found[name] = usual
                assumed.append(says(name, usual, "nothing in the file says so"))
            else:
                question = ask(self.path, name, shape, readings or possible(shape, {}, False))
                if name in FLAT:
                    raise question
                unclear[name] = reason(self.path, name, question)
        if assumed:
            name = assumed[-1].partition(":")[0]
            assumed.append(f"axes can be named: {example(name, found[name])}")
        return found, assumed, unclear


def _space(file: h5py.File) -> tuple[str, ...]:
    """Space axes, from the coordinates or, without any, from the names of the fields."""
    named = tuple(axis for axis in SPACE if f"{axis}-coordinate" in file)
    return named or SPACE[: 3 if "Vz" in file else 2 if "Vy" in file or "nu" in file else 1]


class PdebenchIncompressible(Hdf5Source):
    """``velocity`` (N, T, X, Y, 2), ``particles`` (N, T, X, Y, 1), ``force`` (N, X, Y, 2), ``t``.

    The file has no space coordinates. Times are stored per sample, shape (N, T), and given where
    all samples share them.
    """

    layout = "pdebench-incompressible"

    @classmethod
    def matches(cls, path: Path, file: h5py.File | None) -> bool:
        """Whether the root has ``velocity`` and one of the other fields."""
        return file is not None and "velocity" in file and ("particles" in file or "force" in file)

    def _describe(self, file: h5py.File) -> Contents:
        space = SPACE[: numbers(file, "velocity").ndim - 3]
        known = {
            name: ("sample", *(() if name == "force" else ("time",)), *space, "component")
            for name in ("velocity", "particles", "force")
            if name in file
        }
        fields, left_out = self._try_fields(file, known)
        if "velocity" not in fields:
            raise LayoutError(f"{self.path}: velocity {left_out['velocity']}")
        notes = ["no space coordinates in the file"]
        coordinates: dict[str, NDArray[Any]] = {}
        if "t" in file:
            coordinates, note = _shared_times(
                self.path, whole_values(file, "t"), fields["velocity"]
            )
            notes += note
        for name, _ in members(file):
            if name not in known and name != "t":
                left_out[name] = "belongs to none of its fields"
        return Contents(
            fields, coordinates, attributes(file), tuple(notes), left_out, frozenset(fields)
        )


def _shared_times(
    path: Path, stored: NDArray[Any], field: Field
) -> tuple[dict[str, NDArray[Any]], list[str]]:
    """Times common to all samples, or a note that there are none."""
    if stored.size != math.prod(field.shape[:2]):
        raise LayoutError(
            f"{path}: t has shape {stored.shape}, {field.name} {field.shape}; "
            "they do not belong together"
        )
    times = np.asarray(stored, np.float64).reshape(field.shape[:2])
    if (times == times[0]).all():
        return {"t": times[0]}, []
    return {}, ["every sample has times of its own; they are not given"]
