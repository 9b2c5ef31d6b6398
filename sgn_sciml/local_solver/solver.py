"""Solve a problem by local least squares, to a tolerance."""

from collections.abc import Callable
from typing import Any, Protocol

from sgn_sciml.local_solver.boxes import Boxes
from sgn_sciml.local_solver.checks import rows_of
from sgn_sciml.local_solver.dictionary import Dictionary, Polynomials
from sgn_sciml.local_solver.linearization import Unsolvable
from sgn_sciml.local_solver.local_solution import LocalSolution, Slab
from sgn_sciml.local_solver.march import March
from sgn_sciml.local_solver.problem_rows import ProblemRows
from sgn_sciml.local_solver.reference_cell import ReferenceCell
from sgn_sciml.local_solver.state import State
from sgn_sciml.pde import Problem

__all__ = ["SolveProgress", "solve"]

ATTEMPTS = 4
DEGREE = (4, 40)
GROWN = 100.0  # times the tolerance: an error at which it is no use to go on to the end
HIGH_ORDER = 18  # the least degree for derivatives of order 4 and more
BEYOND = 3.0  # times the tolerance: an estimate of the error that is let pass
FINEST = 1e-13  # the least tolerance: rounding is 1e-15 to 1e-14 of the solution
# Degrees of the polynomials by tolerance, in one and two coordinates and in three.
DEGREES = ((1e-5, 13), (1e-6, 15), (1e-8, 18), (1e-10, 20), (1e-12, 22), (0.0, 24))


class SolveProgress(Protocol):
    """Told what happens, in order."""

    def slab(self, state: State, event: str) -> None:
        """A slab was solved; ``event`` says whether it was accepted, or why not."""

    def accepted(self, state: State, part: Slab, error: Slab) -> None:
        """A slab was accepted."""

    def again(self, estimate: float) -> None:
        """Slabs are solved once more from the beginning, since errors grew to ``estimate``."""

    def boxes(self, line: str) -> None:
        """Boxes were solved."""


class Silent:
    """Says nothing."""

    def slab(self, state: State, event: str) -> None:
        pass

    def accepted(self, state: State, part: Slab, error: Slab) -> None:
        pass

    def again(self, estimate: float) -> None:
        pass

    def boxes(self, line: str) -> None:
        pass


def solve(
    problem: Problem,
    tolerance: float = 1e-8,
    dictionary: Callable[[int, int], Dictionary] = Polynomials,
    degree: int | None = None,
    progress: SolveProgress | None = None,
    begun: tuple[list[Slab], State, Slab] | None = None,
) -> LocalSolution:
    """Solve a problem by local least squares.

    Nothing is trained: functions of cells are fixed, and their coefficients solve a least-squares
    problem. Problems of first order in time are solved in slabs of time, all others on the whole
    domain.

    Args:
        problem: The problem, of one to three coordinates.
        tolerance: Relative error that is asked for, in the root mean square over space.
        dictionary: Makes functions of the cells from a degree and a number of coordinates.
        degree: Total degree of the polynomials, or of as many other functions; chosen by the
            tolerance if None.
        progress: Told what happens.
        begun: Slabs that were solved before, with the state and the error after them.

    Returns:
        The solution; call it with points.

    Raises:
        Unsolvable: If the problem or its conditions cannot be solved this way, or the tolerance
            is below what rounding leaves; the message says why.
        ValueError: If the domain is not a box, or a condition does not lie in it.

    Example:
        >>> import torch
        >>> from sgn_sciml.pde import Helmholtz
        >>> solution = solve(Helmholtz(), tolerance=1e-8)
        >>> point = torch.tensor([[0.5, 0.125]])
        >>> abs(float(solution(point) - Helmholtz().exact(point))) < 1e-8
        True
    """
    check_arguments(problem, tolerance, degree)
    axes = len(problem.coordinates)
    equations = rows_of(problem, tolerance)
    progress = progress or Silent()
    if not in_slabs(equations):
        chosen = degree or default_degree(tolerance, axes)
        boxes = Boxes(equations, lambda d: dictionary(d, axes), chosen, tolerance, progress.boxes)
        found, part = boxes.solve()
        return LocalSolution(problem, found, [part])

    def marching(sharper: float) -> March:
        of = degree or degree_in_slabs(equations, sharper * tolerance)
        reference = ReferenceCell(dictionary(of, axes), full=equations.first_order)
        return March(equations, reference, tolerance, progress.slab)

    state, last, parts = None, None, []
    march = marching(1.0 if begun is None else begun[1].sharper)
    if begun is not None:
        parts, state, march.error = list(begun[0]), begun[1], begun[2]
        last = parts[-1]
    for _ in range(ATTEMPTS):
        solution = LocalSolution(problem, march.reference.dictionary, parts)
        state = march.begin() if state is None else state
        for now, part in march.slabs(state, last, GROWN * tolerance):
            parts.append(part)
            assert march.error is not None
            progress.accepted(now, part, march.error)
        # Unstable flows multiply the errors of early slabs, by how much shows at the end only.
        sharper = state.sharper * 0.3 * tolerance / max(solution.estimate, 1e-300)
        reached = float(parts[-1].cells.upper[0, -1])
        if solution.estimate <= tolerance or sharper * tolerance < 1e-2 * FINEST:
            break
        progress.again(solution.estimate)
        march = marching(sharper)
        state, last, parts = march.begin(sharper), None, []
    if solution.estimate > BEYOND * tolerance or reached < march.last:
        raise Unsolvable(why_not_reached(equations, solution, tolerance))
    return solution


