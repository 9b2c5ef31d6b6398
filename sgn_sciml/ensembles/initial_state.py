"""A problem that begins with another state."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from torch import Tensor

from sgn_sciml.ensembles.random_functions import SpaceFunction
from sgn_sciml.jets import Derivatives
from sgn_sciml.local_solver.problem_rows import ProblemRows
from sgn_sciml.pde import Condition, Problem
from sgn_sciml.pde.conditions import PairCondition

__all__ = ["BegunWith", "initial_names"]


def initial_names(problem: Problem) -> dict[str, str]:
    """What the initial conditions of a problem give, such as ``u`` and ``u_t``.

    An initial condition lies on the face where time begins, and gives what it depends on: a
    field, or one derivative of a field. Those that depend on several are left out.

    Returns:
        Names of fields and derivatives to names of conditions.
    """
    if not problem.evolving:
        return {}
    time = len(problem.coordinates) - 1
    start = problem.domain[0][time]
    found = {}
    rows = ProblemRows.of(problem).conditions
    kept = [c for c in problem.conditions if not isinstance(c, PairCondition)]
    for condition, (what, face) in zip(kept, rows, strict=True):
        if list(face) == [time] and face[time] == start and len(what.names) == 1:
            field, orders = what.names[0]
            letters = "".join(n * c for n, c in zip(orders, problem.coordinates, strict=True))
            name = problem.fields[field] + (f"_{letters}" if letters else "")
            found[name] = condition.name
    return found


@dataclass(frozen=True)
class BegunWith(Problem):
    """A problem whose initial conditions have other values.

    Args:
        problem: The problem.
        start: Fields or derivatives, such as ``u`` or ``u_t``, to the functions of space that
            they begin with.

    Raises:
        ValueError: If no initial condition gives one of them.
    """

    problem: Problem
    start: Mapping[str, SpaceFunction]

    def __post_init__(self) -> None:
        problem = self.problem
        for name in ("law", "coordinates", "fields", "periodic"):
            object.__setattr__(self, name, getattr(problem, name))
        known = initial_names(problem)
        for name in self.start:
            if name not in known:
                gives = ", ".join(known) or "nothing that can be replaced"
                raise ValueError(
                    f"{problem.law}: no initial condition gives {name}; they give {gives}"
                )
        replaced = {known[name]: name for name in self.start}
        object.__setattr__(self, "_replaced", replaced)

    @property
    def domain(self) -> tuple[tuple[float, ...], tuple[float, ...]]:
        return self.problem.domain

    @property
    def conditions(self) -> tuple[Condition, ...]:
        replaced: dict[str, str] = vars(self)["_replaced"]
        return tuple(
            self._begun(condition, replaced[condition.name])
            if condition.name in replaced
            else condition
            for condition in self.problem.conditions
        )

    def _begun(self, condition: Condition, name: str) -> Condition:
        function, space = self.start[name], self.problem.space

        def residual(d: Derivatives) -> Tensor:
            found: Tensor = getattr(d, name) - function(*(getattr(d, x) for x in space))
            return found

        return Condition(condition.name, condition.face, residual)

    def residual(self, d: Derivatives) -> Tensor | Mapping[str, Tensor]:
        return self.problem.residual(d)

    @property
    def parameters(self) -> dict[str, Any]:
        return self.problem.parameters
