"""DeepONet's ``.npz`` as DeepXDE has them: functions at sensors, and operators of them at points.

Aligned data have one set of points for all functions: ``X``, an array of two arrays, the input at
its sensors (N, m) and the points (P, d), beside ``y`` (N, P); the two may also lie apart, as
``X0`` and ``X1``. Where the points are a grid, a line or a product of lines in any order, ``X0``
is the field of the input and ``y`` that of the output, in the order of the coordinates. Sensors
say nothing of where they are: as many as there are points are taken for the points.

Unaligned data, ``X_train0`` (N, m), ``X_train1`` (N, d) and ``y_train`` (N, 1), have a point for
each row. They are read if every function has the same points, once sorted, and these are a grid.

Source: ``docs/demos/operator`` in github.com/lululxvi/deepxde, and its ``TripleCartesianProd``.
"""

import re
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

from sgn_sciml.layouts.arrays.numpy_files import END, NumpyFile, head_of
from sgn_sciml.layouts.arrays.objects import arrays_in
from sgn_sciml.layouts.contents import SPACE, Contents, Field, LayoutError, check
from sgn_sciml.layouts.schema import Schema
from sgn_sciml.layouts.trajectories import Sorted

__all__ = ["DeepOnetNpz"]

INPUT = re.compile(r"(X|x)(_\w+?)?(0?)")


class DeepOnetNpz(NumpyFile):
    """Functions at sensors, points, and values at the points."""

    layout = "deeponet"

    @classmethod
    def matches(cls, path: Path, file: h5py.File | None) -> bool:
        """Whether it is an archive with these three, or with two in one."""
        if not zipfile.is_zipfile(path):
            return False
        with zipfile.ZipFile(path) as archive:
            return _names(archive) is not None

    def __init__(self, path: str | Path, schema: Schema | None = None) -> None:
        self._values: dict[str, NDArray[Any]] = {}
        super().__init__(path, schema)

    def _inspect(self) -> Contents:
        lines = self._load()
        points = self._values[self._target].shape[1:]
        axes = ("sample", *SPACE[: len(points)])
        source = self._values[self._source]
        known = {self._source: axes[: source.ndim], self._target: axes}
        self._sorted = Sorted(known, {name: name for name in known})
        self._alike = source.shape[1:] == points
        note = f"{self._source}: its sensors are taken for the points of {self._target}"
        if not self._alike:
            note = (
                f"{self._source} has {source.shape[1]} sensors, which the file does not place, "
                f"{self._target} {points} points: coordinates are not kept"
            )
        fields = {
            n: Field.of(n, a, (v := self._values[n]).shape, v.dtype) for n, a in known.items()
        }
        return Contents(
            fields,
            dict(zip(SPACE, lines, strict=False)) if self._alike else {},
            notes=(note,),
            expected=frozenset(known),
        )

    def _load(self) -> list[NDArray[np.float64]]:
        """Bring the values into memory, in the order of the coordinates, which are returned."""
        source, points, target = self._parts()
        lines, order = _grid(self.path, points)
        if target.shape != (len(source), len(points)):
            raise LayoutError(
                f"{self.path}: {self._target} of shape {target.shape} does not fit "
                f"{len(source)} functions and {len(points)} points"
            )
        sides = tuple(len(line) for line in lines)
        if source.shape[1] == len(points):
            source = source[:, order].reshape(-1, *sides)
        target = target[:, order].reshape(-1, *sides)
        self._values = {self._source: source, self._target: target}
        return lines

    def _checked(self, contents: Contents) -> Contents:
        """Sensors and points may be on grids of their own."""
        return check(self.path, contents, frozenset() if self._alike else frozenset(SPACE))

    def _parts(self) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any]]:
        """Input, points and output, a point for each row brought to the points of all."""
        with zipfile.ZipFile(self.path) as archive:
            names = _names(archive)
            assert names is not None
            first, second, self._target = names
            self._source = first if second else f"{first}0"
            try:
                held = [a for n in names if n for a in _arrays(archive, n)]
            except ValueError as error:
                raise LayoutError(f"{self.path}: {first} {error}") from error
        if len(held) != 3 or held[0].ndim != 2:
            shapes = ", ".join(str(each.shape) for each in held)
            raise LayoutError(
                f"{self.path}: {first} should hold an input (functions, sensors) and points "
                f"(points, axes), with {self._target} beside; it has {shapes}"
            )
        source, points, target = held
        points = points[:, None] if points.ndim == 1 else points
        target = (
            target[:, 0] if target.ndim == 2 and target.shape[1] == 1 < len(points) else target
        )
        if target.ndim == 1 and len(source) == len(points) == len(target):
            return self._aligned(source, points, target)
        return source, points, target.reshape(len(target), -1)

    def _aligned(
        self, source: NDArray[Any], points: NDArray[Any], target: NDArray[Any]
    ) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any]]:
        """Rows of one point each as functions at the points of all.

        Raises:
            LayoutError: If the functions have points of their own.
        """
        functions, which, counts = np.unique(
            source, axis=0, return_inverse=True, return_counts=True
        )
        order = np.lexsort((*points.T[::-1], which.ravel()))
        each = counts[0]
        if (counts == each).all() and each > 1:
            tables = points[order].reshape(len(functions), each, -1)
            if np.allclose(tables, tables[0]):
                return functions, tables[0], target[order].reshape(len(functions), each)
        raise LayoutError(
            f"{self.path} holds {len(functions)} functions with {counts.min()} to {counts.max()} "
            "points each, not the same for all; operators here learn functions on one grid, so "
            "give every function the same points (aligned data)"
        )

    def _array(self, name: str) -> NDArray[Any]:
        if not self._values:
            self._load()
        return self._values[name]

    def close(self) -> None:
        """Give up what was read; the next read brings it again."""
        super().close()
        self._values = {}

    def __getstate__(self) -> Mapping[str, Any]:
        return {**super().__getstate__(), "_values": {}}


