"""A reference from the exact solution that a problem states."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from sgn_sciml.layouts.grid_fields import GridFields, write_grid
from sgn_sciml.pde import Problem, Reference, Window

__all__ = ["Exact"]


@dataclass(frozen=True)
class Exact(Reference):
    """The reference solution by the problem's own ``exact``, written anew at each start.

    Args:
        grid: Points along each coordinate; those of the problem when None.
        folder: Where the file is kept.
    """

    grid: Sequence[int] | None = None
    folder: str = "data"

    def file(self, problem: Problem) -> Path:
        while isinstance(problem, Window):
            problem = problem.problem
        if type(problem).exact is Problem.exact:
            raise ValueError(
                f"no exact solution of {problem.law} is known: define exact(self, points), or set "
                "reference: LocalLeastSquares"
            )
        axes = problem.axes(self.grid)
        sizes = [len(values) for values in axes.values()]
        points = GridFields(axes, {}, problem.law).points.reshape(-1, len(sizes))
        values = problem.exact(points)
        wanted = (len(points), len(problem.fields))
        if tuple(values.shape) != wanted:
            raise ValueError(
                f"{problem.law}: exact returns shape {tuple(values.shape)}, expected {wanted}, "
                "a row for each point and a column for each field"
            )
        columns = values.double().reshape(*sizes, -1).unbind(-1)
        fields = dict(zip(problem.fields, columns, strict=True))
        name = f"{problem.law}_exact_{'x'.join(map(str, sizes))}.h5"
        grid = GridFields(axes, fields, problem.law, problem.parameters)
        return write_grid(Path(self.folder) / name, grid)