def check_arguments(problem: Any, tolerance: Any, degree: Any) -> None:
    """See that :func:`solve` is given what it takes.

    Raises:
        Unsolvable: If not.
    """
    if not isinstance(problem, Problem):
        meant = f"the class {problem.__name__}" if isinstance(problem, type) else repr(problem)
        hint = f": write {problem.__name__}()" if isinstance(problem, type) else ""
        raise Unsolvable(f"solve takes a problem, got {meant}{hint}")
    if isinstance(tolerance, bool) or not isinstance(tolerance, (int, float)):
        raise Unsolvable(f"the tolerance must be a number, got {tolerance!r}")
    if not tolerance > 0 or tolerance >= 1:
        raise Unsolvable(f"the tolerance must lie between 0 and 1, got {tolerance}")
    if tolerance < FINEST:
        raise Unsolvable(f"the tolerance {tolerance:g} is below the floor of rounding, {FINEST:g}")
    if degree is None:
        return
    low, high = DEGREE
    if isinstance(degree, bool) or not isinstance(degree, int) or not low <= degree <= high:
        raise Unsolvable(f"the degree must be a whole number from {low} to {high}, got {degree!r}")


def why_not_reached(equations: ProblemRows, solution: LocalSolution, tolerance: float) -> str:
    """Why the estimate of a solution in slabs is larger than what was asked for."""
    added = sum(part.estimate for part in solution.parts)
    end = float(solution.parts[-1].cells.upper[0, -1])
    name = equations.problem.coordinates[-1]
    text = (
        f"the error is estimated at {solution.estimate:.1e} at {name} = {end:.4g}, asked for "
        f"was {tolerance:.1e}: slabs add {added:.1e} in all, and the equation makes errors grow. "
    )
    return text + (equations.suspects() or "Ask for a larger tolerance or an earlier end.")


def degree_in_slabs(equations: ProblemRows, tolerance: float) -> int:
    """The degree for a tolerance of slabs."""
    axes = len(equations.problem.coordinates)
    fields = range(len(equations.problem.fields))
    orders = [equations.order(f, axis) for f in fields for axis in range(axes - 1)]
    chosen = default_degree(max(tolerance, FINEST), axes)
    # Few wide strips for fourth derivatives: narrow ones lose digits, (2/h)^4.
    return max(chosen, HIGH_ORDER) if max(orders, default=0) >= 4 else chosen


def default_degree(tolerance: float, axes: int) -> int:
    """The degree for a tolerance."""
    found = next(d for least, d in DEGREES if tolerance >= least)
    return found if axes < 3 else round(0.65 * found)


def in_slabs(equations: ProblemRows) -> bool:
    """Whether a problem is marched: of first order in time, or ordinary with initial values.

    All its conditions along time must lie at the beginning.
    """
    problem = equations.problem
    if not problem.evolving and len(problem.coordinates) > 1:
        return False
    axis = len(problem.coordinates) - 1
    start = problem.domain[0][axis]
    late = any(face.get(axis, start) != start for _, face in equations.conditions)
    orders = [equations.order(f, axis) for f in range(len(problem.fields))]
    return not late and max(orders) > 0 and (axis == 0 or max(orders) == 1)
