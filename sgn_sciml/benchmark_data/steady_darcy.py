"""Solve PDEBench's Darcy flow for its steady state, from the coefficients in a file.

PDEBench's target is not a solution of Darcy's equation but a transient, stopped at t = 1.75, from
a random start that is not stored. What remains of the start does not depend on the input, so it
cannot be learned; for beta <= 1 that is a large part.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, ClassVar, Self

import numpy as np

from sgn_sciml.laws import Law
from sgn_sciml.laws.darcy import solve_darcy
from sgn_sciml.laws.law import Array, relative_difference
from sgn_sciml.layouts import Source, open_source

__all__ = ["ResolvedDarcy", "steady"]


def steady(source: Source, a: Array, f: float) -> Array:
    """Steady solution for one coefficient of a file, on the file's own grid.

    Args:
        source: The file; its coordinates tell nodes on the boundary from centres of cells.
        a: Coefficient, shape ``(n, n)``.
        f: Source term.
    """
    x = source.coordinates.get("x")
    cells = x is not None and bool(x[0] > 0)
    # Cells have zero values one cell beyond the edge, with the coefficient of the edge, as in
    # PDEBench's scheme, which this is the steady state of.
    return (
        solve_darcy(np.pad(a, 1, "edge"), f, 1 / len(a))[1:-1, 1:-1]
        if cells
        else solve_darcy(a, f)
    )


@dataclass(frozen=True)
class ResolvedDarcy(Law):
    """The steady state for every coefficient of a PDEBench file.

    Args:
        path: The file.
        refine: Parts that each cell is divided into, per axis.

    Raises:
        ValueError: If it is not a PDEBench Darcy file.
    """

    name = "darcy-resolved"
    about = "steady Darcy flow for the coefficients of a PDEBench file"
    axes: ClassVar = {"a": ("x", "y"), "u": ("x", "y")}
    block = 16
    checked = 2

    path: str
    refine: int = 1

    @cached_property
    def source(self) -> Source:
        """The file."""
        source = open_source(self.path)
        if not {"nu", "tensor"} <= set(source.fields) or "beta" not in source.parameters:
            raise ValueError(
                f"{self.path} is not a PDEBench Darcy file: it needs nu, tensor and the attribute "
                f"beta, and has {', '.join(source.fields)}"
            )
        return source

    def coordinates(self) -> dict[str, Array]:
        return {name: self.source.coordinates[name] for name in ("x", "y")}

    def samples(self, seed: int, numbers: Sequence[int]) -> dict[str, Array]:
        last = self.source.num_samples - 1
        a = self.source.read("nu", [min(k, last) for k in numbers]).astype(float)
        return {"a": a, "u": np.stack([self._solve(sample) for sample in a])}

    def _solve(self, a: Array) -> Array:
        beta, r, n = float(self.source.parameters["beta"]), self.refine, len(a)
        u = steady(self.source, a.repeat(r, 0).repeat(r, 1), beta)
        return u.reshape(n, r, n, r).mean((1, 3))

    def other_solver(self) -> Self:
        return replace(self, refine=2 * self.refine)

    def parameters(self) -> dict[str, Any]:
        return {
            "source": self.source.path.name,
            "beta": float(self.source.parameters["beta"]),
            "refine": self.refine,
        }

    def distance(self, samples: int) -> float:
        """Largest relative L2 distance of the published target from the steady state."""
        numbers = list(range(min(samples, self.source.num_samples)))
        published = self.source.read("tensor", numbers).astype(float)
        return relative_difference(published, self.samples(0, numbers)["u"])
