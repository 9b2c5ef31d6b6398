"""Conditions that are built into a solution, and why others are not.

Of the words of a problem, values and slopes that are numbers or formulas are tried one after
another, initial ones first; what then does not meet *all* conditions that are built in, at points
of their faces and edges, stays a term of the loss. So values that contradict each other where
faces meet are found by what they do.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from numbers import Real
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from sgn_sciml.jets import Derivatives
from sgn_sciml.pde.conditions.condition import FieldCondition, PairCondition
from sgn_sciml.pde.conditions.lifting import FieldLift, value_of
from sgn_sciml.pde.conditions.lifts import Unbuildable, lift_of, points_on

if TYPE_CHECKING:
    from sgn_sciml.pde.problem import Problem

__all__ = ["BuiltIn"]

ALLOWED = 1e-10  # of the size of the field: what may be left of a condition


@dataclass(frozen=True)
class BuiltIn:
    """The conditions that are built in.

    Attributes:
        lifts: Fields with conditions that are.
        names: Names of these conditions.
        reasons: Why others are not that could be.
    """

    lifts: tuple[FieldLift, ...] = ()
    names: frozenset[str] = frozenset()
    reasons: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, problem: "Problem", only: Iterable[str] | None = None) -> "BuiltIn":
        """The conditions that can be built into a problem's solution.

        Args:
            problem: The problem.
            only: Names of the conditions that may be; all when None.
        """
        held = [c for c in problem.conditions if isinstance(c, FieldCondition)]
        held = [c for c in held if only is None or c.name in only]
        lifts, reasons, names = [], {}, set()
        for number, name in enumerate(problem.fields):
            chosen: list[FieldCondition] = []
            lift: FieldLift | None = None
            for condition in candidates(problem, [c for c in held if c.field == name]):
                try:
                    found = lift_of(problem, number, [*chosen, condition])
                    check(problem, found, [*chosen, condition])
                except Unbuildable as error:
                    if str(error):
                        reasons[condition.name] = str(error)
                    continue
                chosen.append(condition)
                lift = found
            names |= {condition.name for condition in chosen}
            lifts += [] if lift is None else [lift]
        for each in held:
            if isinstance(each, PairCondition) and each.across in problem.periodic:
                names.add(each.name)
        return cls(tuple(lifts), frozenset(names), reasons)

    def impose(self, problem: "Problem", points: Any, raw: Any) -> Any:
        """Fields ``(..., f)`` from the network's output ``(..., f)`` at points ``(..., d)``."""
        if not self.lifts:
            return raw
        held = {condition.name: condition for condition in problem.conditions}
        count = len(problem.fields)
        if count == 1:
            return self.lifts[0].field_of(problem, held, points, raw)
        columns = [raw[..., i : i + 1] for i in range(count)]
        for lift in self.lifts:
            own = columns[lift.field]
            columns[lift.field] = lift.field_of(problem, held, points, own)
        return torch.cat(columns, -1)


def candidates(problem: "Problem", conditions: Sequence[FieldCondition]) -> list[FieldCondition]:
    """Conditions of a field that might be built in, in the order in which they are tried."""
    known = set(problem.coordinates)
    usable = [
        c
        for c in conditions
        if c.order is not None
        and (c.on is not None or len(c.face) == 1)
        and c.given is not None
        and set(c.given.names) <= known
    ]
    time = problem.coordinates[-1] if problem.evolving else ""
    return sorted(usable, key=lambda c: (c.order, time not in c.face))


def check(problem: "Problem", lift: FieldLift, chosen: Sequence[FieldCondition]) -> None:
    """See that a field meets its conditions.

    Raises:
        Unbuildable: If it does not, or one of them fails.
    """
    newest = chosen[-1]
    try:
        missed = [each for each in chosen if not meets(problem, lift, each)]
    except Exception as error:  # of the user's formula: as a term of the loss it will be told
        raise Unbuildable("") from error
    if not missed:
        return
    if len(chosen) == 1:
        raise Unbuildable("is not a number everywhere on its face")
    for other in chosen[:-1]:  # which of them it is, by itself or by doing without it
        rest = [each for each in chosen if each is not other]
        alone = fits(problem, lift.field, [other, newest])
        if alone is False or (alone is None and fits(problem, lift.field, rest)):
            raise Unbuildable(f"contradicts {other.name} where they meet")
    raise Unbuildable("cannot be met together with the others")


def fits(problem: "Problem", number: int, conditions: Sequence[FieldCondition]) -> bool | None:
    """Whether some conditions of a field can be met together; None if they are not built in."""
    try:
        lift = lift_of(problem, number, conditions)
    except Unbuildable:
        return None
    return all(meets(problem, lift, each) for each in conditions)


def meets(problem: "Problem", lift: FieldLift, condition: FieldCondition) -> bool:
    """Whether a field meets one of its conditions, whatever the network says."""
    points = points_on(problem, condition)
    held = {each.name: each for each in problem.conditions}
    d, waves = len(problem.coordinates), torch.Generator().manual_seed(5)
    mix = torch.randn(d, len(problem.fields), generator=waves, dtype=torch.float64)
    unit = torch.rand(64, d, generator=waves, dtype=torch.float64)
    everywhere = problem.box_points(unit)
    own = slice(lift.field, lift.field + 1)
    size = [value_of(problem, condition, lambda i: points[:, i : i + 1])]
    with torch.no_grad():
        size.append(lift.field_of(problem, held, everywhere, torch.zeros(64, 1).double()))
    largest = max(biggest(each) for each in size) or 1.0
    steepest = max(1.0, *(1 / (b - a) for a, b in zip(*problem.domain, strict=True)))

    def function(at: Tensor) -> Tensor:
        raw = largest * torch.sin(at @ mix + 1)
        found = lift.field_of(problem, held, at, raw[:, own])
        return torch.cat([raw[:, : lift.field], found, raw[:, lift.field + 1 :]], 1)

    d_there = Derivatives(function, points, problem.coordinates, problem.fields)
    left = condition.residual(d_there).detach().abs().max()
    bound = ALLOWED * largest * (steepest if condition.order else 1.0)
    return bool(left <= bound)  # nan is not


def biggest(value: Any) -> float:
    """The largest absolute value, of a number too; of what is finite."""
    if isinstance(value, Real):
        return abs(float(value))
    found: Tensor = value.detach().abs()
    finite = found[found.isfinite()]
    return float(finite.max()) if finite.numel() else 0.0
