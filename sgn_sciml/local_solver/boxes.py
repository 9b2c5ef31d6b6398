"""A problem on all its domain at once: steady ones, and those of second order in time.

Boxes are halved along the axes on which their solution has large coefficients above the middle
degree, until a second solution with functions of a higher degree agrees within the tolerance.
"""

import math
from collections.abc import Callable

import torch
from torch import Tensor

from sgn_sciml.local_solver.cells import Cells
from sgn_sciml.local_solver.cuts import edges_with, places
from sgn_sciml.local_solver.dictionary import Dictionary
from sgn_sciml.local_solver.estimate import overlooked
from sgn_sciml.local_solver.faults import misfits
from sgn_sciml.local_solver.linearization import Unsolvable
from sgn_sciml.local_solver.local_solution import Slab, evaluate, positive
from sgn_sciml.local_solver.measures import field_sizes, shares, solution_tails
from sgn_sciml.local_solver.newton import FIRST_FACTORS, MAX_FACTORS, Failed, Undetermined, newton
from sgn_sciml.local_solver.problem_rows import ProblemRows
from sgn_sciml.local_solver.reference_cell import ReferenceCell
from sgn_sciml.local_solver.starts import starts
from sgn_sciml.local_solver.system import System

__all__ = ["Boxes"]

START = {1: 4, 2: 2, 3: 1}  # boxes per axis to begin with
HIGH = 0.7  # of the degree: coefficients above it say whether a box is small enough
MORE = 2  # degrees that a second solution has more
HIGHEST = 15  # degree in three coordinates
FEW = 30  # boxes: of so few all are halved where Newton's method fails
ROUNDS = 30
LEAST_TAIL = 1.5e-14  # below it coefficients are rounding
NEARLY = 100.0  # times the tolerance: more degrees may be enough
MOST_DEGREES = 28  # that are begun with by themselves
NEAR = 0.2  # beside the threshold: boxes so near it are halved with those above it


