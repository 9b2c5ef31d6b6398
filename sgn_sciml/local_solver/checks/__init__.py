"""Problems that cannot be solved as they are stated, each told with its reason beforehand.

:func:`rows_of` is the way in; :mod:`~sgn_sciml.local_solver.checks.statement` lists the checks.
"""

from sgn_sciml.local_solver.checks.statement import rows_of

__all__ = ["rows_of"]
