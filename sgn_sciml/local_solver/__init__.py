"""Local least squares: a problem solved to many digits without training.

:func:`solve` places cells by itself, in slabs of time or over the whole domain. Start with
:mod:`~sgn_sciml.local_solver.system`, the rows of a cell.
"""

from sgn_sciml.local_solver.dictionary import Dictionary, GatedMixtures, Polynomials, Sines, Tanhs
from sgn_sciml.local_solver.linearization import Unsolvable
from sgn_sciml.local_solver.local_solution import LocalSolution
from sgn_sciml.local_solver.reference import LocalLeastSquares
from sgn_sciml.local_solver.solver import solve

__all__ = [
    "Dictionary",
    "GatedMixtures",
    "LocalLeastSquares",
    "LocalSolution",
    "Polynomials",
    "Sines",
    "Tanhs",
    "Unsolvable",
    "solve",
]