class Boxes:
    """Solve a problem on boxes that are placed by its solution.

    Args:
        equations: The problem's rows.
        dictionary: Makes functions of a degree.
        degree: The degree to begin with.
        tolerance: Relative error that is asked for.
        report: Called with a line after each solve.
        largest: Unknowns that are not exceeded.
    """

    def __init__(
        self,
        equations: ProblemRows,
        dictionary: Callable[[int], Dictionary],
        degree: int,
        tolerance: float,
        report: Callable[[str], None] | None = None,
        largest: int = 400_000,
    ) -> None:
        self.equations = equations
        self.make = dictionary
        self.degree = degree
        self.tolerance = tolerance
        self.report = report or (lambda line: None)
        self.largest = largest
        self.least = math.inf  # of all differences of two degrees
        self.references: dict[int, ReferenceCell] = {}
        problem = equations.problem
        self.lower, self.upper = (torch.tensor(v, dtype=torch.float64) for v in problem.domain)
        self.scales = torch.zeros(len(problem.fields), dtype=torch.float64)

    def reference(self, degree: int) -> ReferenceCell:
        """Tables for a degree."""
        if degree not in self.references:
            self.references[degree] = ReferenceCell(
                self.make(degree), full=self.equations.first_order
            )
        return self.references[degree]

    def solve(self) -> tuple[Dictionary, Slab]:
        """Solve to the tolerance.

        Raises:
            Unsolvable: If it would take too many boxes, or Newton's method fails.
        """
        axes = len(self.lower)
        corners = zip(*self.equations.problem.domain, places(self.equations), strict=True)
        edges = [edges_with(*corner, START[axes]) for corner in corners]
        cells = Cells.grid(edges, self.equations.periodic)
        theta = 10 * self.tolerance**HIGH
        before: tuple[Dictionary, Slab] | None = None
        for _ in range(ROUNDS):
            try:
                before = self.first(cells) if before is None else self.solved(cells, before)
            except Failed as failed:
                if len(cells) > FEW or self.equations.linear:
                    raise Unsolvable(self.why(failed)) from failed
                # A coarse least-squares problem may have no solution near that of the equation.
                cells = cells.split({k: range(axes) for k in range(len(cells))})
                continue
            share, high = self.share(cells), round(HIGH * self.degree)
            tails = solution_tails(
                self.reference(self.degree), before[1], self.scales, share, high
            )
            wide = wide_axes(tails, theta)
            if wide:
                self.report(f"{len(cells)} boxes: {len(wide)} too wide")
            else:
                before, difference = self.compared(cells, before, tails)
                if difference <= self.tolerance:
                    missed = overlooked(self.system, before[1], self.scales, share, self.tolerance)
                    if not missed:
                        self.refuse_misfit(cells)
                        before[1].estimate = before[1].error = difference
                        return before
                    self.report(f"{len(cells)} boxes: something between nodes of {len(missed)}")
                    cells = cells.split({k: range(axes) for k in missed})
                    continue
                largest = float(tails.max())
                if largest > LEAST_TAIL:
                    factor = (0.2 * self.tolerance / difference) ** 0.5
                    theta = min(theta * min(max(factor, 0.05), 0.7), 0.7 * largest)
                elif axes < 3 or len(cells) > 1:
                    raise Unsolvable(
                        f"rounding: solutions of two degrees differ by {self.least:.1e}, "
                        f"the tolerance is {self.tolerance:.1e}"
                    )
            wide = wide_axes(tails, generous(tails, theta))
            if axes == 3 and self.degree < HIGHEST and (len(cells) > 1 or not wide):
                self.degree = min(self.degree + MORE, HIGHEST)  # faces of more boxes cost more
            else:
                cells = cells.split(wide or {0: range(axes)})
        raise Unsolvable(f"{ROUNDS} rounds of halving boxes did not reach the tolerance")

    def compared(
        self, cells: Cells, before: tuple[Dictionary, Slab], tails: Tensor
    ) -> tuple[tuple[Dictionary, Slab], float]:
        """A solution with more functions on the same boxes, and how far the two are apart.

        Where all boxes are alike and the tolerance is near, two degrees more cost less than
        boxes of half the width; so on, as long as that helps.
        """
        near = wide_axes(tails, generous(tails, 0.7 * float(tails.max())))
        alike = 2 * len(near) > len(cells) > 1 and len(self.lower) < 3
        last = math.inf
        while True:
            finer = self.finer(cells, before)
            difference = self.difference(before, finer)
            self.least = min(self.least, difference)
            self.report(f"{len(cells)} boxes: difference {difference:.1e}")
            more = alike and self.tolerance < difference < NEARLY * self.tolerance
            if not more or difference > 0.1 * last or self.degree + MORE > MOST_DEGREES:
                return finer, difference
            self.degree += MORE
            before, last = finer, difference

    def first(self, cells: Cells) -> tuple[Dictionary, Slab]:
        """A solution on the first boxes, from 0 or, if that fails, from smooth fields."""
        reference = self.reference(self.degree)
        shape = len(cells), len(self.scales), reference.dictionary.size
        try:
            return self.solve_from(cells, reference, cells.lower.new_zeros(shape))
        except (Failed, Undetermined):
            if self.equations.linear:
                raise
            last: Failed | Undetermined | None = None
            for start in starts(self.equations, reference, cells):
                try:
                    return self.solve_from(cells, reference, start, FIRST_FACTORS)
                except (Failed, Undetermined) as error:
                    last = error
            if last is None:
                raise
            raise last from None

    def solved(
        self, cells: Cells, before: tuple[Dictionary, Slab], more: int = 0
    ) -> tuple[Dictionary, Slab]:
        """A solution on boxes, from one on other boxes."""
        reference, fields = self.reference(self.degree + more), len(self.scales)
        unit = reference.nodes("interior")
        points = cells.from_reference(unit).flatten(0, 1)
        zero = (0,) * len(self.lower)
        values = evaluate(*before, points, [(f, zero) for f in range(fields)])
        values = values.reshape(len(cells), -1, fields).movedim(2, 1)
        return self.solve_from(cells, reference, values @ reference.fit().T)

    def solve_from(
        self, cells: Cells, reference: ReferenceCell, start: Tensor, most: int = MAX_FACTORS
    ) -> tuple[Dictionary, Slab]:
        """A solution on boxes, from coefficients ``(K, f, r)``."""
        if start.numel() > self.largest:
            raise Unsolvable(
                f"it would take {start.numel():,} unknowns in {len(cells)} boxes, more than "
                f"{self.largest:,}: ask for a larger tolerance, unless the solution is singular"
            )
        self.system = System(
            self.equations,
            reference,
            cells,
            self.equations.conditions,
            units=positive(self.scales),
        )
        c = newton(self.system, start, self.scales, 0.02 * self.tolerance, most)
        part = Slab(cells, c)
        part.sizes = field_sizes(reference, part, self.share(cells))
        part.scales = self.scales = positive(part.sizes)
        self.misfits = misfits(self.system, c, self.scales) * self.share(cells).sqrt()
        return reference.dictionary, part

    def why(self, failed: Failed) -> str:
        """A failure of Newton's method in words."""
        if self.equations.linear:
            return (
                f"{self.equations.problem.law} is linear, and singular or nearly so, as at an "
                "eigenvalue: it has no solution that is the only one"
            )
        return f"Newton's method does not converge: {failed}"

    def refuse_misfit(self, cells: Cells) -> None:
        """Refuse a solution that conditions pull in different ways."""
        worst = float(self.misfits.max())
        if worst > 100 * self.tolerance:
            k = int(self.misfits.argmax())
            where = ", ".join(
                f"{name} = {float(a):.4g} to {float(b):.4g}"
                for name, a, b in zip(
                    self.equations.problem.coordinates, cells.lower[k], cells.upper[k], strict=True
                )
            )
            raise Unsolvable(
                f"the conditions are not met: they are off by {worst:.1e} of the solution at "
                f"{where}. Do two of them contradict each other there, or are there too many?"
            )

    def finer(self, cells: Cells, before: tuple[Dictionary, Slab]) -> tuple[Dictionary, Slab]:
        """A second solution on the same boxes, with more functions."""
        try:
            return self.solved(cells, before, MORE)
        except Failed as failed:
            raise Unsolvable(self.why(failed)) from failed

    def share(self, cells: Cells) -> Tensor:
        """The part of the domain that each box takes, ``(K,)``."""
        return shares(cells, self.upper - self.lower, range(len(self.lower)))

    def difference(self, a: tuple[Dictionary, Slab], b: tuple[Dictionary, Slab]) -> float:
        """How far two solutions on the same boxes are apart, beside the fields' sizes."""
        reference = self.references[b[0].degree]
        unit = reference.nodes("check")
        zero = (0,) * len(self.lower)
        tables = [pair[0].values(unit, zero) for pair in (a, b)]
        values = [pair[1].coefficients @ t.T for pair, t in zip((a, b), tables, strict=True)]
        means = (values[0] - values[1]).square().mean(2) * self.share(a[1].cells)[:, None]
        return float((means.sum(0).sqrt() / self.scales).max())


def generous(tails: Tensor, theta: float) -> float:
    """A threshold below ``theta`` at which a quarter of the boxes are too wide, if near it.

    A round that halves few boxes costs as much as one that halves many.
    """
    worst = tails.amax(1).sort(descending=True).values
    quarter = 0.999 * float(worst[math.ceil(len(worst) / 4) - 1])
    return min(theta, max(quarter, NEAR * theta))


def wide_axes(tails: Tensor, theta: float) -> dict[int, list[int]]:
    """The axes along which each box is too wide."""
    return {
        k: [a for a, tail in enumerate(tails[k].tolist()) if tail > theta]
        for k in (tails > theta).any(1).nonzero()[:, 0].tolist()
    }
