"""Ends of cells, whatever the solution: at conditions inside, at jumps and at kinks.

A coefficient or source that jumps (``torch.where(d.x < 0.3, 1.0, 10.0)``), and an initial state
with a kink, are not smooth on a cell that holds the place; no polynomial follows them there. On
cells that end at it they are smooth. Such places are found on lines through the domain, each by
bisection to the last digit.
"""

from collections.abc import Callable, Sequence
from itertools import pairwise

import torch
from torch import Tensor

from sgn_sciml.local_solver.linearization import Linearization
from sgn_sciml.local_solver.problem_rows import ProblemRows

__all__ = ["edges_between", "edges_with", "places"]

LINES, POINTS = 3, 1025
MOST = 8  # candidates along an axis: more are noise, or no few cells would do
JUMP = 20.0  # times the median change between points

Along = Callable[[Tensor], Tensor]  # values along an axis (n,) to channels (n, c)


def places(equations: ProblemRows) -> list[list[float]]:
    """Coordinates inside the domain at which cells must end, along each axis."""
    found = []
    for axis, (a, b) in enumerate(zip(*equations.problem.domain, strict=True)):
        tiny = 1e-9 * (b - a)
        inside = {v for _, face in equations.conditions if (v := face.get(axis)) is not None}
        rows = [(equations.interior, {}), *equations.conditions]
        for what, face in rows:
            if axis not in face:
                inside |= set(breaks(equations, what, face, axis))
        kept: list[float] = []
        for value in sorted(v for v in inside if a + tiny < v < b - tiny):
            if not kept or value - kept[-1] > tiny:
                kept.append(value)
        found.append(kept)
    return found


def edges_with(a: float, b: float, inside: Sequence[float], least: int) -> Tensor:
    """Edges from a to b that have some places among them and make at least ``least`` cells.

    The widest cell is halved until there are so many; with no such place they are equal if
    ``least`` is a power of 2.
    """
    return torch.tensor(edges_between([a, *inside, b], least), dtype=torch.float64)


def edges_between(edges: Sequence[float], least: int) -> list[float]:
    """Edges, and the middles of the widest cells until there are ``least`` cells."""
    edges = list(edges)
    while len(edges) - 1 < least:
        widths = [b - a for a, b in pairwise(edges)]
        k = max(range(len(widths)), key=lambda i: (round(widths[i], 12), -i))
        edges.insert(k + 1, (edges[k] + edges[k + 1]) / 2)
    return edges


def breaks(
    equations: ProblemRows, what: Linearization, face: dict[int, float], axis: int
) -> list[float]:
    """Places along an axis at which a row's coefficients or its source jump, or its source kinks.

    Only those that are the same on several lines: a curved interface has no such place.
    """
    problem = equations.problem
    generator = torch.Generator().manual_seed(2)
    common: list[float] | None = None
    lower, upper = problem.domain
    for _ in range(LINES):
        unit = torch.rand(len(lower), generator=generator, dtype=torch.float64)
        start = problem.box_points(unit[None])[0]
        for i, value in face.items():
            start[i] = value
        levels = 0.5 + torch.rand(len(what.names), generator=generator, dtype=torch.float64)

        def channels(x: Tensor, start: Tensor = start, levels: Tensor = levels) -> Tensor:
            return row_channels(what, start, axis, levels, x)

        found = jumps(channels, lower[axis], upper[axis])
        tiny = 1e-9 * (upper[axis] - lower[axis])
        common = [v for v in found if common is None or any(abs(v - w) < tiny for w in common)]
        if not common:
            return []
    return common or []


def row_channels(
    what: Linearization, start: Tensor, axis: int, levels: Tensor, x: Tensor
) -> Tensor:
    """A row's slopes, its value and the slope of that along a line, ``(n, channels)``."""
    line = torch.zeros_like(start)
    line[axis] = 1
    points = start * (1 - line) + x[:, None] * line
    values = dict(zip(what.names, levels[:, None].expand(-1, len(x)), strict=True))
    rows, slopes = what.slopes(points, values)
    columns = [*rows, *(s for each in slopes for s in each.values())]
    columns += what.along(points, values, axis)
    return torch.stack(columns, 1).nan_to_num(0, 0, 0)


def jumps(channels: Along, a: float, b: float) -> list[float]:
    """Where functions of one coordinate jump between a and b."""
    x = torch.linspace(a, b, POINTS, dtype=torch.float64)[1:-1]
    values = channels(x)
    change = (values[1:] - values[:-1]).abs()
    size = values.abs().amax(0).clamp(min=1e-300)
    suspect = change > torch.maximum(JUMP * change.median(0).values, 1e-6 * size)
    found = []
    candidates = suspect.any(1).nonzero()[:, 0].tolist()
    if len(candidates) > MOST:
        return []
    for i in candidates:
        column = int((change[i] * suspect[i] / size).argmax())
        place = bisected(channels, column, x[i], x[i + 1])
        if place is not None:
            found.append(place)
    return found


def bisected(channels: Along, column: int, low: Tensor, high: Tensor) -> float | None:
    """The place of a jump between two points; None if the function is continuous there."""
    first, last = channels(torch.stack([low, high]))[:, column]
    whole = float((last - first).abs())
    for _ in range(60):
        middle = (low + high) / 2
        if not bool(low < middle < high):
            break
        value = channels(middle[None])[0, column]
        if bool((value - first).abs() > (last - value).abs()):
            high, last = middle, value
        else:
            low, first = middle, value
    if float((last - first).abs()) < 0.5 * whole:
        return None
    short = float(f"{float(high):.12g}")
    return short if abs(short - float(high)) <= 1e-12 * max(abs(short), 1e-3) else float(high)
