"""Grids over a geometry: fields are nan outside, where nothing is compared, drawn or written.

Slopes are compared inside, too, where the exact solution can be differentiated: those of both by
autograd, as a grid has no neighbours beside a boundary.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace

import torch
from torch import Tensor

from sgn_sciml.geometry.pieces import drawn_from
from sgn_sciml.layouts.grid_fields import MASK, GridFields
from sgn_sciml.pde import Problem
from sgn_sciml.pde.places import inside, interior_points

__all__ = ["exact_inside", "has_slopes", "known", "masked", "with_mask", "with_slopes"]


def masked(problem: Problem, grid: GridFields, what: str) -> GridFields:
    """A reference with nan outside the geometry; as it is where there is none.

    Args:
        problem: The problem.
        grid: The reference.
        what: Its file, for the message.

    Raises:
        ValueError: If it has no values at some points inside, or no point lies inside.
    """
    if problem.geometry is None:
        return grid
    here = inside(problem, grid.points)
    if not here.any():
        raise ValueError(f"{what}: no point of its grid lies in the geometry of {problem.law}")
    fields = {}
    for name in problem.fields:
        values = grid.fields[name]
        if missing := int((here & values.isnan()).sum()):
            raise ValueError(
                f"{what}: {name} has no value at {missing} of {int(here.sum())} points inside the "
                f"geometry of {problem.law}"
            )
        fields[name] = torch.where(here, values, torch.nan)
    return replace(grid, fields=fields)


def exact_inside(problem: Problem) -> GridFields | None:
    """The exact solution of a problem with a geometry on the problem's own grid, if there is one.

    A file need not be made for it; None without a geometry or an exact solution.
    """
    if problem.geometry is None or type(problem).exact is Problem.exact:
        return None
    axes = problem.axes()
    empty = GridFields(axes, {}, problem.law, problem.parameters, method="exact solution")
    points = empty.points
    here = inside(problem, points)
    values = points.new_full((*points.shape[:-1], len(problem.fields)), torch.nan)
    values[here] = problem.exact(points[here])
    fields = dict(zip(problem.fields, values.unbind(-1), strict=True))
    return masked(problem, replace(empty, fields=fields), "the exact solution")


def known(found: Tensor, truth: Tensor) -> tuple[Tensor, Tensor]:
    """Fields and the truth, both zero where the truth is nan: there is no error outside."""
    outside = truth.isnan()
    return found.masked_fill(outside, 0.0), truth.masked_fill(outside, 0.0)


def slopes(field: Callable[[Tensor], Tensor], points: Tensor, space: int) -> Tensor:
    """Values and derivatives by the coordinates of space: ``(N, d) -> (N, f (1 + space))``."""
    with torch.enable_grad():
        points = points.detach().clone().requires_grad_()
        values = field(points)
        found = [values]
        for each in values.unbind(-1):
            (slope,) = torch.autograd.grad(each.sum(), points, retain_graph=True)
            found.append(slope[:, :space])
    return torch.cat(found, -1).detach()


def has_slopes(problem: Problem) -> bool:
    """Whether slopes of a problem with a geometry are known: autograd can follow ``exact``."""
    if problem.geometry is None:
        return False
    points = interior_points(problem, 2, drawn_from(torch.Generator().manual_seed(0)))
    try:
        slopes(problem.exact, points, len(problem.space))
    except (NotImplementedError, RuntimeError, TypeError, ValueError):  # there is none, or NumPy's
        return False
    return True


def with_slopes(
    problem: Problem, solution: Callable[[Tensor], Tensor], points: Tensor, truth: Tensor
) -> tuple[Tensor, Tensor]:
    """Values and slopes of a solution and of the exact one, where both are known.

    Args:
        problem: The problem, of f fields.
        solution: What maps points ``(N, d)`` to fields ``(N, f)``.
        points: Points of frames, ``(frames, *n, d)``.
        truth: Fields, ``(frames, f, *n)``, nan outside.

    Returns:
        Of both ``(1, f (1 + space), N)`` at the N points inside where the slope is finite: at a
        corner that points inwards it need not be.
    """
    inside, space = points[~truth.isnan().any(1)], len(problem.space)
    exact = slopes(problem.exact, inside.double(), space)
    finite = exact.isfinite().all(-1)
    found = slopes(solution, inside[finite], space)
    return found.T[None], exact[finite].to(truth.dtype).T[None]


def with_mask(
    problem: Problem, axes: Mapping[str, Tensor], fields: dict[str, Tensor]
) -> dict[str, Tensor]:
    """Fields of a file, with the mask that says where they are nan, if there is a geometry."""
    if problem.geometry is None:
        return fields
    here = inside(problem, GridFields(axes, {}, problem.law).points)
    return fields | {MASK: here.to(torch.uint8)}
