"""The lift that builds in conditions of one field: its steps, found from the problem."""

from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass, replace
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from sgn_sciml.pde.conditions.condition import Condition, FieldCondition
from sgn_sciml.pde.conditions.lifting import (
    AlongAxis,
    Entry,
    FieldLift,
    OnParts,
    hermite,
    value_of,
)

if TYPE_CHECKING:
    from sgn_sciml.pde.problem import Problem

__all__ = ["Unbuildable", "lift_of", "points_on"]

POINTS = 48
SAME = 1e-9  # of a length
ZERO = 1e-14  # of the size of the field: what need not be corrected
NEAR = 2000  # points that look for where parts touch
APART = 5e-3  # of the size of a geometry
ZERO_SLOPE = 1e-11
OTHERWISE = 1.07  # times its constants a correction is to vanish, too, to be left out


class Unbuildable(ValueError):
    """A condition that cannot be built in; the message says why, nothing where that is plain."""


def lift_of(problem: "Problem", number: int, conditions: Sequence[FieldCondition]) -> FieldLift:
    """How conditions of one field are built in.

    Raises:
        Unbuildable: If they cannot be.
    """
    by_axis: dict[int, list[FieldCondition]] = {}
    on_parts = [each for each in conditions if each.on is not None]
    for each in conditions:
        if each.on is None:
            (name,) = each.face
            by_axis.setdefault(problem.coordinates.index(name), []).append(each)
    last = len(problem.coordinates) - 1 if problem.evolving else -1
    # Slopes first, since a later step would have to know those of the steps before; then time.
    order = sorted(by_axis, key=lambda i: (not any(c.order for c in by_axis[i]), i != last))
    lift = FieldLift(number, (parts_step(problem, on_parts),) if on_parts else ())
    held = {each.name: each for each in conditions}
    for axis in order:
        lift = FieldLift(
            number, (*lift.steps, axis_step(problem, lift, axis, by_axis[axis], held))
        )
    return lift


def axis_step(
    problem: "Problem",
    before: FieldLift,
    axis: int,
    conditions: Sequence[FieldCondition],
    held: Mapping[str, Condition],
) -> AlongAxis:
    """The step of the conditions across one coordinate."""
    low, high = (float(corner[axis]) for corner in problem.domain)
    length, name = high - low, problem.coordinates[axis]
    if name in problem.periodic:
        raise Unbuildable(f"lies across {name}, which is periodic")
    there: dict[float, dict[int, FieldCondition]] = {}
    for each in conditions:
        s = (each.face[name] - low) / length
        node = next((known for known in (0.0, 1.0, *there) if abs(known - s) < SAME), s)
        assert each.order is not None
        if (other := there.setdefault(node, {}).get(each.order)) is not None:
            raise Unbuildable(f"lies where {other.name} does")
        there[node][each.order] = each
    if any(0 not in orders for orders in there.values()):
        raise Unbuildable("")  # a slope alone is not built in
    nodes = tuple((node, len(orders)) for node, orders in there.items())
    basis = hermite(nodes)
    time = problem.evolving and axis == len(problem.coordinates) - 1
    entries = []
    for node, orders in there.items():
        for order, each in orders.items():
            unit = length**order * (-1.0 if order and not time and node == 0 else 1.0)
            weights = tuple(unit * c for c in basis[node, order])
            entry = Entry(each.name, order, float(each.face[name]), weights)
            kept = needed(problem, before, axis, entry, each, held)
            entries.append(replace(entry, kept=kept))
    return AlongAxis(axis, low, length, tuple(entries), nodes)


def needed(
    problem: "Problem",
    before: FieldLift,
    axis: int,
    entry: Entry,
    condition: FieldCondition,
    held: Mapping[str, Condition],
) -> bool:
    """Whether a condition has anything to add to what the steps before say.

    Raises:
        Unbuildable: If it is a slope, and they have one.
    """
    if not before.steps:
        assert condition.given is not None
        return not condition.given.zero
    lacks = lacking(problem, before, axis, entry, held)
    if lacks or (before.steps and entry.order):
        return lacks
    changed = otherwise(problem)
    return changed is not None and lacking(changed, before, axis, entry, None)


