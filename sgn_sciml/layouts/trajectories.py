"""Telling the arrays of a file apart: fields, coordinates, constants of all or of each sample.

MAT, ``.pt`` and many HDF5 files name nothing but the arrays. What a schema says is believed.
Lists named ``x``, ``y``, ``z``, ``t``, ``tspan``, ``time`` or ``x-coordinate`` and so on are
coordinates, arrays of one entry constants, lists with an entry for every sample constants of the
samples. The rest are fields, whose axes :mod:`~sgn_sciml.layouts.nameless` tells.
"""

import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sgn_sciml.layouts.contents import SPACE, Contents, Field, LayoutError
from sgn_sciml.layouts.nameless import Convention, name_axes
from sgn_sciml.layouts.readings import Axes, example
from sgn_sciml.layouts.schema import Schema

__all__ = ["Sorted", "axis_of", "contents_of", "repeats", "sort_out"]

COORDINATES = dict.fromkeys(("t", "tspan", "time", "t-coordinate"), "t")
COORDINATES |= {"lon": "x", "longitude": "x", "lat": "y", "latitude": "y"}
COORDINATES |= {f"{axis}{end}": axis for axis in SPACE for end in ("", "-coordinate")}


@dataclass
class Sorted:
    """The arrays of a file by role.

    Attributes:
        fields: Field to the names of its axes, in the order of its shape; ``""`` is left out.
        arrays: Field to the array that holds it.
        coordinates: ``x``, ``y``, ``z``, ``t`` to the array that holds it.
        numbers: Constant to the array of one entry that holds it.
        lists: Constant to the array that holds one entry for each sample.
        notes: What was found.
        assumed: What was decided though the file does not say so.
        left_out: Arrays beside named ones whose axes cannot be told, and why.
        samples: Number of samples.
    """

    fields: dict[str, Axes] = field(default_factory=dict)
    arrays: dict[str, str] = field(default_factory=dict)
    coordinates: dict[str, str] = field(default_factory=dict)
    numbers: dict[str, str] = field(default_factory=dict)
    lists: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    assumed: list[str] = field(default_factory=list)
    left_out: dict[str, str] = field(default_factory=dict)
    samples: int = 1

    def repeated(self, name: str) -> dict[str, int]:
        """The axis of samples of a field that has none: all of them share it."""
        return {} if "sample" in self.fields[name] else {"sample": self.samples}


def sort_out(
    path: Path,
    shapes: Mapping[str, tuple[int, ...]],
    schema: Schema | None = None,
    convention: Convention = "hdf5",
    sampled: bool = False,
) -> Sorted:
    """Tell the arrays of a file apart by name and shape.

    Args:
        path: The file, for messages.
        shapes: Arrays to shapes.
        schema: What the user says of them.
        convention: Whose file it is.
        sampled: Whether all fields are known to have samples.

    Raises:
        LayoutError: If the schema does not fit, or the axes of an array cannot be told.
    """
    schema, found = schema or Schema(), Sorted()
    schema.check_names(path, shapes)
    found.coordinates |= schema.coordinates
    field_of = {array: name for name, array in schema.fields.items()}
    constant_of = {array: name for name, array in schema.parameters.items()}
    fields: dict[str, tuple[int, ...]] = {}
    lists: dict[str, str] = {}
    is_list = _lists(shapes, convention)
    for array, shape in shapes.items():
        name = constant_of.get(array) or field_of.get(array) or array
        if array in schema.coordinates.values():
            continue
        if array in field_of or name in schema.axes:
            fields[name], found.arrays[name] = shape, array
        elif math.prod(shape) == 1 and (is_list[array] or array in constant_of):
            found.numbers[name] = array
        elif array in constant_of:
            lists[name] = array
        elif is_list[array] and (axis := axis_of(array, shapes)) in {*SPACE, "t"} - {
            *schema.coordinates
        }:
            found.coordinates[axis] = array
        elif is_list[array]:
            lists[name] = array
        elif not schema.fields:
            fields[name], found.arrays[name] = shape, array
    lengths = {axis: math.prod(shapes[array]) for axis, array in found.coordinates.items()}
    told = {name: schema.axes_of(name, shape) for name, shape in fields.items()}
    known = {name: axes for name, axes in told.items() if axes is not None}
    burgers = "visc" in shapes  # neuraloperator's files say their viscosity
    named = name_axes(path, fields, lengths, known, convention, burgers, sampled)
    for name, axes, note, sure in named:
        if not axes:
            found.left_out[name] = note
            continue
        found.fields[name] = axes
        (found.notes if sure else found.assumed).extend([note] if note else [])
    _count_samples(path, found, fields)
    _place_lists(path, found, schema, lists, shapes)
    _drop_times(found, fields, lengths)
    if "input" in found.fields and "time" in found.fields.get("output", ()):
        found.notes.append("frame 0 of output may be zeros, FNO's script leaves it so: see input")
    if not found.coordinates:
        found.notes.append("no coordinates in the file")
    if found.assumed:
        name = found.assumed[-1].partition(":")[0]
        found.assumed.append(f"axes can be named: {example(name, found.fields[name])}")
    return found


