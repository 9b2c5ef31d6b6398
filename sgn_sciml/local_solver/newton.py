"""Newton's method with a matrix that is kept for as long as it serves."""

import torch
from torch import Tensor

from sgn_sciml.local_solver.faults import where_not_finite
from sgn_sciml.local_solver.linearization import Unsolvable
from sgn_sciml.local_solver.local_solution import positive
from sgn_sciml.local_solver.system import System

__all__ = ["Failed", "Undetermined", "newton"]

MAX_FACTORS, MAX_STEPS = 6, 40
FIRST_FACTORS = 15  # where nothing is known of the solution
MEMORY = 6e9  # bytes


class Undetermined(Unsolvable):
    """The rows leave unknowns open."""


class Failed(Exception):
    """Newton's method did not converge; the message says how."""


def newton(
    system: System,
    start: Tensor,
    scales: Tensor,
    tolerance: float,
    most: int = MAX_FACTORS,
) -> Tensor:
    """Solve the rows of a system in the sense of least squares.

    An increment is measured at the nodes of the equation, each field beside its scale or, where
    none is known, beside its size after the first step. Rounding that keeps increments from
    shrinking further ends the iteration: the residual judges.

    Args:
        system: The system.
        start: Coefficients to begin with, ``(K, f, r)``.
        scales: Size of each field, ``(f,)``; 0 where it is not known.
        tolerance: Increment that ends the iteration.
        most: Matrices that are factored at most.

    Returns:
        Coefficients, ``(K, f, r)``.

    Raises:
        Unsolvable: If it would take too much memory.
        Failed: If it diverges or takes too many matrices.
    """
    if system.memory > MEMORY:
        raise Unsolvable(
            f"{len(system.cells)} cells would take {system.memory / 1e9:.1f} GB, more than "
            f"{MEMORY / 1e9:.0f}: ask for a larger tolerance"
        )
    c = start.clone()
    z = c.new_zeros(sum(system.elimination.sizes))
    factors = steps = 0
    last = torch.inf
    least, stagnant = torch.inf, 0
    fresh = True
    while steps < MAX_STEPS:
        if fresh:
            if factors == most:
                raise Failed(f"it took more than {most} matrices")
            matrices = system.matrices(c)
            if not all(bool(m.sum().isfinite()) for m in matrices):
                raise Failed(f"the equation's slopes are not finite{where_not_finite(system, c)}")
            system.elimination.decompose(matrices)
            del matrices
            if factors == 0 and (missing := system.elimination.undetermined()):
                raise Undetermined(
                    f"{missing} unknowns are not determined: {system.equations.missing()}"
                )
            factors += 1
            fresh = False
        found, traces = system.elimination.solve(system.right_sides(c, z))
        delta = system.gathered(found)
        steps += 1
        c, z = c + delta, z + traces
        if steps == 1:
            scales = positive(torch.where(scales > 0, scales, sizes(system, c)))
        size = float((sizes(system, delta) / scales).max())
        if not size < 1e6:
            if size == size:
                raise Failed("it diverges")
            raise Failed(f"it meets NaN{where_not_finite(system, c)}")
        if size < tolerance:
            return c
        if size > 0.5 * least and size < 1e-7:
            stagnant += 1
            if stagnant >= 2:
                return c
        least = min(least, size)
        fresh = size > last / 4 and size > 1e-9
        last = torch.inf if fresh else size
    raise Failed(f"it took more than {MAX_STEPS} steps")


def sizes(system: System, c: Tensor) -> Tensor:
    """Root mean square of each field at the nodes of the equation, ``(f,)``."""
    table = system.reference.table("interior", (0,) * system.axes)
    return (c @ table.T).square().mean((0, 2)).sqrt()