def lacking(
    problem: "Problem",
    before: FieldLift,
    axis: int,
    entry: Entry,
    held: Mapping[str, Condition] | None,
) -> bool:
    """Whether the steps before miss a condition anywhere on its face."""
    held = {c.name: c for c in problem.conditions} if held is None else held
    condition = held[entry.name]
    assert isinstance(condition, FieldCondition)
    face = points_on(problem, condition)
    unit = torch.rand(POINTS, face.shape[1], generator=torch.Generator().manual_seed(4))
    points = torch.cat([face, problem.box_points(unit.double())]).requires_grad_()

    def columns(i: int) -> Tensor:
        return points[:, i : i + 1]

    try:
        value = value_of(problem, condition, columns)
        g = before.given(len(before.steps), problem, held, points, columns) + 0 * points[:, :1]
        size = largest(g)
        if entry.order:
            (slopes,) = torch.autograd.grad(g.sum(), points, materialize_grads=True)
            if largest(slopes[: len(face), axis]) > ZERO_SLOPE * size:
                raise Unbuildable("is a slope where that of the others is not zero")
            return condition.given is None or not condition.given.zero
        lack = (value - g)[: len(face)]
        return not largest(lack) <= ZERO * size
    except Unbuildable:
        raise
    except Exception as error:  # of the user's formula: as a term of the loss it will be told
        raise Unbuildable("") from error


def largest(values: Tensor) -> float:
    """The largest absolute value."""
    return float(values.detach().abs().max())


def otherwise(problem: "Problem") -> "Problem | None":
    """The problem with other constants, which may train; None if it has none."""
    if not is_dataclass(problem):
        return None
    found = {
        f.name: OTHERWISE * value
        for f in fields(problem)
        if isinstance(value := getattr(problem, f.name), float)
    }
    return problem.holding(found) if found else None


def parts_step(problem: "Problem", conditions: Sequence[FieldCondition]) -> OnParts:
    """The step of values on parts of a boundary."""
    region = problem.geometry
    if region is None or any(each.face for each in conditions):
        raise Unbuildable("")
    if any(each.order for each in conditions):
        raise Unbuildable("")  # a slope is not built in
    groups: list[tuple[tuple[str, ...], FieldCondition]] = []
    for each in conditions:
        for i, (parts, first) in enumerate(groups):
            if same(first, each):
                groups[i] = ((*parts, *each.parts), first)
                break
        else:
            groups.append((each.parts, each))
    generator = torch.Generator().manual_seed(2)
    try:
        region.approximate_distance(
            region.sample(8, generator), *(p for g in groups for p in g[0])
        )
        for parts, first in groups if len(groups) > 1 else ():
            points = region.sample_boundary(NEAR, *parts, generator=generator)[0]
            for others, second in groups:
                if second is first:
                    continue
                far = region.approximate_distance(points, *others)
                if not bool((far > APART * region.size).all()):
                    other = first if second is conditions[-1] else second
                    raise Unbuildable(f"touches {other.name}, where other values are given")
    except Unbuildable:
        raise
    except ValueError as error:  # no formula for such parts
        raise Unbuildable(f"{error}") from error
    return OnParts(tuple((parts, first.name) for parts, first in groups))


def same(one: FieldCondition, other: FieldCondition) -> bool:
    """Whether two conditions give the same."""
    a, b = (None if each.given is None else each.given.source for each in (one, other))
    return type(a) is type(b) and bool(a == b)


def points_on(problem: "Problem", condition: FieldCondition) -> Tensor:
    """Points of a face or of parts, its edges included, ``(N, d)`` in float64."""
    d, generator = len(problem.coordinates), torch.Generator().manual_seed(3)
    unit = torch.rand(POINTS, d, generator=generator, dtype=torch.float64)
    unit[POINTS // 2 :] = (unit[POINTS // 2 :] * 1.5 - 0.25).clamp(0, 1)  # some on edges
    if condition.on is None:
        return problem.face_points(condition, unit)
    assert problem.geometry is not None
    points = problem.geometry.sample_boundary(POINTS, *condition.parts, generator=generator)[0]
    if problem.evolving:
        start, end = (corner[-1] for corner in problem.domain)
        points = torch.cat([points, start + (end - start) * unit[:, -1:]], 1)
    return points
