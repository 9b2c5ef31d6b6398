r"""A problem of first order in time, slab by slab, in strips that follow the solution.

Each slab is solved by least squares for all its strips at once. The part of a strip's Chebyshev
coefficients above the middle degree says whether it is too wide (along space) or the slab too long
(along time); the estimate of its error only accepts or rejects. One threshold theta for both
follows from how far the estimates of accepted slabs are from what is allowed. The highest degrees
would not do: they hold the noise of the fit.
"""

import math
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial

import torch
from torch import Tensor

from sgn_sciml.local_solver.cells import Cells
from sgn_sciml.local_solver.cuts import places
from sgn_sciml.local_solver.estimate import (
    carried_error,
    largest_size,
    overlooked,
    slab_errors,
    state_at,
)
from sgn_sciml.local_solver.initial import initial_fields, refuse_disagreement
from sgn_sciml.local_solver.linearization import Unsolvable
from sgn_sciml.local_solver.local_solution import Slab, positive
from sgn_sciml.local_solver.measures import field_sizes, solution_tails
from sgn_sciml.local_solver.newton import Failed, newton
from sgn_sciml.local_solver.placement import Placement
from sgn_sciml.local_solver.problem_rows import ProblemRows
from sgn_sciml.local_solver.reference_cell import ReferenceCell
from sgn_sciml.local_solver.state import Attempt, State
from sgn_sciml.local_solver.system import System

__all__ = ["March"]

SHARE, LEAST_SHARE = 0.2, 0.02  # of the tolerance that is left, of all of it: for one slab
SAFETY = 3.0  # the estimate of the error, over what the residual and its propagation say
TOLERATED = 30.0  # times what a slab is allowed, where nothing brings its estimate further down
MANY = 20_000  # slabs to the end
SHORTEST = 1e-6  # slab, of the whole interval of time
SHORTEST_EARLY = 1e-12  # while a kink of the initial values is smoothed


