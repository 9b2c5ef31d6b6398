"""A solution by local least squares as fields on a grid, with what is known of its accuracy."""

from collections.abc import Mapping

from torch import Tensor

from sgn_sciml.layouts.grid_fields import GridFields
from sgn_sciml.local_solver.local_solution import LocalSolution

__all__ = ["METHOD", "ROUNDING", "on_grid"]

METHOD = "local least squares"
ROUNDING = 1e-15  # no estimate below it is meant


def on_grid(solution: LocalSolution, axes: Mapping[str, Tensor]) -> GridFields:
    """A solution on a grid, with its accuracy.

    Args:
        solution: The solution.
        axes: Values of each coordinate, shape ``(n_i,)``.

    Returns:
        Its fields in float64, shape ``(n_1, ..., n_d)``.
    """
    problem = solution.problem
    points = GridFields(axes, {}, problem.law).points
    values = solution(points.reshape(-1, points.shape[-1])).reshape(*points.shape[:-1], -1)
    fields = dict(zip(problem.fields, values.unbind(-1), strict=True))
    accuracy = max(solution.estimate, ROUNDING)
    return GridFields(axes, fields, problem.law, problem.parameters, accuracy, METHOD)
