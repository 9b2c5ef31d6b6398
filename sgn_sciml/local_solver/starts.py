"""Where Newton's method begins for nonlinear steady problems that it does not solve from 0.

Fields that meet the conditions and are smooth in between: solutions of Laplace's equation, and of
Poisson's with a source of either sign, since some equations (Monge-Ampere's, the p-Laplacian's)
have no slopes at flat fields.
"""

from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor

from sgn_sciml.local_solver.cells import Cells
from sgn_sciml.local_solver.linearization import Linearization, Unsolvable
from sgn_sciml.local_solver.newton import Failed, newton
from sgn_sciml.local_solver.problem_rows import ProblemRows
from sgn_sciml.local_solver.reference_cell import ReferenceCell
from sgn_sciml.local_solver.system import System

__all__ = ["starts"]

SMALL = 1.0  # of the field itself: conditions alone may leave it open


def starts(equations: ProblemRows, reference: ReferenceCell, cells: Cells) -> Iterator[Tensor]:
    """Coefficients ``(K, f, r)`` to begin with, as many as can be made."""
    problem = equations.problem
    squares = [(b - a) ** 2 for a, b in zip(*problem.domain, strict=True)]
    for source in (0.0, 1.0, -1.0):

        def rows(d: Any, source: float = source) -> list[Tensor]:
            found = []
            for f in problem.fields:
                names = [f"{f}_{2 * name}" for name in problem.coordinates]
                bent = sum(s * getattr(d, n) for s, n in zip(squares, names, strict=True))
                found.append(bent - source - SMALL * getattr(d, f))
            return found

        middle = problem.box_points(torch.full((8, len(squares)), 0.5, dtype=torch.float64))
        smooth = Linearization(problem, rows, "a start", middle)
        lifted = ProblemRows(problem, smooth, equations.conditions)
        system = System(lifted, reference, cells, equations.conditions)
        c = cells.lower.new_zeros(len(cells), len(problem.fields), reference.dictionary.size)
        try:
            yield newton(system, c, c.new_zeros(len(problem.fields)), 1e-6)
        except (Failed, Unsolvable):
            continue
