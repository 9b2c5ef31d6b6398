"""A solution by local least squares: coefficients of every cell, evaluated anywhere."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from torch import Tensor

from sgn_sciml.local_solver.cells import Cells
from sgn_sciml.local_solver.dictionary import Dictionary, Polynomials
from sgn_sciml.local_solver.linearization import Name, parse
from sgn_sciml.local_solver.problem_rows import ProblemRows, joined_at_pairs
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

    def __post_init__(self) -> None:
        self.problem = joined_at_pairs(self.problem)

    def __call__(self, points: Any) -> Tensor:
        """Fields at points of the domain: ``(N, d) -> (N, f)``, float64.

        Gradients with respect to points are the solution's own derivatives.
        """
        return self.derivatives(points, self.problem.fields)

    def derivatives(self, points: Any, names: Sequence[str]) -> Tensor:
        """Fields and derivatives by name, such as ``u_x``: ``(N, d) -> (N, names)``.

        Args:
            points: A tensor, an array or nested lists of numbers, of any precision.
            names: The names.

        Raises:
            AttributeError: For a name that is not a field or a derivative of one.
            ValueError: For points of another shape or outside the domain, or a derivative of
                higher order than the degree of the polynomials.
        """
        problem = self.problem
        if isinstance(names, str):
            raise ValueError(f"names must be a list, as in [{names!r}]")
        parsed = [parse(name, problem.coordinates, problem.fields) for name in names]
        for text, (_, orders) in zip(names, parsed, strict=True):
            degree = self.dictionary.degree
            if isinstance(self.dictionary, Polynomials) and sum(orders) > degree:
                raise ValueError(
                    f"{text} is of order {sum(orders)}, the polynomials of the solution are of "
                    f"degree {degree}: solve with a higher degree"
                )
        return self._named(self.as_points(points), parsed)

    def as_points(self, points: Any) -> Tensor:
        """Points of any kind as a tensor ``(N, d)`` in float64, within the domain or next to it.

        Raises:
            ValueError: If they are none.
        """
        d = len(self.problem.coordinates)
        try:
            given = points if isinstance(points, Tensor) else torch.from_numpy(np.array(points))
        except (TypeError, ValueError, RuntimeError) as error:
            raise ValueError(
                f"points must be numbers of shape (N, {d}), got {type(points).__name__}: {error}"
            ) from error
        if given.is_complex() or given.dtype == torch.bool:
            raise ValueError(f"points must be real numbers of shape (N, {d}), got {given.dtype}")
        if given.ndim != 2 or given.shape[1] != d:
            raise ValueError(f"points have shape {tuple(given.shape)}, expected (N, {d})")
        found = given.to(self.parts[0].coefficients.device, torch.float64)
        if given.is_floating_point() and given.dtype != torch.float64:
            # An end of the domain may have been rounded to a place outside.
            lower, upper = (found.new_tensor(corner) for corner in self.problem.domain)
            slack = 2 * torch.finfo(given.dtype).eps * torch.maximum(lower.abs(), upper.abs())
            near = (found > lower - slack) & (found < upper + slack)
            found = torch.where(near, found.clamp(lower, upper), found)
        return found

    def _named(self, points: Tensor, names: Sequence[Name]) -> Tensor:
        if points.requires_grad and torch.is_grad_enabled():
            found: Tensor = Differentiable.apply(points, self, tuple(names))  # type: ignore[no-untyped-call]
            return found
        return self._numbers(points, names)

    def _numbers(self, points: Tensor, names: Sequence[Name]) -> Tensor:
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

    def residual(self, points: Any) -> Tensor:
        """Root of the summed squared residuals of the equations at points: ``(N, d) -> (N,)``."""
        points = self.as_points(points).detach()
        linearization = ProblemRows.of(self.problem).interior
        names = linearization.names
        values = self._numbers(points, names)
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


class Differentiable(torch.autograd.Function):
    """Values by name whose gradients with respect to points are values by name, too."""

    @staticmethod
    def forward(
        ctx: Any, points: Tensor, solution: LocalSolution, names: Sequence[Name]
    ) -> Tensor:
        """Fields or derivatives at points, ``(N, d) -> (N, names)``."""
        ctx.save_for_backward(points)
        ctx.solution, ctx.names = solution, names
        return solution._numbers(points.detach(), names)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None, None]:
        """The gradient along each coordinate, from derivatives of one order more."""
        (points,), (gradient,) = ctx.saved_tensors, gradients
        axes = range(points.shape[1])
        higher = [
            (f, tuple(n + (i == axis) for i, n in enumerate(orders)))
            for axis in axes
            for f, orders in ctx.names
        ]
        slopes = ctx.solution._named(points, higher).reshape(len(points), len(axes), -1)
        return (slopes * gradient[:, None]).sum(2), None, None
