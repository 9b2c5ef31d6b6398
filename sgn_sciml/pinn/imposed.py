"""Conditions that are said to be built into the solution: whether they are.

Their loss terms are left out, so that nothing would tell that :meth:`Problem.impose` is missing or
misses a value. What a condition leaves on its face is compared with what it leaves elsewhere in
the domain, where it need not hold; so the comparison has no units.
"""

from copy import deepcopy

import torch
from torch import Tensor

from sgn_sciml.networks import CoordinateNetwork
from sgn_sciml.pde import Condition, Problem
from sgn_sciml.pde.places import condition_points, interior_points, starting_with
from sgn_sciml.pinn.boundary import condition_equation

__all__ = ["require_imposed"]

POINTS = 7
LEFT = 1e-5  # of what is left elsewhere; where a network has it built in, rounding is left
LARGE = 1e3  # times the network's output: what of it leaks through must not hide behind the rest


def require_imposed(problem: Problem, network: CoordinateNetwork) -> None:
    """See that a solution meets the conditions that its problem says it imposes.

    Args:
        problem: The problem.
        network: The network before training.

    Raises:
        ValueError: If it does not, or a condition fails.
    """
    plain = {p.dtype for p in network.parameters()} or {torch.float32}
    for condition in problem.conditions:
        if condition.name in problem.imposed:
            try:
                left = left_over(problem, condition, deepcopy(network).eval().double())
            except ValueError:  # a module with constants of single precision, or a wrong condition
                if len(plain) > 1:
                    raise
                left = left_over(problem, condition, deepcopy(network).eval(), *plain)
            if left is not None:
                raise ValueError(
                    f"{problem.law}: the condition {condition.name!r} is in imposed, but impose "
                    f"leaves {left:.2g} of it. Correct impose, or take the name out of imposed, "
                    "so that the condition becomes a term of the loss"
                )


def left_over(
    problem: Problem,
    condition: Condition,
    network: CoordinateNetwork,
    dtype: torch.dtype = torch.float64,
) -> float | None:
    """What is left of a condition on its face; None where that is rounding."""
    draw = torch.Generator().manual_seed(0)
    device = next(network.parameters(), torch.zeros(())).device
    unit = torch.rand(POINTS, len(problem.coordinates), generator=draw).to(device, dtype)
    if problem.geometry is None:
        points, face = problem.box_points(unit), problem.face_points(condition, unit)
    else:
        at = starting_with(unit)
        points = interior_points(problem, POINTS, at).to(unit)
        face = condition_points(problem, condition, POINTS, at).to(unit)
        points = torch.cat([points, face[:, points.shape[1] :]], 1)  # with some normals
    for factor in (1.0, LARGE):

        def function(x: Tensor, factor: float = factor) -> Tensor:
            return problem.impose(x, factor * network(x))

        equation = condition_equation(function, condition.residual, problem, condition)
        there = float(equation.nested(face).detach().abs().max())
        elsewhere = float(equation.nested(points).detach().abs().nan_to_num(0.0, 0.0).max())
        size = float(function(face[:, : len(problem.coordinates)]).detach().abs().max())
        if factor == LARGE and not size + elsewhere < torch.inf:
            break  # as an exponential of the output may be
        if not there <= LEFT * elsewhere + 1e3 * torch.finfo(dtype).eps * size:
            return there
    return None
