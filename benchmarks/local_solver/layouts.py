"""Solve on a layout of cells that is given: the same for every dictionary."""

from collections.abc import Sequence

import torch
from torch import Tensor

from sgn_sciml import pde
from sgn_sciml.local_solver import Dictionary, LocalSolution, solve
from sgn_sciml.local_solver.cells import Cells
from sgn_sciml.local_solver.local_solution import Slab
from sgn_sciml.local_solver.march import March
from sgn_sciml.local_solver.measures import field_sizes, positive
from sgn_sciml.local_solver.newton import newton
from sgn_sciml.local_solver.problem_rows import ProblemRows
from sgn_sciml.local_solver.reference_cell import ReferenceCell
from sgn_sciml.local_solver.solver import in_slabs
from sgn_sciml.local_solver.system import System

__all__ = ["Exact", "found_layout", "solve_on"]

SMALL = 1e-11  # increment that ends Newton's method


def found_layout(problem: pde.Problem, tolerance: float) -> list[Cells]:
    """The cells of each slab that the solver places by itself with polynomials."""
    return [part.cells for part in solve(problem, tolerance).parts]


def solve_on(
    problem: pde.Problem, layout: Sequence[Cells], dictionary: Dictionary
) -> LocalSolution:
    """Solve slab by slab on given cells, whatever the estimates say.

    Raises:
        Failed: If Newton's method fails in a slab.
    """
    equations, reference = ProblemRows.of(problem), ReferenceCell(dictionary)
    solution = LocalSolution(problem, dictionary)
    fields = len(problem.fields)
    if not in_slabs(equations):
        (cells,) = layout
        system = System(equations, reference, cells, equations.conditions)
        start = cells.lower.new_zeros(len(cells), fields, dictionary.size)
        ones = torch.ones(fields, dtype=torch.float64)
        solution.parts.append(Slab(cells, newton(system, start, ones, SMALL)))
        return solution
    march = March(equations, reference, SMALL)
    scales, last = torch.zeros(fields, dtype=torch.float64), None
    for cells in layout:
        system = march.system(cells, last)
        start, share = march.predicted(system, last), march.place.share(cells)
        scales = torch.maximum(scales, field_sizes(reference, Slab(cells, start), share))
        last = Slab(cells, newton(system, start, positive(scales), SMALL))
        solution.parts.append(last)
    return solution


class Exact:
    """The solution of a problem on its grid, known or of a reference.

    Args:
        problem: The problem.
        most: As many points of the grid at most, drawn once; all without.
    """

    def __init__(self, problem: pde.Problem, most: int | None = None) -> None:
        axes = torch.meshgrid(*problem.axes().values(), indexing="ij")
        self.points = torch.stack([axis.reshape(-1) for axis in axes], -1)
        if most is not None and most < len(self.points):
            chosen = torch.randperm(len(self.points), generator=torch.Generator().manual_seed(0))
            self.points = self.points[chosen[:most]]
        self.truth: Tensor = problem.exact(self.points)

    def error(self, found: Tensor) -> float:
        """Relative L2 error of fields ``(N, f)``, the largest of the fields."""
        return float(((found - self.truth).norm(dim=0) / self.truth.norm(dim=0)).max())
