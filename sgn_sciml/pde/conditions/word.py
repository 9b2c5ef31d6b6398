"""The base of the words for conditions: where they lie, on which fields, with which value."""

import reprlib
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

import torch
from torch import Tensor

from sgn_sciml.pde.conditions.condition import (
    GIVEN,
    Condition,
    FieldCondition,
    ScatteredCondition,
)
from sgn_sciml.pde.conditions.given import Given, given_by, is_table
from sgn_sciml.pde.conditions.places import ConditionPlace, places_of
from sgn_sciml.pde.conditions.tables import read_table, require_inside

if TYPE_CHECKING:
    from sgn_sciml.pde.problem import Problem

__all__ = ["ConditionWord", "OnPlace", "Word"]


def short(value: Any) -> str:
    """What a value is, in a few words."""
    shape = tuple(getattr(value, "shape", ()))
    return f"an array of shape {shape}" if shape else reprlib.repr(value)


def unheld(d: Any) -> Tensor:
    """What stands for a residual until the word belongs to a problem."""
    raise TypeError("a word is a condition of a problem: name it in the problem's conditions")


class ConditionWord(ABC):
    """What a configuration names a word by: jsonargparse takes no subclasses of a dataclass."""

    @abstractmethod
    def conditions(self, problem: "Problem") -> list[FieldCondition]:
        """What it means for a problem: a condition for each place and field.

        Raises:
            ValueError: If it cannot mean anything there.
        """


class Word(Condition, ConditionWord):
    """Base of the words: a condition whose names, faces and residual come with its problem.

    Args:
        field: The field or fields it is on; the first when None.
        name: Name in logs and tables; made of the place when None.
    """

    def __init__(self, field: str | Sequence[str] | None, name: str | None) -> None:
        super().__init__(name or "", residual=unheld)
        self._keep(field=field)

    def _keep(self, **values: Any) -> None:
        for name, value in values.items():
            object.__setattr__(self, name, value)

    def __eq__(self, other: object) -> bool:
        return self is other

    __hash__ = object.__hash__

    def __repr__(self) -> str:
        shown = {k: v for k, v in vars(self).items() if k not in ("residual", "face", "on")}
        words = [f"{k}={short(v)}" for k, v in shown.items() if not (v is None or k == "name")]
        return f"{type(self).__name__}({', '.join(words)})"

    def fields_of(self, problem: "Problem") -> tuple[str, ...]:
        """Names of its fields.

        Raises:
            ValueError: If the problem has no such field.
        """
        asked: Any = vars(self)["field"]
        found = (asked,) if isinstance(asked, str) else tuple(asked or problem.fields[:1])
        for name in found:
            if name not in problem.fields:
                raise ValueError(
                    f"there is no field {name!r}; there are {', '.join(problem.fields)}"
                )
        return found

    def called(self, *labels: str) -> dict[str, Any]:
        """The name of one of its conditions: its own, and what tells that from the others."""
        if not self.name:
            return {"name": next((label for label in labels if label), "condition")}
        return {"name": "_".join((self.name, *labels[1:])), "named": True}


class OnPlace(Word):
    """Base of the words that lie on a face or a part: arguments as :class:`Dirichlet`."""

    kind: ClassVar[str]

    def __init__(
        self,
        where: Any,
        value: Any = 0.0,
        field: str | Sequence[str] | None = None,
        name: str | None = None,
    ) -> None:
        if isinstance(value, Mapping) and field is None:
            field = tuple(value)
        super().__init__(field, name)
        self._keep(where=where, value=value)

    def places(self, problem: "Problem") -> list[ConditionPlace]:
        """Where it lies."""
        return places_of(problem, vars(self)["where"])

    @abstractmethod
    def left(self, d: Any, problem: "Problem", field: str, place: ConditionPlace) -> Any:
        """What should be the value that is given, at points of a place."""

    def conditions(self, problem: "Problem") -> list[FieldCondition]:
        value = vars(self)["value"]
        fields, places = self.fields_of(problem), self.places(problem)
        found = []
        for place in places:
            for field in fields:
                each = value
                if isinstance(value, Mapping):
                    if field not in value:
                        raise ValueError(f"it has no value for {field}")
                    each = value[field]
                more = [place.label] * (len(places) > 1) + [field] * (len(fields) > 1)
                called = self.called(place.label, *more)
                if is_table(each):
                    found += self.in_points(problem, field, place, each, called)
                else:
                    found.append(self.on_place(problem, field, place, each, called))
        return found

    def on_place(
        self,
        problem: "Problem",
        field: str,
        place: ConditionPlace,
        value: Any,
        called: dict[str, Any],
    ) -> FieldCondition:
        """The condition of one field on one place."""
        given: Given = given_by(value, problem, parts=place.on is not None)

        def residual(d: Any) -> Any:
            return given.lacking(self.left(d, problem, field, place), d)

        return FieldCondition(
            **called,
            face=place.face,
            on=place.on,
            residual=residual,
            field=field,
            kind=self.kind,
            given=given,
        )

    def in_points(
        self,
        problem: "Problem",
        field: str,
        place: ConditionPlace,
        value: Any,
        called: dict[str, Any],
    ) -> list[FieldCondition]:
        """The condition of one field at points of a face."""
        if place.on is not None:
            raise ValueError("values at points of a curved boundary: use PointValues")
        free = [name for name in problem.coordinates if name not in place.face]
        if not free:
            raise ValueError("its face is a point: give one number")
        table = read_table(value, free, (field,))
        columns = dict(zip(free, table.unbind(1), strict=False))
        for name, at in place.face.items():
            columns[name] = torch.full((len(table),), at, dtype=torch.float64)
        whole = torch.stack([*(columns[name] for name in problem.coordinates), table[:, -1]], 1)

        def residual(d: Any) -> Any:
            return self.left(d, problem, field, place) - getattr(d, GIVEN)

        return [scattered(problem, whole, residual, field, dict(face=place.face, **called))]


def scattered(
    problem: "Problem", table: Tensor, residual: Any, field: str, called: dict[str, Any]
) -> ScatteredCondition:
    """A condition at points ``(N, d)`` with a value each, ``(N, d + 1)``; nan is none.

    Raises:
        ValueError: If a point lies outside the domain.
    """
    table = table[table[:, -1].isfinite()]
    require_inside(table[:, :-1], "points", problem.coordinates, *problem.domain)
    return ScatteredCondition(residual=residual, field=field, kind="points", table=table, **called)
