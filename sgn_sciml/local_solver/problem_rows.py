"""A problem as rows: its equation and conditions, and what is missing among them."""

from copy import copy
from dataclasses import dataclass

import torch
from torch import Tensor

from sgn_sciml.local_solver.linearization import Linearization, Unsolvable
from sgn_sciml.pde import Problem
from sgn_sciml.pde.conditions import PairCondition, ScatteredCondition

__all__ = ["ProblemRows", "joined_at_pairs"]


@dataclass
class ProblemRows:
    """A problem as rows.

    Attributes:
        problem: The problem.
        interior: Its equation.
        conditions: Its conditions, each with its face by axis.
    """

    problem: Problem
    interior: Linearization
    conditions: list[tuple[Linearization, dict[int, float]]]

    @classmethod
    def of(cls, problem: Problem) -> "ProblemRows":
        """The rows of a problem.

        Raises:
            Unsolvable: If one of them is not a function of the fields at each point.
        """
        problem = joined_at_pairs(problem)
        if problem.geometry is not None:
            raise Unsolvable(
                f"{problem.law} has a geometry: local least squares solves problems on boxes; "
                "train a PINN on it (sgn fit)"
            )
        generator = torch.Generator().manual_seed(1)
        unit = torch.rand(8, len(problem.coordinates), generator=generator, dtype=torch.float64)
        where = problem.box_points(0.1 + 0.8 * unit)
        interior = Linearization(problem, problem.residual, "the residual", where)
        conditions = []
        for condition in problem.conditions:
            if isinstance(condition, PairCondition):
                continue  # its coordinate is periodic
            if isinstance(condition, ScatteredCondition):
                raise Unsolvable(
                    f"the condition {condition.name!r} of {problem.law} holds at points of its "
                    "own: local least squares takes numbers and formulas on faces; train a PINN "
                    "(sgn fit)"
                )
            face = {problem.coordinates.index(n): v for n, v in condition.face.items()}
            points = problem.face_points(condition, unit)
            what = f"the condition {condition.name!r}"
            conditions.append((Linearization(problem, condition.residual, what, points), face))
        return cls(problem, interior, conditions)

    @property
    def periodic(self) -> tuple[float, ...]:
        """Length of the domain along each periodic axis, 0 along the others."""
        problem = self.problem
        return tuple(
            b - a if name in problem.periodic else 0.0
            for name, a, b in zip(problem.coordinates, *problem.domain, strict=True)
        )

    @property
    def linear(self) -> bool:
        """Whether the equation and all conditions are linear in the fields."""
        everything = [(self.interior, {}), *self.conditions]
        return all(what.linear_at(self.tried(face)) for what, face in everything)

    @property
    def first_order(self) -> bool:
        """Whether a field has no more than first derivatives along an axis of space."""
        axes = range(len(self.problem.space))
        return any(self.order(f, a) < 2 for f in range(len(self.problem.fields)) for a in axes)

    def tried(self, face: dict[int, float]) -> Tensor:
        """Some points of a face, or of the domain."""
        generator = torch.Generator().manual_seed(1)
        unit = torch.rand(8, len(self.problem.coordinates), generator=generator).double()
        points = self.problem.box_points(0.1 + 0.8 * unit)
        for axis, value in face.items():
            points[:, axis] = value
        return points

    def order(self, field: int, axis: int) -> int:
        """The highest derivative of a field along an axis."""
        return max((i[axis] for f, i in self.interior.names if f == field), default=0)

    def missing(self) -> str:
        """What conditions are lacking, as far as faces can tell."""
        problem = self.problem
        faces = []
        for axis, name in enumerate(problem.coordinates):
            highest = max(self.order(f, axis) for f in range(len(problem.fields)))
            if name in problem.periodic or not highest:
                continue
            for corner in problem.domain:
                value = corner[axis]
                late = problem.evolving and axis == len(problem.coordinates) - 1
                if late and value == problem.domain[1][axis]:
                    continue
                if not any(face.get(axis) == value for _, face in self.conditions):
                    faces.append(f"{name} = {value:g}")
        if faces:
            return f"{problem.law} has no condition at {' and '.join(faces)}"
        return (
            f"the equation and conditions of {problem.law} leave the solution open, as conditions "
            "on derivatives alone do: give a value at a point, too"
        )

    def suspects(self) -> str:
        """Fields with second derivatives that no condition of a wall holds, in words."""
        problem = self.problem
        if len(problem.fields) == 1:
            return ""
        found = []
        for f, field in enumerate(problem.fields):
            for axis, name in enumerate(problem.coordinates):
                if name in problem.periodic or (problem.evolving and name == "t"):
                    continue
                if (order := self.order(f, axis)) < 2:
                    continue
                bare = [
                    f"{name} = {corner[axis]:g}"
                    for corner in problem.domain
                    if not self.holds(f, axis, corner[axis])
                ]
                if bare:
                    term = f"{field}_{order * name}"
                    found.append(f"{field} at {' and '.join(bare)}, though there is {term}")
        return f"Note that no condition holds {'; nor '.join(found)}." if found else ""

    def holds(self, field: int, axis: int, value: float) -> bool:
        """Whether a condition on a wall holds a field or one of its derivatives."""
        return any(
            face.get(axis) == value and any(f == field for f, _ in what.names)
            for what, face in self.conditions
        )


def joined_at_pairs(problem: Problem) -> Problem:
    """A problem whose periodic pairs of faces are periodic coordinates.

    Raises:
        Unsolvable: If a pair is of time, or of some fields only.
    """
    fields: dict[str, set[str]] = {}
    for each in problem.conditions:
        if isinstance(each, PairCondition):
            fields.setdefault(each.across, set()).add(each.field)
    if not set(fields) - problem.periodic:
        return problem
    for name, own in fields.items():
        if name not in problem.space:
            raise Unsolvable(
                f"{problem.law} is periodic in time: local least squares takes periodic "
                "coordinates of space; train a PINN (sgn fit)"
            )
        if own != set(problem.fields):
            raise Unsolvable(
                f"the periodic pair across {name} of {problem.law} holds {', '.join(sorted(own))} "
                "only: local least squares takes pairs of all fields"
            )
    joined = copy(problem)
    object.__setattr__(joined, "periodic", problem.periodic | set(fields))
    return joined