def _names(archive: zipfile.ZipFile) -> tuple[str, str, str] | None:
    """Input, points (empty where the input holds both) and output of an archive."""
    known = {n.removesuffix(END): n for n in archive.namelist() if n.endswith(END)}
    for name in known:
        found = INPUT.fullmatch(name)
        if found is None:
            continue
        target, second = f"y{found[2] or ''}", f"{name[:-1]}1" if found[3] else ""
        if target not in known or (second and second not in known):
            continue
        with archive.open(known[name]) as stream:
            holds_objects = head_of(stream)[2].hasobject
        if holds_objects != bool(second):
            return name, second, target
    return None


def _arrays(archive: zipfile.ZipFile, name: str) -> list[NDArray[Any]]:
    """An array of an archive, or the arrays in it."""
    with archive.open(name + END) as stream:
        if head_of(stream)[2].hasobject:
            return arrays_in(stream)
    with archive.open(name + END) as stream:
        return [np.lib.format.read_array(stream)]


def _grid(path: Path, points: NDArray[Any]) -> tuple[list[NDArray[np.float64]], NDArray[np.intp]]:
    """The lines whose product the points are, and the order that sorts the points along them.

    Raises:
        LayoutError: If they are none.
    """
    lines = [np.unique(column).astype(np.float64) for column in points.T]
    order = np.lexsort(points.T[::-1])
    sides = tuple(len(line) for line in lines)
    whole = int(np.prod([float(n) for n in sides])) == len(points) and len(sides) <= len(SPACE)
    if whole:
        product = np.stack(np.meshgrid(*lines, indexing="ij"), -1).reshape(len(points), -1)
        whole = bool(np.allclose(points[order], product))
    if not whole:
        raise LayoutError(
            f"{path}: {len(points)} points in {points.shape[1]} dimensions are not a grid, which "
            "operators here need: a line of points, or a product of lines"
        )
    return lines, order