def axis_of(array: str, arrays: Iterable[str]) -> str:
    """The axis whose coordinate an array is by its name; empty if none, or if groups differ in it.

    In a group the last part of the path counts, unless another group has an array of that name.
    """
    name = array.rpartition("/")[2]
    alone = array == name or sum(other.rpartition("/")[2] == name for other in arrays) == 1
    return COORDINATES.get(name, "") if alone else ""


def repeats(name: str, shapes: Mapping[str, tuple[int, ...]], open_: Callable[[str], Any]) -> bool:
    """Whether an array is a coordinate that is written once for each sample, as PDEArena's are.

    Args:
        name: The array.
        shapes: All arrays to shapes.
        open_: What an index into gives values of an array.
    """
    shape = shapes[name]
    samples = any(len(other) > 2 and other[0] == shape[0] for other in shapes.values() if shape)
    if len(shape) != 2 or min(shape) < 2 or not samples or not axis_of(name, shapes):
        return False
    data = open_(name)
    if (data[0] != data[-1]).any():  # a field, which need not be read for it
        return False
    values = data[...]
    return bool((values == values[0]).all())


def contents_of(
    fields: Mapping[str, Field],
    found: Sorted,
    read: Callable[[str], Any],
    parameters: Mapping[str, Any] | None = None,
    left_out: Mapping[str, str] | None = None,
) -> Contents:
    """What a file holds, once its arrays are told apart.

    Args:
        fields: Its fields.
        found: The roles of its arrays.
        read: Values of an array.
        parameters: Constants that are not arrays.
        left_out: What is not read, and why.
    """

    def line(array: str) -> NDArray[np.float64]:
        return np.asarray(read(array), np.float64).ravel()

    return Contents(
        fields,
        {axis: line(array) for axis, array in found.coordinates.items()},
        dict(parameters or {})
        | {name: np.asarray(read(array)).item() for name, array in found.numbers.items()},
        tuple(found.notes),
        {**found.left_out, **(left_out or {})},
        assumed=tuple(found.assumed),
        sample_parameters={name: line(array) for name, array in found.lists.items()},
        stored_axes=found.fields,
    )


def _lists(shapes: Mapping[str, tuple[int, ...]], convention: Convention) -> dict[str, bool]:
    """Which arrays are lists; in MATLAB these have two axes, as has a single sample of a line."""
    if convention != "matlab":
        return {n: len(s) < 2 or (len(s) == 2 and s[1] == 1) or 0 in s for n, s in shapes.items()}
    single = all(s[0] == 1 for s in shapes.values() if sum(n > 1 for n in s) > 1)
    found = {n: sum(k > 1 for k in s) < 2 or 0 in s for n, s in shapes.items()}
    for name, shape in shapes.items():
        if single and name not in COORDINATES and shape[0] == 1 and math.prod(shape) > 1:
            found[name] = False
    return found


def _count_samples(path: Path, found: Sorted, shapes: Mapping[str, tuple[int, ...]]) -> None:
    """The number of samples; an axis of samples that a field lacks is shown by repetition."""
    counts = {
        name: shapes[name][axes.index("sample")]
        for name, axes in found.fields.items()
        if "sample" in axes
    }
    if len(set(counts.values())) > 1 and any("/" in name for name in counts):
        listed = ", ".join(f"{name} {n}" for name, n in list(counts.items())[:6])
        raise LayoutError(
            f"{path}: the numbers of samples differ ({listed}); name the fields that belong "
            "together: sgn data inspect FILE --fields u=run/u; to train, "
            "data.init_args.schema.fields"
        )
    found.samples = next(iter(counts.values()), 1)


def _place_lists(
    path: Path,
    found: Sorted,
    schema: Schema,
    lists: Mapping[str, str],
    shapes: Mapping[str, tuple[int, ...]],
) -> None:
    sampled = any("sample" in axes for axes in found.fields.values())
    for name, array in lists.items():
        length = math.prod(shapes[array])
        if sampled and length == found.samples:
            found.lists[name] = array
        elif name in schema.parameters:
            raise LayoutError(
                f"{path}: {array} has {length} entries for {found.samples} samples; a constant "
                "has one, or one for each sample"
            )
        else:
            found.notes.append(f"{name}, a list of {length} numbers, is not read")


def _drop_times(
    found: Sorted, shapes: Mapping[str, tuple[int, ...]], lengths: Mapping[str, int]
) -> None:
    """Leave out times of which there is one too many: which of them is not known."""
    for frames in _frames(found, shapes):
        if "t" in found.coordinates and lengths["t"] == frames + 1:
            del found.coordinates["t"]
            found.notes.append(
                f"{frames + 1} times for {frames} frames: which of them is not known"
            )


def _frames(found: Sorted, shapes: Mapping[str, tuple[int, ...]]) -> Iterator[int]:
    for name, axes in found.fields.items():
        if "time" in axes:
            yield shapes[name][axes.index("time")]