class March:
    """Solve a problem slab by slab.

    Args:
        equations: The problem's rows.
        reference: Tables on the reference cell.
        tolerance: Error that is asked for, beside the solution's size.
        report: Called with the state and what happened after each solve.
    """

    def __init__(
        self,
        equations: ProblemRows,
        reference: ReferenceCell,
        tolerance: float,
        report: Callable[[State, str], None] | None = None,
    ) -> None:
        self.equations = equations
        self.reference = reference
        self.tolerance = tolerance
        self.report = report or (lambda state, event: None)
        problem = equations.problem
        self.axis = len(problem.coordinates) - 1
        self.start, self.end = (corner[-1] for corner in problem.domain)
        inside = places(equations)
        self.place = Placement(reference, problem.domain, equations.periodic, inside)
        self.ends = [*inside[-1], self.end]  # of time, and where a source or coefficient jumps
        self.last = self.end - 1e-12 * (self.end - self.start)
        self.walls = [c for c in equations.conditions if self.axis not in c[1]]
        self.error: Slab | None = None  # of all slabs so far, at the end of the last

    def slabs(
        self, state: State | None = None, last: Slab | None = None, largest: float = math.inf
    ) -> Iterator[tuple[State, Slab]]:
        """Solve to the end, or until the error is too large, and yield accepted slabs.

        Raises:
            Unsolvable: If slabs become too short or their estimates stay too large.
        """
        state = self.begin() if state is None else state
        while state.time < self.last and state.error <= largest:
            state, last = self.advance(state, last)
            yield state, last

    def begin(self, sharper: float = 1.0) -> State:
        """Strips and a length of slab to begin with; errors of earlier slabs are forgotten."""
        self.error = None
        equations, cells = self.equations, self.place.equal()
        refuse_disagreement(equations, self.tolerance)
        theta = 0.02 * math.sqrt(sharper * self.tolerance)
        if self.axis > 1:  # cells of three axes are dear: few to begin with, as tails decay
            theta = (sharper * self.tolerance) ** 0.45
        scales = torch.zeros(len(equations.problem.fields), dtype=torch.float64)
        if initial_fields(equations, cells.lower) is not None:
            cells, scales = self.place.halved(cells, theta, scales, self._initial, look=True)
        length = (self.end - self.start) / 10
        return State(self.start, length, theta, cells, scales, sharper=sharper)

    def _initial(self, points: Tensor) -> Tensor:
        found = initial_fields(self.equations, points)
        assert found is not None
        return found

    # -- one slab ------------------------------------------------------------------------------

    def advance(self, state: State, last: Slab | None) -> tuple[State, Slab]:
        """Solve the next slab.

        Raises:
            Unsolvable: If no length of slab and no strips bring its estimate down.
        """
        cells = state.cells if last is None else self.refitted(state, last)
        length, theta = state.length, state.theta
        left = max(SHARE * (self.tolerance - state.error), LEAST_SHARE * self.tolerance)
        allowed = state.sharper * left / SAFETY
        best: Attempt | None = None
        since = 0  # solves that were not much better than the best one
        reason = ""
        while True:
            length = self.shortened(state.time, length, reason)
            strips = self.place.over(cells, state.time, length)
            state = replace(state, solved=state.solved + 1)
            try:
                attempt = self.solved(self.system(strips, last, state.scales), last, state)
            except Failed as failed:
                state = replace(state, rejected=state.rejected + 1)
                reason = f"Newton's method failed: {failed}. "
                self.report(state, reason)
                length /= 2
                continue
            estimate = attempt.part.estimate
            best = best or attempt
            since = 0 if attempt is best or estimate < 0.7 * best.part.estimate else since + 1
            if estimate < best.part.estimate:
                best = attempt
            missed = []
            if estimate <= allowed:
                share = self.place.share(strips)
                missed = overlooked(attempt.system, attempt.part, attempt.scales, share, allowed)
                if not missed:
                    break
            state = replace(state, rejected=state.rejected + 1)
            if missed:
                self.report(state, f"something between nodes of {len(missed)} strips")
                cells = strips.split({k: self.place.space for k in missed})
                length, best, since = length / 2, None, 0
                continue
            self.report(state, f"error of a slab {estimate:.0e} for {allowed:.0e}")
            if since >= 3 and best.part.estimate < TOLERATED * allowed:
                attempt = best
                break
            if since >= 8:
                raise Unsolvable(
                    f"at t = {state.time:.6g} neither shorter slabs nor narrower strips bring the "
                    f"error of a slab below {best.part.estimate:.1e}, it should be {allowed:.1e}: "
                    "ask for a larger tolerance, unless the solution is not smooth there"
                )
            cells, length, theta = self.refined(attempt, length, theta, allowed)
            if since >= 2:
                length *= 0.2
        return self.accepted(state, attempt, theta, allowed), attempt.part

    def shortened(self, time: float, length: float, reason: str = "") -> float:
        """A length of slab that ends within the interval or where a source jumps, or well before.

        Raises:
            Unsolvable: If it is too short.
        """
        whole = self.end - self.start
        if length < whole * (SHORTEST if time - self.start > 1e-3 * whole else SHORTEST_EARLY):
            raise Unsolvable(
                f"slabs of time become too short at t = {time:.6g}. {reason}Is the solution "
                "smooth there, or does it end?"
            )
        left = next(end for end in self.ends if end - time > 1e-12 * whole) - time
        if 1.05 * length > left:
            return left
        return left / 2 if 2 * length > left else length

    def accepted(self, state: State, attempt: Attempt, theta: float, allowed: float) -> State:
        """What the next slab depends on."""
        part, share = attempt.part, self.place.share(attempt.part.cells)
        self.error = carried_error(attempt.system, self.error, attempt.pattern)
        carried = largest_size(self.reference, self.error, attempt.scales, share)
        part.error = SAFETY * max(carried, part.estimate)
        factor = (0.3 * allowed / max(part.estimate, 1e-300)) ** 0.25
        theta *= min(max(factor, 0.7), 1.4)
        in_time = max(float(attempt.tails[:, self.axis].max()), 1e-300)
        grow = min(max((theta / in_time) ** (1 / self.reference.middle), 0.4), 2.0)
        state = replace(
            state,
            time=float(part.cells.upper[0, self.axis]),
            length=float(part.cells.widths[0, self.axis]) * grow,
            theta=theta,
            cells=part.cells,
            scales=torch.maximum(state.scales, part.sizes),
            error=max(state.error, part.error),
        )
        many = self.end - state.time > MANY * state.length and grow < 1.5
        state.slow = state.slow + 1 if many else 0
        if state.slow > 8:
            raise Unsolvable(
                f"at t = {state.time:.6g} slabs of time are {state.length:.1e} long and do not "
                f"grow, there would be more than {MANY:,} of them: do conditions contradict each "
                "other or the equation there, or does the solution end?"
            )
        self.report(state, "accepted")
        return state

    def refined(
        self, attempt: Attempt, length: float, theta: float, allowed: float
    ) -> tuple[Cells, float, float]:
        """Strips and a length of slab after a rejection; never the same again."""
        strips, tails = attempt.part.cells, attempt.tails
        bad = attempt.by_cell > 0.3 * allowed / math.sqrt(len(strips))
        space = self.place.space
        while True:
            wide = bad & (tails[:, space] > theta).any(1)
            in_time = float(tails[bad, self.axis].max()) if bool(bad.any()) else 0.0
            if bool(wide.any()) or in_time > theta:
                break
            largest = float(tails[bad].max()) if bool(bad.any()) else 0.0
            if not largest > 1e-14:
                return strips, length / 2, theta
            theta = 0.7 * largest
        if in_time > theta:
            factor = 0.95 * (theta / in_time) ** (1 / self.reference.middle)
            length *= min(max(factor, 0.3), 0.95)
        halved = {
            k: [a for a in space if tails[k, a] > theta] for k in wide.nonzero()[:, 0].tolist()
        }
        return strips.split(halved), length, theta

    def refitted(self, state: State, last: Slab) -> Cells:
        """Strips for the next slab: as wide as the state at its beginning allows."""

        def values(points: Tensor) -> Tensor:
            at = points.clone()
            at[:, self.axis] = state.time
            return state_at(self.reference, last, at)

        scales = positive(state.scales)
        joined = self.place.joined(state.cells, state.theta, scales, values)
        return self.place.halved(joined, state.theta, scales, values)[0]

    def system(self, strips: Cells, last: Slab | None, scales: Tensor) -> System:
        """The rows of a slab."""
        rows = self.equations, self.reference, strips
        if last is None:
            held = self.equations.conditions
            return System(*rows, held, self.axis, units=positive(scales))
        carry = partial(state_at, self.reference, last)
        return System(*rows, self.walls, self.axis, carry, positive(scales))

    def solved(self, system: System, last: Slab | None, state: State) -> Attempt:
        """Solve a slab."""
        share = self.place.share(system.cells)

        def sizes_of(part: Slab) -> Tensor:
            return field_sizes(self.reference, part, share)

        start = Slab(system.cells, self.predicted(system, last))
        small = 0.02 * state.sharper * self.tolerance
        known = torch.maximum(state.scales, sizes_of(start))
        part = Slab(system.cells, newton(system, start.coefficients, known, small))
        part.sizes = sizes_of(part)
        part.scales = scales = positive(torch.maximum(state.scales, part.sizes))
        errors, pattern = slab_errors(system, part, scales)
        by_cell = errors * share.sqrt()
        part.estimate = float(by_cell.square().sum().sqrt())
        tails = solution_tails(self.reference, part, scales, share, self.reference.middle)
        return Attempt(system, part, scales, by_cell, tails, pattern)

    def predicted(self, system: System, last: Slab | None) -> Tensor:
        """Coefficients to begin with, ``(K, f, r)``: the last state and its velocity."""
        cells, fields = system.cells, len(self.equations.problem.fields)
        points = system.points(range(len(cells)), "interior")
        if last is None:
            values = initial_fields(self.equations, points)
            if values is None:
                values = points.new_zeros(len(points), fields)
        else:
            at = points.clone()
            at[:, self.axis] = cells.lower[0, self.axis]
            velocity = state_at(self.reference, last, at, 1)
            since = points[:, self.axis] - cells.lower[0, self.axis]
            values = state_at(self.reference, last, at) + since[:, None] * velocity
        values = values.reshape(len(cells), -1, fields).movedim(2, 1)
        return values @ self.reference.fit().T
