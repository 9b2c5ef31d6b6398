"""PDEBench files: flat, one group per seed, and incompressible flow.

Flat files keep samples first: ``tensor`` (N, T, X) for the scalar laws in one dimension; ``nu``
(N, X, Y) and ``tensor`` (N, 1, X, Y) for Darcy flow; ``density``, ``pressure``, ``Vx``, ``Vy``,
``Vz`` (N, T, X[, Y[, Z]]) for compressible flow; coordinates as ``x-coordinate`` and so on,
constants as attributes of the root. The two ``.h5`` families are in
:class:`PdebenchGroups` (diffusion-sorption, diffusion-reaction, shallow water) and
:class:`PdebenchIncompressible`.

Source: the generators in github.com/pdebench/PDEBench (``data_gen``), and its issues 46 and 51.
"""

import math
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

from sgn_sciml.layouts.boxes import Steps, fill
from sgn_sciml.layouts.contents import SPACE, Contents, Field, LayoutError, reason
from sgn_sciml.layouts.decoding import decoding
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
from sgn_sciml.layouts.storage import is_whole

__all__ = ["PdebenchFlat", "PdebenchGroups", "PdebenchIncompressible"]

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
        axes = ("time", *_space(file))
        found, left_out = number_sets(file)
        fields = {}
        for name in found:
            if not name.endswith("-coordinate"):
                try:
                    fields[name] = self._field(file, name, self._axes(file, name, axes))
                except LayoutError as error:
                    left_out[name] = reason(self.path, name, error)
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
        expected = frozenset(fields).intersection(FLAT)
        return Contents(fields, coordinates, attributes(file), tuple(notes), left_out, expected)

    def _axes(self, file: h5py.File, name: str, axes: tuple[str, ...]) -> tuple[str, ...]:
        """Axes of a field: without time if one is missing, or if Darcy's has length 1."""
        shape = numbers(file, name).shape
        if len(shape) == len(axes):
            return ("sample", *axes[1:])
        static = len(shape) == len(axes) + 1 and shape[1] == 1 and "nu" in file
        return ("sample", "" if static else "time", *axes[1:])


def _space(file: h5py.File) -> tuple[str, ...]:
    """Space axes, from the coordinates or, without any, from the names of the fields."""
    named = tuple(axis for axis in SPACE if f"{axis}-coordinate" in file)
    return named or SPACE[: 3 if "Vz" in file else 2 if "Vy" in file or "nu" in file else 1]


class PdebenchGroups(Hdf5Source):
    """One group per sample: ``0000/data`` (T, X[, Y], C) and ``0000/grid/{x,y,t}``.

    Coordinates and constants are those of the first group. Of the other groups only the number
    is known at opening; the shape of each is compared when it is read.
    """

    layout = "pdebench-groups"

    @classmethod
    def matches(cls, path: Path, file: h5py.File | None) -> bool:
        """Whether a group of the root has ``data``."""
        return file is not None and any(f"{name}/data" in file for name in file)

    def _describe(self, file: h5py.File) -> Contents:
        groups = {name for name in file if _is_sample(file, name)}
        left_out = {name: "is not a group with data" for name in sorted(set(file) - groups)}
        self._groups = sorted(groups, key=lambda name: (len(name), name))
        first = file[self._groups[0]]
        grid = first.get("grid", {})
        data = numbers(first, "data")
        space = tuple(axis for axis in SPACE if axis in grid) or SPACE[: data.ndim - 2]
        name = f"{self._groups[0]}/data"
        repeated = {"sample": len(self._groups)}
        about = self._field(file, "data", ("time", *space, "component"), name, repeated)
        coordinates = {axis: coordinate(grid, axis) for axis in (*SPACE, "t") if axis in grid}
        parameters = attributes(file) | attributes(first)
        notes = () if coordinates else (NO_COORDINATES,)
        return Contents({"data": about}, coordinates, parameters, notes, left_out)

    def _fill(
        self, out: NDArray[Any], field: Field, samples: slice, times: slice | None, steps: Steps
    ) -> None:
        axes = self._stored["data"].axes
        with self._open() as handle:
            for i, group in enumerate(self._groups[samples]):
                data = numbers(handle.file, f"{group}/data")
                if data.shape != field.shape[1:]:
                    raise LayoutError(
                        f"{self.path}: group {group} has shape {data.shape}, the first "
                        f"{field.shape[1:]}; they do not belong together"
                    )
                decode = decoding(data)
                if not np.can_cast(decode.dtype, field.dtype):
                    raise LayoutError(
                        f"{self.path}: group {group} holds {decode.dtype}, the first "
                        f"{field.dtype}; they do not belong together"
                    )
                box = (slice(0, 1), times, steps, decode)
                fill(out[i : i + 1], data, axes, field.axes, *box, whole=is_whole(data))


def _is_sample(file: h5py.File, name: str) -> bool:
    """Whether it is the group of a seed or has the data of one; groups are not opened for it."""
    is_group = class_of(file, name) is h5py.Group
    return is_group and (name.isdigit() or f"{name}/data" in file)


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
