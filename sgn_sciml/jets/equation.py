"""An equation of a network: what vanishes, and how it is evaluated at points."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

from sgn_sciml.jets.derivatives import Derivatives
from sgn_sciml.jets.plan import Plan
from sgn_sciml.jets.program import Program
from sgn_sciml.jets.record import record

__all__ = ["Equation"]


class Equation:
    """A residual of a network's fields.

    Args:
        function: Maps points ``(N, d)`` to fields ``(N, f)``, each row on its own.
        residual: Maps derivatives by name to what should vanish: one thing ``(N,)``, or several
            by name.
        coordinates: One-letter names of the d coordinates.
        fields: Names of the f fields.
        name: Name in messages.
    """

    def __init__(
        self,
        function: Callable[[Any], Any],
        residual: Callable[[Any], Any],
        coordinates: Sequence[str],
        fields: Sequence[str],
        name: str = "the equation",
    ) -> None:
        self.function = function
        self.residual = residual
        self.coordinates = tuple(coordinates)
        self.fields = tuple(fields)
        self.name = name
        self._plan: Plan | None = None

    def program(self, points: Tensor) -> Program:
        """The operations on jets that evaluate it, with the network's weights of this moment.

        Raises:
            NotImplementedError: If jets have no rule for something in it.
            ValueError: If the network has another number of outputs, or the residual is no number
                per point.
        """
        parts = (self.function, self.residual, points, self.coordinates, self.fields)
        try:
            recorded = record(*parts, self._plan)
        except KeyError:  # the residual's constants have changed, and its streams with them
            recorded = record(*parts)
        self._plan = recorded.plan
        return recorded

    def nested(self, points: Tensor) -> Tensor:
        """Residuals by nested reverse differentiation, ``(N, d) -> (E, N)``.

        Raises:
            ValueError: As :meth:`program`.
        """
        with torch.enable_grad():
            d = Derivatives(self.function, points, self.coordinates, self.fields)
            found = self.residual(d)
        rows = list(found.values()) if isinstance(found, Mapping) else [found]
        for row in rows:
            if row.shape != points.shape[:1]:
                raise ValueError(
                    f"the residual of {self.name} has shape {tuple(row.shape)}, expected "
                    f"{tuple(points.shape[:1])}, one number per point (a broadcast went wrong)"
                )
        return torch.stack(rows)
