"""The places of a problem, as points: inside its domain, and where its conditions lie.

In a box these are the points of a unit cube, stretched. In a geometry the points of space are
those of the unit cube that lie inside, as many as are wanted, and time goes along.
"""

import torch
from torch import Tensor

from sgn_sciml.geometry.pieces import Draw
from sgn_sciml.pde.conditions import Condition, ScatteredCondition
from sgn_sciml.pde.problem import Problem

__all__ = ["Draw", "condition_points", "inside", "interior_points", "starting_with"]


def starting_with(unit: Tensor) -> Draw:
    """A point set that begins with some points ``(N, d)``; the others are drawn."""

    def draw(count: int, dimension: int) -> Tensor:
        generator = torch.Generator().manual_seed(0)
        more = torch.rand(
            max(0, count - len(unit)), dimension, generator=generator, dtype=torch.float64
        )
        return torch.cat([unit.detach().cpu().double()[:count], more])

    return draw


def interior_points(problem: Problem, count: int, draw: Draw) -> Tensor:
    """Points of the domain.

    Args:
        problem: The problem, of d coordinates.
        count: Number of points.
        draw: A point set of the unit cube.

    Returns:
        Points, shape ``(count, d)``.

    Raises:
        ValueError: If the geometry is empty.
    """
    d = len(problem.coordinates)
    if problem.geometry is None:
        return problem.box_points(draw(count, d))
    points = problem.geometry.fill(count, draw, d)
    return _in_time(problem, points)


def condition_points(problem: Problem, condition: Condition, count: int, draw: Draw) -> Tensor:
    """Points where a condition lies.

    Args:
        problem: The problem, of d coordinates.
        condition: The condition.
        count: Number of points.
        draw: A point set of the unit cube.

    Returns:
        Points ``(count, d)``; on a part of a geometry's boundary with the outward unit normal in
        further columns, ``(count, d + space)``. Where no coordinate is left, it is one point. A
        condition at points of its own has these, each with its value, ``(N, d + 1)``.

    Raises:
        ValueError: If nothing of the part is seen, or the geometry is empty.
    """
    d, region = len(problem.coordinates), problem.geometry
    if isinstance(condition, ScatteredCondition):
        assert condition.table is not None
        return condition.table.clone()
    settled = {*condition.face, *condition.integrated}
    if condition.on is None and settled >= {*problem.coordinates}:
        count = 1
    if region is None:
        return problem.face_points(condition, draw(count, d))
    if condition.on is None:
        return _fixed(problem, condition, interior_points(problem, count, draw))
    s = region.dimension
    rows = region.fill_boundary(count, draw, condition.parts, d)
    points = torch.cat([rows[:, :s], rows[:, -1:]], 1) if problem.evolving else rows[:, :s]
    points = _fixed(problem, condition, _in_time(problem, points))
    return torch.cat([points, rows[:, s : 2 * s]], 1)


def inside(problem: Problem, points: Tensor) -> Tensor:
    """Whether points ``(..., d)`` lie in the problem's geometry, its boundary included: ``(...)``.

    All of them do where there is none.
    """
    if problem.geometry is None:
        return torch.ones(points.shape[:-1], dtype=torch.bool, device=points.device)
    flat = points.detach().flatten(0, -2)[:, : problem.geometry.dimension]
    slack = max(8 * torch.finfo(points.dtype).eps, 1e-9)  # coordinates are rounded
    found = problem.geometry.contains(flat.cpu().double(), slack)
    return found.reshape(points.shape[:-1]).to(points.device)


def _in_time(problem: Problem, points: Tensor) -> Tensor:
    """Points whose last column, of a problem that evolves, is a part of the time."""
    if problem.evolving:
        start, end = (corner[-1] for corner in problem.domain)
        points[:, -1] = start + (end - start) * points[:, -1]
    return points


def _fixed(problem: Problem, condition: Condition, points: Tensor) -> Tensor:
    """Points with the coordinates that a condition fixes."""
    for name, value in condition.face.items():
        points[:, problem.coordinates.index(name)] = value
    return points
