r"""Least-squares tasks on one cell, for functions whose inner weights move.

Rows are :math:`\sum_\beta G_\beta \partial^\beta u = g` at nodes of the reference cell, linearised
about a solution where the equation is not linear: values to fit, or an equation with conditions.
"""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from sgn_sciml import pde
from sgn_sciml.local_solver.dictionary import chebyshev_nodes
from sgn_sciml.local_solver.reference_cell import lobatto_nodes

__all__ = ["SHOCK", "TASKS", "Index", "Task", "fit"]

Index = tuple[int, int]
Coefficients = dict[Index, Tensor]
WEIGHT = 10.0  # of conditions, as in the solver
INTERIOR, FACE, CHECK = 32, 40, 61


@dataclass
class Task:
    """A task on one cell.

    Attributes:
        points: Nodes of the reference cell, ``(N, 2)``.
        rows: From u and its first derivative along x at the nodes to coefficients by derivative
            and right sides, in reference coordinates.
        check: Other nodes.
        truth: The solution there.
        linear: Whether rows are the same about every solution.
    """

    points: Tensor
    rows: Callable[[Tensor, Tensor], tuple[Coefficients, Tensor]]
    check: Tensor
    truth: Tensor
    linear: bool = True


def in_domain(unit: Tensor, lower: Tensor, upper: Tensor) -> Tensor:
    """Points of a cell."""
    return lower + 0.5 * (unit + 1) * (upper - lower)


def faces(late: bool) -> Tensor:
    """Nodes of the sides of the reference cell, without that at the end of time or with it."""
    line = chebyshev_nodes(FACE, 1)[:, 0]
    one = torch.ones_like(line)
    sides = [(-one, line), (one, line), (line, -one)]
    sides += [(line, one)] if late else []
    return torch.cat([torch.stack(side, -1) for side in sides])


def fit(
    lower: tuple[float, float],
    upper: tuple[float, float],
    nodes: tuple[int, int] = (INTERIOR, INTERIOR),
) -> Task:
    """Fit Burgers' solution on a strip, at nodes along x and t."""
    corners = torch.tensor([lower, upper], dtype=torch.float64)
    exact = pde.Burgers().exact
    lines = [chebyshev_nodes(count, 1)[:, 0] for count in nodes]
    points = torch.stack([v.reshape(-1) for v in torch.meshgrid(*lines, indexing="ij")], -1)
    check = lobatto_nodes(CHECK, 2)
    values = exact(in_domain(points, *corners))[:, 0]
    coefficients = {(0, 0): torch.ones_like(values)}
    truth = exact(in_domain(check, *corners))[:, 0]
    return Task(points, lambda u, u_x: (coefficients, values), check, truth)


def burgers(lower: tuple[float, float], upper: tuple[float, float]) -> Task:
    """Burgers' equation on a strip, with the true values where it begins and at both walls."""
    problem = pde.Burgers()
    corners = torch.tensor([lower, upper], dtype=torch.float64)
    by_x, by_t = (2 / (corners[1] - corners[0])).tolist()
    interior, check = chebyshev_nodes(INTERIOR, 2), lobatto_nodes(CHECK, 2)
    points = torch.cat([interior, faces(late=False)])
    within = torch.zeros(len(points), dtype=torch.float64)
    within[: len(interior)] = 1 / by_t
    known = WEIGHT * problem.exact(in_domain(points, *corners))[:, 0] * (within == 0)

    def rows(u: Tensor, u_x: Tensor) -> tuple[Coefficients, Tensor]:
        coefficients = {
            (0, 1): within * by_t,
            (1, 0): within * by_x * u,
            (0, 0): within * by_x * u_x + WEIGHT * (within == 0),
            (2, 0): -within * by_x**2 * problem.nu,
        }
        return coefficients, within * by_x * u * u_x + known

    truth = problem.exact(in_domain(check, *corners))[:, 0]
    return Task(points, rows, check, truth, linear=False)


def helmholtz() -> Task:
    """Helmholtz' equation on its whole square."""
    problem = pde.Helmholtz()
    corners = torch.tensor(problem.domain, dtype=torch.float64)
    interior, check = chebyshev_nodes(INTERIOR, 2), lobatto_nodes(CHECK, 2)
    points = torch.cat([interior, faces(late=True)])
    within = torch.zeros(len(points), dtype=torch.float64)
    within[: len(interior)] = 1 / (2 + problem.k**2)
    at = in_domain(points, *corners)
    exact = problem.exact(at)[:, 0]
    slope = problem.k**2 - torch.pi**2 * (problem.a1**2 + problem.a2**2)
    right = torch.where(within > 0, within * slope * exact, WEIGHT * exact)
    coefficients = {
        (2, 0): within,
        (0, 2): within,
        (0, 0): within * problem.k**2 + WEIGHT * (within == 0),
    }
    truth = problem.exact(in_domain(check, *corners))[:, 0]
    return Task(points, lambda u, u_x: (coefficients, right), check, truth)


SHOCK = (-0.1, 0.35), (0.1, 0.45)
TASKS: dict[str, Callable[[], Task]] = {
    "values of the shock": lambda: fit(*SHOCK, (80, 20)),
    "values of its flank": lambda: fit((0.012, 0.35), (0.035, 0.45)),
    "Burgers' equation on the flank": lambda: burgers((0.012, 0.35), (0.035, 0.45)),
    "Helmholtz' equation on its square": helmholtz,
}
