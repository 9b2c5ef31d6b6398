"""From what a problem states to conditions: words take its names, faces and constants."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from sgn_sciml.pde.conditions.condition import Condition, FieldCondition
from sgn_sciml.pde.conditions.word import Word

if TYPE_CHECKING:
    from sgn_sciml.pde.problem import Problem

__all__ = ["KEPT", "StatedConditions", "held_by"]

KEPT = "_held"  # where a problem keeps them; they are made anew for other constants


class StatedConditions:
    """The conditions that a class states, by a property or an attribute, held by its problems.

    Those of words are kept with the problem: steps of training ask for them again and again.
    """

    def __init__(self, stated: Any) -> None:
        self.stated = stated

    def __get__(self, problem: "Problem | None", owner: type | None = None) -> Any:
        if problem is None:
            return self.stated
        kept: dict[int, tuple[Condition, ...]] = vars(problem).get(KEPT, {})
        if id(self) in kept:
            return kept[id(self)]
        found = self.stated
        found = found.__get__(problem, type(problem)) if hasattr(found, "__get__") else found
        held = held_by(problem, found)
        if any(isinstance(each, Word) for each in found):
            object.__setattr__(problem, KEPT, kept | {id(self): held})
        return held


def held_by(problem: "Problem", stated: Sequence[Condition]) -> tuple[Condition, ...]:
    """Conditions with words in the terms of a problem.

    Raises:
        ValueError: If a word cannot mean anything there.
    """
    if isinstance(stated, Condition):
        raise ValueError(f"{problem.law}: conditions must be a list or tuple of conditions")
    if not any(isinstance(each, Word) for each in stated):
        return tuple(stated)
    found: list[Condition] = []
    for each in stated:
        if not isinstance(each, Word):
            found.append(each)
            continue
        try:
            found += each.conditions(problem)
        except ValueError as error:
            raise ValueError(f"{problem.law}: {each!r}: {error}") from error
    return tuple(distinct(found))


def distinct(conditions: list[Condition]) -> list[Condition]:
    """The same with names of their own: by field, else by kind, both or a number."""
    counts = Counter(each.name for each in conditions)
    groups: dict[str, list[FieldCondition]] = {}
    for each in conditions:
        if isinstance(each, FieldCondition) and not each.named and counts[each.name] > 1:
            groups.setdefault(each.name, []).append(each)
    renamed: dict[int, Condition] = {}
    for name, group in groups.items():
        fixed = {each.name for each in conditions} - {name}
        if counts[name] > len(group):  # another condition has it
            fixed.add(name)
        kinds = ["" if each.kind == "value" else f"_{each.kind}" for each in group]
        ways = [
            [f"{name}_{each.field}" for each in group],
            [f"{name}{kind}" for kind in kinds],
            [f"{name}_{each.field}{kind}" for each, kind in zip(group, kinds, strict=True)],
        ]
        ways.append([f"{name}_{k}" for k in range(1, len(group) + 1)])
        free = (way for way in ways if len(set(way)) == len(way) and not set(way) & fixed)
        for each, own in zip(group, next(free, ways[-1]), strict=True):
            renamed[id(each)] = replace(each, name=own)
    return [renamed.get(id(each), each) for each in conditions]
