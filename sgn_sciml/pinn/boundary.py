"""Conditions as equations of a network, with what else they know of a point.

The normal of a geometry's boundary at a point, or a value that is given there, comes along as
further coordinates of the point, by which nothing is ever differentiated; the fields at the other
end of a periodic pair are further fields. So every engine knows them.
"""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from sgn_sciml.jets import Equation
from sgn_sciml.pde import Condition, Problem, integration_domain
from sgn_sciml.pde.conditions import PairCondition, ScatteredCondition
from sgn_sciml.pde.conditions.condition import FAR, GIVEN

__all__ = ["OnBoundary", "condition_equation"]


class OnBoundary:
    """Derivatives at points of a boundary, with its outward unit normal.

    ``d.n_x`` and its like are the components of the normal, ``d.normal("u")`` is the derivative of
    a field along it; all else is as in a residual.

    Args:
        d: Derivatives at points with their normals.
        space: Names of the coordinates of space.
        fields: Names of the fields; where one is called ``n``, ``d.n_x`` is its derivative.
    """

    def __init__(self, d: Any, space: tuple[str, ...], fields: tuple[str, ...]) -> None:
        self._d = d
        self._space = space
        self._normals = () if "n" in fields else tuple(f"n_{x}" for x in space)

    def normal(self, field: str) -> Any:
        """The derivative of a field along the outward normal, ``(N,)``."""
        parts = [
            getattr(self._d, f"normal_{x}") * getattr(self._d, f"{field}_{x}") for x in self._space
        ]
        return sum(parts[1:], parts[0])

    def __getattr__(self, name: str) -> Any:
        return getattr(self._d, f"normal_{name[2:]}" if name in self._normals else name)


def condition_equation(
    function: Callable[[Any], Any],
    residual: Callable[[Any], Any],
    problem: Problem,
    condition: Condition,
) -> Equation:
    """The equation of a condition.

    Args:
        function: Maps points ``(N, d)`` to fields ``(N, f)``.
        residual: The residual of the condition.
        problem: The problem, of d coordinates.
        condition: Where it lies.

    Returns:
        An equation for the points of :func:`~sgn_sciml.pde.places.condition_points`.
    """
    name, d = f"{problem.law}, {condition.name}", len(problem.coordinates)
    if isinstance(condition, PairCondition):
        return pair_equation(function, residual, problem, condition)
    if isinstance(condition, ScatteredCondition):
        names = (*problem.coordinates, GIVEN)
        return Equation(lambda p: function(p[..., :d]), residual, names, problem.fields, name)
    domain = integration_domain(problem)
    if condition.on is None:
        return Equation(function, residual, problem.coordinates, problem.fields, name, domain)
    space, fields = problem.space, problem.fields

    def at_points(points: Tensor) -> Any:
        return function(points[..., :d])

    def with_normals(derivatives: Any) -> Any:
        return residual(OnBoundary(derivatives, space, fields))

    coordinates = (*problem.coordinates, *(f"normal_{x}" for x in space))
    return Equation(at_points, with_normals, coordinates, fields, name, domain)


def pair_equation(
    function: Callable[[Any], Any],
    residual: Callable[[Any], Any],
    problem: Problem,
    condition: PairCondition,
) -> Equation:
    """The equation of a pair of faces: fields at a point and, as further ones, at the other."""
    axis = problem.coordinates.index(condition.across)
    lengths = [condition.length if i == axis else 0.0 for i in range(len(problem.coordinates))]

    def at_both(points: Any) -> Any:
        shift = torch.tensor(lengths, dtype=points.dtype, device=points.device)
        return torch.cat([function(points), function(points + shift)], -1)

    fields = (*problem.fields, *(f"{FAR}{field}" for field in problem.fields))
    name = f"{problem.law}, {condition.name}"
    return Equation(at_both, residual, problem.coordinates, fields, name)
