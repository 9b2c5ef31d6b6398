"""The description that a data module gives a PINN: its settings and the reference solution."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from torch import Tensor

from sgn_sciml.layouts import GridFields
from sgn_sciml.runs.description import DataDescription

__all__ = ["SolutionData", "origin"]


@dataclass(frozen=True)
class SolutionData(DataDescription):
    """Points of a problem, and its solution on a grid.

    Attributes:
        reference: The solution, for evaluation; None without one.
        path: File of the solution.
        settings: What else a card should say, plain values.
        training: Draws a training batch with all observations, ``(N, d)`` by term; None if there
            are none.
    """

    reference: GridFields | None = None
    path: str | None = None
    settings: Mapping[str, Any] = field(default_factory=dict)
    training: Callable[[], Mapping[str, Tensor]] | None = None

    @property
    def kind(self) -> str:
        """``solution``."""
        return "solution"

    @property
    def points(self) -> Mapping[str, int]:
        """Points of the reference grid along each coordinate; empty without one."""
        if self.reference is None:
            return {}
        return {name: len(values) for name, values in self.reference.coordinates.items()}

    def about(self) -> dict[str, Any]:
        """What a card says: the settings, the grid, the file."""
        found = dict(self.settings)
        if self.reference is not None:
            found["grid"] = dict(self.points)
            found["files"] = [] if self.path is None else [{"path": self.path}]
            found |= origin(self.reference)
        return found


def origin(reference: GridFields) -> dict[str, Any]:
    """What a card says of where a reference comes from, as far as its file says it."""
    found: dict[str, Any] = {}
    if reference.method:
        found["reference_solved_by"] = reference.method
    if reference.accuracy is not None:
        found["reference_estimated_error"] = float(reference.accuracy)
    return found
