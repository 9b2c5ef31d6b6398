"""Naming the axes of arrays that come without names.

Coordinates in space beside an array tell its axes by their lengths, if only one reading fits
(:mod:`~sgn_sciml.layouts.readings`). Without them samples come first; what follows is told, in
this order, by

1. a time vector: the one axis that is as long, or else one shorter;
2. channels: an axis of length 1 after the samples, or one in which arrays of otherwise the same
   shape differ, as torch and neuraloperator keep them;
3. a companion, a field that has the shape of one frame, if there are more frames than a field
   ever has components;
4. with four axes the two that are equal: the third is time if it is longer than components are,
   and the channel in neuraloperator's files;
5. names: arrays of one shape, one of them called an input, are functions on a plane or, if all
   sides are equal, in a volume. Two axes are taken for samples of a line.

Of anything else the user is asked.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Literal

from sgn_sciml.layouts.contents import SPACE, LayoutError, reason
from sgn_sciml.layouts.readings import (
    COMPONENTS,
    Axes,
    ask,
    by_coordinates,
    example,
    possible,
    says,
)

__all__ = ["Convention", "name_axes"]

Convention = Literal["hdf5", "matlab", "neuralop"]
GRID = 4  # points at least
INPUTS = ("a", "x", "input", "inputs", "coeff")  # names of inputs, functions of space alone

Shapes = Mapping[str, tuple[int, ...]]


def name_axes(
    path: Path,
    shapes: Shapes,
    lengths: Mapping[str, int],
    told: Mapping[str, Axes],
    convention: Convention,
    burgers: bool = False,
    sampled: bool = False,
) -> Iterator[tuple[str, Axes, str, bool]]:
    """Name the axes of all fields of a file.

    Args:
        path: The file, for messages.
        shapes: Fields to shapes.
        lengths: Coordinates to their lengths.
        told: Fields to axes that the user has named.
        convention: Whose file it is.
        burgers: Whether it is known to hold a state and the frames that follow it.
        sampled: Whether all fields are known to have samples.

    Yields:
        Field, its axes, a note that may be empty, and whether the file says so; beside fields that
        are named, no axes for one whose axes cannot be told, and why.

    Raises:
        LayoutError: If the axes of a field cannot be told.
    """
    space = tuple(axis for axis in SPACE if axis in lengths)
    fitting = by_coordinates(shapes, lengths, told, sampled=sampled) if space else {}
    for name, shape in shapes.items():
        readings = [told[name]] if name in told else fitting.get(name, [])
        if len(readings) == 1:
            yield name, readings[0], "", True
            continue
        usual = ("sample", *space)
        try:
            if not readings:
                axes, why, sure = _without_coordinates(
                    path, name, shapes, lengths, convention, burgers, sampled
                )
            elif usual in readings and (len(shape) < 3 or _is_pair(name, shapes)):
                axes, why, sure = usual, "no coordinate tells the first", False
            else:
                raise ask(path, name, shape, readings)
        except LayoutError as error:
            if not told:
                raise
            yield name, (), reason(path, name, error), False
        else:
            yield name, axes, says(name, axes, why), sure


def _without_coordinates(
    path: Path,
    name: str,
    shapes: Shapes,
    lengths: Mapping[str, int],
    convention: Convention,
    burgers: bool,
    sampled: bool,
) -> tuple[Axes, str, bool]:
    shape = shapes[name]
    times = {"t": lengths["t"]} if "t" in lengths else {}
    if (frame := _is_frame(name, shapes)) is not None:
        return frame, "the shape of one frame of another field", True
    if len(shape) < 3:
        if times and not any(len(other) > 2 for other in shapes.values()):
            raise ask(path, name, shape, [("sample", "x"), ("time", "x"), ("x", "time")])
        return ("sample", "x"), "nothing in the file says so", False
    every = possible(shape, times, sampled=sampled)
    readings = [axes for axes in every if axes[0] in ("sample", "time")]
    if not readings:
        raise LayoutError(f"{path}: {name} of shape {shape} has too many axes")
    by_time = [axes for axes in readings if times and "time" in axes]
    if len(by_time) == 1:
        _refuse_points(path, name, shape, by_time[0])
        exact = shape[by_time[0].index("time")] == times["t"]
        why = "time is as long as the time vector"
        return by_time[0], why if exact else "the time vector has one entry more", True
    if by_time:
        raise ask(path, name, shape, by_time)
    found, why, sure = _by_others(name, shapes, convention, burgers)
    if len(found) != 1:
        raise ask(path, name, shape, found or readings)
    _refuse_points(path, name, shape, found[0])
    return found[0], why, sure


def _by_others(
    name: str, shapes: Shapes, convention: Convention, burgers: bool
) -> tuple[list[Axes], str, bool]:
    """Readings by the other arrays of the file and by names: one, several to ask for, or none."""
    shape = shapes[name]
    others = [other for key, other in shapes.items() if key != name]
    after, sides, space = shape[1], shape[1:], SPACE[: len(shape) - 2]
    frames_first, frames_last = ("sample", "time", *space), ("sample", *space, "time")
    channels = ("sample", "component", *space)
    last = ("sample", *space, "component")
    if after == 1:
        return [channels], "an axis of length 1 after the samples", True
    if shape[-1] == 1 and (len(sides) == 2 or (len(sides) == 3 and sides[0] == sides[1])):
        return [last], "the last axis has length 1", True
    if any(o[1:2] != (after,) and (o[0], *o[2:]) == (shape[0], *shape[2:]) for o in others):
        return [channels], "arrays of otherwise the same shape differ in it", False
    if shape[-1] <= COMPONENTS and any(
        o[-1] != shape[-1] and o[:-1] == shape[:-1] for o in others
    ):
        return [last], "arrays of otherwise the same shape differ in it", False
    framed = {
        axes: n
        for axes, n, frame in (
            (frames_last, shape[-1], shape[:-1]),
            (frames_first, after, (shape[0], *shape[2:])),
        )
        if frame in others
    }
    if framed:
        many = name not in INPUTS and min(framed.values()) > COMPONENTS
        if not burgers and not many:  # few may be components, and those of an input are any
            framed |= dict.fromkeys([channels] if frames_first in framed else [last], 0)
        return list(framed), "another field has the shape of one frame", True
    if len(sides) == 3 and sides[1] == sides[2] != after:
        if convention == "neuralop":
            return [channels], "as in neuraloperator", False
        few = [channels] if after <= COMPONENTS else []
        return [frames_first, *few], "the axis of time alone differs", False
    if len(sides) == 3 and sides[0] == sides[1] != sides[2]:
        few = [last] if sides[2] <= COMPONENTS else []
        return [frames_last, *few], "the axis of time alone differs", False
    cube = len(sides) == 2 or len(set(sides)) == 1
    if cube and min(sides) > COMPONENTS and _is_pair(name, shapes):
        return [("sample", *SPACE[: len(sides)])], "as of inputs and targets", False
    return [], "", False


def _refuse_points(path: Path, name: str, shape: tuple[int, ...], axes: Axes) -> None:
    """Refuse axes of space that are shorter than a grid: scattered points have such shapes."""
    if min(n for n, axis in zip(shape, axes, strict=True) if axis in SPACE) < GRID:
        raise LayoutError(
            f"{path}: {name} of shape {shape} has no grid of {GRID} or more points along each "
            f"axis of space; if it is on a grid, name its axes: {example(name, axes)}"
        )


def _is_frame(name: str, shapes: Shapes) -> Axes | None:
    """Axes of an array that another field has at several times."""
    shape = shapes[name]
    for other in shapes.values():
        if len(other) == len(shape) + 1 and shape in (other[:-1], (other[0], *other[2:])):
            return ("sample", *SPACE[: len(shape) - 1])
    return None


def _is_pair(name: str, shapes: Shapes) -> bool:
    """Whether an array and another of its shape are called as inputs and targets are."""
    alike = [other for other, shape in shapes.items() if shape == shapes[name]]
    return len(alike) > 1 and any(other in INPUTS for other in alike)
