"""Places of words: sides of a box by name, coordinates that are fixed, parts of a boundary."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sgn_sciml.geometry.box import SIDES
from sgn_sciml.geometry.region import WHOLE

if TYPE_CHECKING:
    from sgn_sciml.pde.problem import Problem

__all__ = ["ConditionPlace", "fixed_at", "places_of"]

EQUATION = re.compile(r"\s*([A-Za-z])\s*=\s*([-+0-9.eE]+)\s*")


@dataclass(frozen=True)
class ConditionPlace:
    """A face, or parts of a boundary.

    Attributes:
        label: What it is called.
        face: Its fixed coordinates.
        on: Its parts; None for a face.
    """

    label: str
    face: Mapping[str, float] = field(default_factory=dict)
    on: tuple[str, ...] | None = None

    def outward(self, problem: "Problem") -> tuple[str, float]:
        """The coordinate across a face, and 1 where its normal points upward, -1 downward.

        Raises:
            ValueError: If it has no outward normal in space.
        """
        if len(self.face) == 1:
            ((name, value),) = self.face.items()
            if name in problem.space:
                axis = problem.coordinates.index(name)
                for sign, corner in zip((-1.0, 1.0), problem.domain, strict=True):
                    if abs(value - corner[axis]) <= 1e-9 * abs(
                        problem.domain[1][axis] - problem.domain[0][axis]
                    ):
                        return name, sign
        raise ValueError(f"{self.label} has no outward normal: it is not a side of the domain")


def sides(problem: "Problem") -> dict[str, tuple[str, float]]:
    """Names of the sides of a box in space, each with the coordinate and its value."""
    found = {}
    for axis, (name, words) in enumerate(zip(problem.space, SIDES, strict=False)):
        for word, corner in zip(words, problem.domain, strict=True):
            found[word] = (name, float(corner[axis]))
    return found


def fixed_at(problem: "Problem", name: str, value: float) -> ConditionPlace:
    """The face where a coordinate is fixed, called as a side where it is one."""
    for word, (other, end) in sides(problem).items():
        if other == name and end == value and problem.geometry is None:
            return ConditionPlace(word, {name: value})
    return ConditionPlace(f"{name}={value:g}", {name: value})


def places_of(problem: "Problem", where: Any) -> list[ConditionPlace]:
    """Where something lies.

    Args:
        problem: The problem.
        where: A side (``left``, ``right``, ``bottom``, ``top``, ``back``, ``front``, by the order
            of the coordinates of space), ``boundary`` for all of them, fixed coordinates
            (``"x = 0.5"`` or ``{"x": 0.5}``), or several of these; with a geometry the names of
            parts of its boundary.

    Raises:
        ValueError: If there is no such place.
    """
    if isinstance(where, Mapping):
        if len(where) == 1:
            ((name, value),) = where.items()
            return [fixed_at(problem, str(name), float(value))]
        label = "_".join(f"{name}={value:g}" for name, value in where.items())
        return [ConditionPlace(label, {str(n): float(v) for n, v in where.items()})]
    words = [where] if isinstance(where, str) else list(where) if _several(where) else []
    if not words or not all(isinstance(word, str) for word in words):
        raise ValueError(f"it lies {where!r}: name a side or a part, or fix a coordinate")
    equations = [EQUATION.fullmatch(word) for word in words]
    fixed = [fixed_at(problem, m[1], float(m[2])) for m in equations if m is not None]
    names = [word for word, m in zip(words, equations, strict=True) if m is None]
    if problem.geometry is not None:
        return [*fixed, *([ConditionPlace("_".join(names), on=tuple(names))] if names else [])]
    known = sides(problem)
    open_sides = [w for w, (name, _) in known.items() if name not in problem.periodic]
    names = [side for name in names for side in (open_sides if name == WHOLE else [name])]
    for name in names:
        if name not in known:
            listed = ", ".join(f"{word} ({n} = {v:g})" for word, (n, v) in known.items())
            raise ValueError(f"there is no side {name!r}; there are {listed}, and {WHOLE!r}")
    return [*fixed, *(ConditionPlace(name, dict([known[name]])) for name in names)]


def _several(where: Any) -> bool:
    return isinstance(where, Sequence) and not isinstance(where, str)
