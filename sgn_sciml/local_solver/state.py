"""The state that a march through time carries from slab to slab, and what judges it."""

from dataclasses import dataclass

from torch import Tensor

from sgn_sciml.local_solver.cells import Cells
from sgn_sciml.local_solver.local_solution import Slab
from sgn_sciml.local_solver.system import System

__all__ = ["Attempt", "State"]


@dataclass
class State:
    """What the next slab depends on, besides the last one.

    Attributes:
        time: Where it begins.
        length: Its length.
        theta: The largest part above the middle degree.
        cells: Strips of the last slab, or those to begin with.
        scales: Size of each field, the largest so far; 0 of one that has been 0.
        error: Estimate of the error so far, beside the scales.
        sharper: What slabs are allowed, over what they would be if no error grew.
        solved: Slabs that were solved.
        rejected: Those of them that were not accepted.
        slow: Accepted slabs in a row of which there would be too many to the end.
    """

    time: float
    length: float
    theta: float
    cells: Cells
    scales: Tensor
    error: float = 0.0
    sharper: float = 1.0
    solved: int = 0
    rejected: int = 0
    slow: int = 0


@dataclass
class Attempt:
    """A slab that was solved, and what judges it."""

    system: System
    part: Slab
    scales: Tensor  # sizes of the fields
    by_cell: Tensor  # estimates of the strips
    tails: Tensor  # their coefficients above the middle degree, (K, d)
    pattern: Tensor  # the error at the equation's nodes, (K, f, n)
