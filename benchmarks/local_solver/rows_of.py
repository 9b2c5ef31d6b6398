"""The rows of a problem for functions over its whole domain, from the residual that it states."""

from collections.abc import Callable

import torch
from torch import Tensor

from sgn_sciml import pde
from sgn_sciml.local_solver.linearization import Linearization, Name
from sgn_sciml.local_solver.problem_rows import ProblemRows

__all__ = ["Rows", "Table"]

Table = Callable[[Tensor, tuple[int, ...]], Tensor]  # points and orders to (N, M)


class Rows:
    """Matrix and right side of a problem of one field, linearised about coefficients.

    Args:
        problem: The problem.
        interior: Points of the equation, ``(N, d)``.
        sides: Points from 0 to 1 along a side, ``(n, d)``; a side takes those along it.
        table: Derivatives of all functions at points.
    """

    def __init__(
        self, problem: pde.Problem, interior: Tensor, sides: Tensor, table: Table
    ) -> None:
        self.equations = ProblemRows.of(problem)
        self.parts: list[tuple[Linearization, Tensor]] = [(self.equations.interior, interior)]
        for (what, _), condition in zip(
            self.equations.conditions, problem.conditions, strict=True
        ):
            self.parts.append((what, problem.face_points(condition, sides)))
        self.tables: list[dict[tuple[int, ...], Tensor]] = [
            {index: table(points, index) for _, index in what.names} for what, points in self.parts
        ]
        self.linear = problem.law != "burgers"
        self.jumps = [self._jumps(problem, axis, sides, table) for axis in self._periodic()]

    def _periodic(self) -> list[int]:
        return [axis for axis, length in enumerate(self.equations.periodic) if length]

    def _jumps(self, problem: pde.Problem, axis: int, sides: Tensor, table: Table) -> Tensor:
        """Rows of periodic ends: values and derivatives below the equation's order agree."""
        ends = []
        for corner in problem.domain:
            points = problem.box_points(sides.clone())
            points[:, axis] = corner[axis]
            ends.append(points)
        found = []
        for order in range(self.equations.order(0, axis)):
            index = tuple(order if i == axis else 0 for i in range(sides.shape[1]))
            found.append(table(ends[1], index) - table(ends[0], index))
        return torch.cat(found)

    def assemble(self, c: Tensor, weight: float) -> tuple[Tensor, Tensor]:
        """Matrix and right side for an increment of coefficients ``(M,)``."""
        matrices, right = [], []
        for k, (what, points) in enumerate(self.parts):
            values: dict[Name, Tensor] = {
                (0, index): matrix @ c for index, matrix in self.tables[k].items()
            }
            rows, slopes = what.slopes(points, values)
            factor = weight if k else 1.0
            total = torch.zeros(len(points), len(c), dtype=torch.float64)
            for (_, index), slope in slopes[0].items():
                total += (factor * slope)[:, None] * self.tables[k][index]
            matrices.append(total)
            right.append(-factor * rows[0])
        for jump in self.jumps:
            matrices.append(weight * jump)
            right.append(-weight * (jump @ c))
        return torch.cat(matrices), torch.cat(right)
