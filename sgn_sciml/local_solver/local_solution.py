"""A solution by local least squares: coefficients of every cell, evaluated anywhere."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor

from sgn_sciml.local_solver.cells import Cells
from sgn_sciml.local_solver.dictionary import Dictionary
from sgn_sciml.local_solver.linearization import Name, parse
from sgn_sciml.local_solver.problem_rows import ProblemRows
from sgn_sciml.pde import Problem

__all__ = ["LocalSolution", "Slab", "evaluate", "positive"]

NOISE = 1e-11  # beside the largest field: one so small is 0, and what is left is rounding


@dataclass
class Slab:
    """A slab of time, or the whole domain of a steady problem.

    Attributes:
        cells: Its cells.
        coefficients: Theirs, shape ``(K, f, r)``.
        estimate: Estimate of the error that it adds, beside ``scales``.
        error: Estimate of its largest error, with that of the parts before, beside ``scales``.
        scales: What errors are beside, ``(f,)``: the largest sizes of the fields so far.
        sizes: Root mean square of each field in it, ``(f,)``.
    """

    cells: Cells
    coefficients: Tensor
    estimate: float = 0.0
    error: float = 0.0
    scales: Tensor = field(default_factory=lambda: torch.ones(1, dtype=torch.float64))
    sizes: Tensor = field(default_factory=lambda: torch.ones(1, dtype=torch.float64))


def positive(sizes: Tensor) -> Tensor:
    """Sizes to divide by: of a field that is 0 but for rounding the largest one, or 1."""
    largest = sizes.max() if bool((sizes > 0).any()) else sizes.new_ones(())
    return torch.where(sizes > NOISE * largest, sizes, largest)


def evaluate(dictionary: Dictionary, part: Slab, points: Tensor, names: Sequence[Name]) -> Tensor:
    """Fields or derivatives by name at points ``(N, d)`` within a part, ``(N, names)``."""
    found = points.new_zeros(len(points), len(names))
    cells = part.cells
    where = cells.find(points)
    order = where.argsort(stable=True)
    counts = torch.bincount(where, minlength=len(cells)).tolist()
    indices = list(dict.fromkeys(index for _, index in names))
    start = 0
    for k, count in enumerate(counts):
        if not count:
            continue
        chosen = order[start : start + count]
        start += count
        unit = cells.to_reference(k, points[chosen])
        for index in indices:
            table = dictionary.values(unit, index)
            scale = float(((2 / cells.widths[k]) ** unit.new_tensor(index)).prod())
            for column, (f, other) in enumerate(names):
                if other == index:
                    found[chosen, column] = scale * (table @ part.coefficients[k, f])
    return found


@dataclass
class LocalSolution:
    """What :func:`~sgn_sciml.local_solver.solve` found.

    Attributes:
        problem: The problem.
        dictionary: The functions of each cell.
        parts: Slabs of time in order, or the one part of a steady problem.
    """

    problem: Problem
    dictionary: Dictionary
    parts: list[Slab] = field(default_factory=list)

    def __call__(self, points: Tensor) -> Tensor:
        """Fields at points of the domain: ``(N, d) -> (N, f)``, float64."""
        return self.derivatives(points, self.problem.fields)

    def derivatives(self, points: Tensor, names: Sequence[str]) -> Tensor:
        """Fields and derivatives by name, such as ``u_x``: ``(N, d) -> (N, names)``.

        Raises:
            AttributeError: For a name that is not a field or a derivative of one.
            ValueError: For points of another shape or outside the domain.
        """
        problem = self.problem
        points = points.double()
        if points.ndim != 2 or points.shape[1] != len(problem.coordinates):
            raise ValueError(
                f"points have shape {tuple(points.shape)}, expected (N, "
                f"{len(problem.coordinates)})"
            )
        return self._named(
            points, [parse(name, problem.coordinates, problem.fields) for name in names]
        )

    def _named(self, points: Tensor, names: Sequence[Name]) -> Tensor:
        points = self.wrapped(points)
        found = points.new_zeros(len(points), len(names))
        if len(self.parts) == 1:
            return evaluate(self.dictionary, self.parts[0], points, names)
        ends = points.new_tensor([float(part.cells.upper[0, -1]) for part in self.parts])
        slab = torch.searchsorted(ends[:-1].contiguous(), points[:, -1].contiguous())
        for i, part in enumerate(self.parts):
            mine = (slab == i).nonzero()[:, 0]
            if len(mine):
                found[mine] = evaluate(self.dictionary, part, points[mine], names)
        return found

    def residual(self, points: Tensor) -> Tensor:
        """Root of the summed squared residuals of the equations at points: ``(N, d) -> (N,)``."""
        points = points.double()
        linearization = ProblemRows.of(self.problem).interior
        names = linearization.names
        values = self._named(points, names)
        rows = linearization.values(points, dict(zip(names, values.unbind(1), strict=True)))
        return rows.square().sum(0).sqrt()

    def wrapped(self, points: Tensor) -> Tensor:
        """Points with periodic coordinates brought into the domain.

        Raises:
            ValueError: If one lies outside along another coordinate: cells do not reach there.
        """
        lower, upper = (points.new_tensor(corner) for corner in self.problem.domain)
        columns = []
        for i, name in enumerate(self.problem.coordinates):
            column = points[:, i]
            if name in self.problem.periodic:
                column = torch.where(
                    (column < lower[i]) | (column > upper[i]),
                    lower[i] + (column - lower[i]) % (upper[i] - lower[i]),
                    column,
                )
            else:
                slack = 1e-9 * (upper[i] - lower[i])
                outside = (column < lower[i] - slack) | (column > upper[i] + slack)
                if bool(outside.any()):
                    raise ValueError(
                        f"{int(outside.sum())} of {len(points)} points lie outside the domain: "
                        f"{name} = {float(column[outside][0]):g}, which goes from "
                        f"{float(lower[i]):g} to {float(upper[i]):g}"
                    )
            columns.append(column)
        return torch.stack(columns, 1)

    @property
    def estimate(self) -> float:
        """Estimate of the relative L2 error over the domain, the largest of the fields."""
        weights = torch.ones(1, dtype=torch.float64)
        if len(self.parts) > 1:
            weights = torch.stack([part.cells.widths[0, -1] for part in self.parts]).cpu()
        errors, sizes = (
            torch.stack(several).square().mul(weights[:, None]).sum(0).sqrt()
            for several in (
                [part.error * part.scales.cpu() for part in self.parts],
                [part.sizes.cpu() for part in self.parts],
            )
        )
        return float((errors / positive(sizes)).max())
