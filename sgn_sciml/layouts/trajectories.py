"""Telling nameless arrays apart: fields, coordinates, numbers, and which axis is time.

MAT and ``.pt`` files name no axes. Samples come first; whether an axis after them is time is
told from the other variables of the file, in this order:

1. a time vector: the last axis, or else the axis after the samples, if it is as long;
2. a companion, a field with one axis fewer, whose shape is that of a single frame;
3. a time vector with one entry more than the axis;
4. with four axes or more and none of these, the last axis, or the axis after the samples if
   only that one differs from the rest. This is an assumption and the note says so.

An array of three axes without such evidence is a field over x and y. If last and first axis fit
equally well the last is taken, as in the Navier-Stokes files of the FNO paper.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from sgn_sciml.layouts.contents import SPACE, LayoutError

__all__ = ["Sorted", "axes_of", "sort_out", "time_axis"]

TIMES = ("t", "tspan", "time")
FIRST, LAST = "the axis after the samples", "the last axis"


@dataclass
class Sorted:
    """The variables of a file by role.

    Attributes:
        fields: Field to the names of its axes, in the order of its shape.
        coordinates: ``x``, ``y``, ``z``, ``t`` to the variable that holds it.
        numbers: Variables of one entry.
        notes: What was decided.
    """

    fields: dict[str, tuple[str, ...]] = field(default_factory=dict)
    coordinates: dict[str, str] = field(default_factory=dict)
    numbers: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def sort_out(path: Path, shapes: Mapping[str, tuple[int, ...]]) -> Sorted:
    """Tell the variables of a MAT file apart by name and shape.

    Args:
        path: The file, for messages.
        shapes: Variables to shapes, samples first.

    Raises:
        LayoutError: If a variable has more axes than a field can have.
    """
    found = Sorted()
    arrays = {}
    single = all(s[0] == 1 for s in shapes.values() if sum(n > 1 for n in s) > 1)
    for name, shape in shapes.items():
        length, row = math.prod(shape), sum(n > 1 for n in shape) < 2 or 0 in shape
        if row and length == 1:
            found.numbers.append(name)
        elif row and name in (*TIMES, *SPACE):
            found.coordinates["t" if name in TIMES else name] = name
        elif not row or (single and shape[0] == 1):
            arrays[name] = shape
        else:
            found.notes.append(f"{name}, a list of {length} numbers, is not read")
    times = max(shapes[found.coordinates["t"]]) if "t" in found.coordinates else None
    for name, shape in arrays.items():
        axis, note = time_axis(name, shape, arrays, times)
        found.notes += [note] if note else []
        found.fields[name] = axes_of(path, name, shape, {} if axis is None else {axis: "time"})
        if axis is not None and times == shape[axis] + 1:
            found.coordinates.pop("t", None)
            found.notes.append(
                f"{times} times for {shape[axis]} frames: which of them is not known"
            )
    if "input" in found.fields and "time" in found.fields.get("output", ()):
        found.notes.append("frame 0 of output may be zeros, FNO's script leaves it so: see input")
    if not found.coordinates:
        found.notes.append("no coordinates in the file")
    return found


def time_axis(
    name: str,
    shape: tuple[int, ...],
    arrays: Mapping[str, tuple[int, ...]],
    times: int | None = None,
) -> tuple[int | None, str]:
    """Find the time axis of an array whose axis 0 is samples.

    Args:
        name: Its name, for the note.
        shape: Its shape.
        arrays: All fields and their shapes.
        times: Length of the file's time vector, if it has one.

    Returns:
        Number of the axis, or None, and a note, empty if there was nothing to decide.
    """
    last = len(shape) - 1
    if last < 2:
        return None, ""
    candidates = ((last, LAST), (1, FIRST))
    for axis, where in candidates:
        if shape[axis] == times:
            return axis, f"{name}: {where} is time, it is as long as the time vector"
    for axis, where in candidates:
        frame = shape[:axis] + shape[axis + 1 :]
        for other, companion in arrays.items():
            if companion == frame:
                return axis, f"{name}: {where} is time, {other} has the shape of one frame"
    for axis, where in candidates:
        if times is not None and shape[axis] == times - 1:
            return axis, f"{name}: {where} is time, the time vector has one entry more"
    if last < 3:
        return None, ""
    if len(set(shape[2:])) == 1 and shape[1] != shape[2]:
        return 1, f"{name}: {FIRST} is taken for time, it alone differs"
    return last, f"{name}: {LAST} is taken for time, nothing in the file says so"


def axes_of(
    path: Path, name: str, shape: tuple[int, ...], special: Mapping[int, str]
) -> tuple[str, ...]:
    """Name all axes: samples first, the special ones, the rest is space.

    Raises:
        LayoutError: If more than three axes would be space.
    """
    names = {0: "sample"} | dict(special)
    if len(shape) - len(names) > len(SPACE):
        raise LayoutError(f"{path}: {name} of shape {shape} has too many axes")
    space = iter(SPACE)
    return tuple(names[i] if i in names else next(space) for i in range(len(shape)))
