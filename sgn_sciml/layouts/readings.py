"""The ways to read the axes of an array, and which of them a file's coordinates leave.

A reading names all axes in the order of storage: the samples, if any, come first; time after them
or last; components after those or last; the space axes together, x before y before z. Lengths of
coordinates rule out most. If one reading is left it is taken; if several are, the file is
ambiguous, and the user is asked.
"""

from collections.abc import Iterable, Mapping
from pathlib import Path

from sgn_sciml.layouts.contents import SPACE, LayoutError
from sgn_sciml.layouts.schema import HOW

__all__ = ["COMPONENTS", "ask", "by_coordinates", "example", "possible", "says"]

COMPONENTS = 5  # density, pressure and three velocities: an axis longer than this is none of them

Axes = tuple[str, ...]


def possible(
    shape: tuple[int, ...],
    lengths: Mapping[str, int],
    components: bool = True,
    sampled: bool = False,
) -> list[Axes]:
    """Readings of an array that the lengths of its coordinates allow.

    Args:
        shape: Lengths of its axes.
        lengths: ``x``, ``y``, ``z``, ``t`` to the lengths of those coordinates that are known; an
            axis of time may be one shorter. Without any in space, space has one to three axes.
        components: Whether it may have components.
        sampled: Whether it is known to have samples.
    """
    known = [axis for axis in SPACE if axis in lengths]
    found = []
    for space in [known] if known else [list(SPACE[:n]) for n in (1, 2, 3)]:
        for sample in (["sample"],) if sampled else (["sample"], []):
            for first, last in (([], []), (["time"], []), ([], ["time"])):
                for before, after in (([], []), (["component"], []), ([], ["component"])):
                    if (before or after) and not components:
                        continue
                    axes = (*sample, *first, *before, *space, *after, *last)
                    if len(axes) == len(shape) and _fits(axes, shape, lengths):
                        found.append(axes)
    if "t" not in lengths:
        return found
    timed = [axes for axes in found if "time" in axes]
    exact = [axes for axes in timed if shape[axes.index("time")] == lengths["t"]]
    return exact or timed or found


def _fits(axes: Axes, shape: tuple[int, ...], lengths: Mapping[str, int]) -> bool:
    for axis, n in zip(axes, shape, strict=True):
        if axis == "component" and n > COMPONENTS:
            return False
        times = lengths.get("t", n)
        if axis == "time" and n not in (times, times - 1):
            return False
        if axis in SPACE and n != lengths.get(axis, n):
            return False
    return True


def by_coordinates(
    shapes: Mapping[str, tuple[int, ...]],
    lengths: Mapping[str, int],
    told: Mapping[str, Axes],
    components: bool = True,
    sampled: bool = False,
) -> dict[str, list[Axes]]:
    """Readings of all arrays of a file that agree on the number of samples.

    Args:
        shapes: Arrays to shapes.
        lengths: As in :func:`possible`.
        told: Arrays whose axes are known.
        components: Whether arrays may have components.
        sampled: Whether all are known to have samples.

    Returns:
        Array to its readings: one where the coordinates decide, none where they do not fit.
    """
    found = {
        name: [told[name]] if name in told else possible(shape, lengths, components, sampled)
        for name, shape in shapes.items()
    }
    for name, readings in found.items():
        if len({axes[:1] == ("sample",) for axes in readings}) > 1 or not readings:
            continue
        if readings[0][:1] != ("sample",):
            continue
        # One array that must have samples settles it for the others.
        count = shapes[name][0]
        for other, rest in found.items():
            with_samples = [a for a in rest if a[0] == "sample" and shapes[other][0] == count]
            without = [a for a in rest if a[0] != "sample"]
            found[other] = with_samples or without
    return found


def says(name: str, axes: Axes, why: str) -> str:
    """A note of what was decided."""
    return f"{name}: axes taken for {', '.join(a or '1' for a in axes)}; {why}"


def example(name: str, axes: Axes) -> str:
    """How to name axes."""
    return HOW.format(f"{name}={' '.join(axis or '-' for axis in axes)}")


def ask(path: Path, name: str, shape: tuple[int, ...], readings: Iterable[Axes]) -> LayoutError:
    """The question that an ambiguous array is answered with."""
    unique = list(dict.fromkeys(readings))
    listed = " or ".join(f"({', '.join(axes)})" for axes in unique[:4])
    return LayoutError(
        f"{path}: {name} of shape {shape} may have the axes {listed}; "
        f"say which: {example(name, unique[0])}"
    )
