r"""Symmetric walls: what a field does at a mirror.

.. math::
    \partial_n s = 0, \qquad v \cdot n = 0, \quad \partial_n (v - (v \cdot n)\, n) = 0

for scalars s and vector fields v.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from sgn_sciml.pde.conditions.condition import FieldCondition
from sgn_sciml.pde.conditions.places import ConditionPlace, places_of
from sgn_sciml.pde.conditions.word import OnPlace, Word
from sgn_sciml.pde.conditions.words import Dirichlet, Neumann

if TYPE_CHECKING:
    from sgn_sciml.pde.problem import Problem

__all__ = ["SymmetricWall"]


class SymmetricWall(Word):
    """A mirror: normal derivatives of scalars vanish, and the normal component of a vector field.

    Args:
        where: As :class:`Dirichlet`.
        vector: Fields that are components of a vector, one per coordinate of space, in order.
        field: The scalars; all other fields when None.
        name: Name in logs and tables; made of the place when None.
    """

    def __init__(
        self,
        where: Any,
        vector: Sequence[str] = (),
        field: str | Sequence[str] | None = None,
        name: str | None = None,
    ) -> None:
        super().__init__(field, name)
        self._keep(where=where, vector=tuple(vector))

    def conditions(self, problem: "Problem") -> list[FieldCondition]:
        where, vector = vars(self)["where"], vars(self)["vector"]
        if vector and len(vector) != len(problem.space):
            raise ValueError(
                f"a vector has a component for each of {', '.join(problem.space)}, got {vector}"
            )
        for name in vector:
            if name not in problem.fields:
                raise ValueError(
                    f"there is no field {name!r}; there are {', '.join(problem.fields)}"
                )
        scalars: tuple[str, ...] = tuple(name for name in problem.fields if name not in vector)
        if vars(self)["field"] is not None:
            scalars = self.fields_of(problem)
        places = places_of(problem, where)
        found: list[FieldCondition] = []
        for place in places:
            more = [place.label] * (len(places) > 1)
            called = self.called(place.label, *more)
            parts: list[tuple[str, type[OnPlace]]] = [(field, Neumann) for field in scalars]
            if place.on is None:
                normal = vector[problem.space.index(place.outward(problem)[0])] if vector else ""
                parts += [(v, Dirichlet if v == normal else Neumann) for v in vector]
            elif vector:
                found.append(mirrored(problem, place, vector, called))
            for field, word in parts:
                one = {**called}
                if self.name and len(parts) > 1:
                    one["name"] = f"{called['name']}_{field}"
                found.append(word(where).on_place(problem, field, place, 0.0, one))
        return found


def mirrored(
    problem: "Problem", place: ConditionPlace, vector: Sequence[str], called: dict[str, Any]
) -> FieldCondition:
    """The condition on a vector at a part of a boundary."""

    def residual(d: Any) -> list[Any]:
        n = [getattr(d, f"n_{x}") for x in problem.space]
        through = total([m * getattr(d, v) for m, v in zip(n, vector, strict=True)])
        slopes = [d.normal(v) for v in vector]
        along = total([m * s for m, s in zip(n, slopes, strict=True)])
        return [through, *(s - m * along for m, s in zip(n, slopes, strict=True))]

    return FieldCondition(**called, on=place.on, residual=residual, field=vector[0], kind="mirror")


def total(terms: Sequence[Any]) -> Any:
    """The sum of some terms, without a number to begin with."""
    return sum(terms[1:], terms[0])
