r"""Conditions by their names, as they are said.

.. math::
    u = g, \qquad \partial_n u = g, \qquad a u + b\,\partial_n u = g, \qquad
    u(t_0) = g, \quad u_t(t_0) = g

with the outward normal n, and periodic pairs, symmetric walls and values at points. A problem
names them in its ``conditions``, beside those whose residual is written out. A value is a number,
a function of coordinates by their names, a formula as text, or a table of points and values.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import torch

from sgn_sciml.pde.conditions.condition import FAR, GIVEN, FieldCondition, PairCondition
from sgn_sciml.pde.conditions.given import given_by, is_table
from sgn_sciml.pde.conditions.places import ConditionPlace
from sgn_sciml.pde.conditions.tables import as_rows, read_table
from sgn_sciml.pde.conditions.word import OnPlace, Word, scattered

if TYPE_CHECKING:
    from sgn_sciml.pde.problem import Problem

__all__ = [
    "Dirichlet",
    "InitialValue",
    "InitialVelocity",
    "Neumann",
    "PeriodicPair",
    "PointValues",
    "Robin",
]


class Dirichlet(OnPlace):
    """A field has a value.

    Args:
        where: A side of the box (``left``, ``right``, ``bottom``, ``top``, ``back``, ``front``;
            ``boundary`` for all), fixed coordinates (``"x = 0.5"``, ``{"x": 0.5}``), with a
            geometry a part of its boundary; or several.
        value: A number; a function such as ``lambda x, t: torch.sin(x)``; text such as
            ``"sin(pi*x)"``, which may name constants of the problem; on a face also rows of its
            free coordinates and the value, as an array or a CSV, npz or npy file. For several
            fields also one by name: ``{"u": 0, "v": "x"}``.
        field: The field or fields; the first when None.
        name: Name in logs and tables; made of the place when None.

    Example:
        >>> Dirichlet("left", "sin(t)")
        Dirichlet(where='left', value='sin(t)')
    """

    kind = "value"

    def left(self, d: Any, problem: "Problem", field: str, place: ConditionPlace) -> Any:
        return getattr(d, field)


class Neumann(OnPlace):
    """The derivative of a field along the outward normal has a value.

    Arguments as :class:`Dirichlet`; functions and text on a part of a geometry may also ask for
    the normal, ``n_x`` and ``n_y``.
    """

    kind = "slope"

    def on_place(
        self,
        problem: "Problem",
        field: str,
        place: ConditionPlace,
        value: Any,
        called: dict[str, Any],
    ) -> FieldCondition:
        if place.on is None:
            place.outward(problem)  # or there is none
        return super().on_place(problem, field, place, value, called)

    def left(self, d: Any, problem: "Problem", field: str, place: ConditionPlace) -> Any:
        return slope(d, problem, field, place)


def slope(d: Any, problem: "Problem", field: str, place: ConditionPlace) -> Any:
    """The derivative of a field along the outward normal of a place."""
    if place.on is not None:
        return d.normal(field)
    name, sign = place.outward(problem)
    found = getattr(d, f"{field}_{name}")
    return found if sign > 0 else -found


class Robin(OnPlace):
    """``a u + b du/dn`` has a value, with the outward normal n.

    Args:
        where: As :class:`Dirichlet`.
        value: As :class:`Dirichlet`.
        a: Number, function or text.
        b: Number, function or text.
        field: The field or fields; the first when None.
        name: Name in logs and tables; made of the place when None.
    """

    kind = "robin"

    def __init__(
        self,
        where: Any,
        value: Any = 0.0,
        a: Any = 1.0,
        b: Any = 1.0,
        field: str | Sequence[str] | None = None,
        name: str | None = None,
    ) -> None:
        super().__init__(where, value, field, name)
        self._keep(a=a, b=b)

    def left(self, d: Any, problem: "Problem", field: str, place: ConditionPlace) -> Any:
        on_parts = place.on is not None
        terms = []
        for factor, u in (
            (vars(self)["a"], getattr(d, field)),
            (vars(self)["b"], slope(d, problem, field, place)),
        ):
            given = given_by(factor, problem, on_parts)
            terms.append(u * given.at(d))
        return terms[0] + terms[1]


class InitialValue(OnPlace):
    """A field at the beginning of time.

    Args:
        value: As :class:`Dirichlet`; rows of a table are those of the coordinates of space.
        field: The field or fields; the first when None.
        name: Name in logs and tables; ``initial`` when None.
    """

    kind = "value"
    label = "initial"

    def __init__(
        self,
        value: Any = 0.0,
        field: str | Sequence[str] | None = None,
        name: str | None = None,
    ) -> None:
        super().__init__(None, value, field, name)

    def places(self, problem: "Problem") -> list[ConditionPlace]:
        if not problem.evolving:
            raise ValueError("there is no time: the last coordinate is not t")
        return [
            ConditionPlace(self.label, {problem.coordinates[-1]: float(problem.domain[0][-1])})
        ]

    def left(self, d: Any, problem: "Problem", field: str, place: ConditionPlace) -> Any:
        return getattr(d, field)


class InitialVelocity(InitialValue):
    """The derivative of a field by time at its beginning; arguments as :class:`InitialValue`."""

    kind = "slope"
    label = "velocity"

    def left(self, d: Any, problem: "Problem", field: str, place: ConditionPlace) -> Any:
        return getattr(d, f"{field}_{problem.coordinates[-1]}")


class PeriodicPair(Word):
    """Fields, and derivatives across, are the same at both ends of a coordinate: a loss term.

    A coordinate in ``periodic`` is periodic by construction, which needs an encoding.

    Args:
        across: The coordinate.
        order: The highest derivative that is the same, from 0.
        field: The field or fields; all when None.
        name: Name in logs and tables; made of the coordinate when None.
    """

    def __init__(
        self,
        across: str,
        order: int = 1,
        field: str | Sequence[str] | None = None,
        name: str | None = None,
    ) -> None:
        super().__init__(field, name)
        if order < 0 or order > 3:
            raise ValueError(f"PeriodicPair: order must be 0 to 3, got {order}")
        self._keep(across=across, order=order)

    def conditions(self, problem: "Problem") -> list[FieldCondition]:
        across, order = vars(self)["across"], vars(self)["order"]
        if across not in problem.coordinates:
            raise ValueError(
                f"there is no coordinate {across!r}; there are {', '.join(problem.coordinates)}"
            )
        if problem.geometry is not None and across in problem.space:
            raise ValueError("sides of a geometry cannot be a periodic pair")
        axis = problem.coordinates.index(across)
        low, high = (float(corner[axis]) for corner in problem.domain)
        fields = problem.fields if vars(self)["field"] is None else self.fields_of(problem)

        def pair(field: str) -> PairCondition:
            names = ["_".join((field, across * k)) if k else field for k in range(order + 1)]

            def residual(d: Any) -> list[Any]:
                return [getattr(d, name) - getattr(d, f"{FAR}{name}") for name in names]

            more = (field,) if len(fields) > 1 else ()
            return PairCondition(
                **self.called(f"periodic_{across}", *more),
                face={across: low},
                residual=residual,
                field=field,
                kind="pair",
                across=across,
                length=high - low,
            )

        return [pair(field) for field in fields]


class PointValues(Word):
    """Values at scattered points, all of which are in each step.

    Args:
        points: A CSV, npz or npy file, or an array ``(N, d + f)``, with coordinates and fields;
            or points ``(N, d)`` alone.
        values: Values at such points, ``(N,)`` or ``(N, f)``; nan where there is none.
        field: The field or fields; the first when None.
        name: Name in logs and tables; ``measured`` when None.
    """

    def __init__(
        self,
        points: Any,
        values: Any = None,
        field: str | Sequence[str] | None = None,
        name: str | None = None,
    ) -> None:
        super().__init__(field, name)
        self._keep(points=points, values=values)

    def conditions(self, problem: "Problem") -> list[FieldCondition]:
        points, values = vars(self)["points"], vars(self)["values"]
        fields = self.fields_of(problem)
        if not is_table(points):
            raise ValueError(f"points are an array or a CSV, npz or npy file, got {points!r}")
        if values is not None:
            where, there = as_rows(points, "points"), as_rows(values, "values")
            if len(where) != len(there):
                raise ValueError(f"there are {len(where)} points and {len(there)} values")
            points = torch.cat([where, there], 1)
        table = read_table(points, problem.coordinates, fields)
        d = len(problem.coordinates)
        found: list[FieldCondition] = []
        for i, field in enumerate(fields):
            own = torch.cat([table[:, :d], table[:, d + i : d + i + 1]], 1)
            if not bool(own[:, -1].isfinite().any()):
                raise ValueError(f"there is no value of {field}")

            def residual(at: Any, field: str = field) -> Any:
                return getattr(at, field) - getattr(at, GIVEN)

            called = self.called("measured", *([field] if len(fields) > 1 else []))
            found.append(scattered(problem, own, residual, field, called))
        return found
