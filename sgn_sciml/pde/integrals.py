r"""Conditions on integrals of a solution: what is conserved or normalised.

.. math::
    \int u(x, t)\, dx = m(t), \qquad \frac{1}{|\Omega|} \int u(x, t)\, dx = m(t)

They hold at every value of the coordinates that are left; where none is left they are one number.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from sgn_sciml.geometry import Region
from sgn_sciml.jets import IntegrationDomain
from sgn_sciml.pde.conditions.condition import Condition, unstated
from sgn_sciml.pde.problem import Problem
from sgn_sciml.pde.window import Window

__all__ = ["Average", "Integral", "integration_domain"]


@dataclass(frozen=True)
class Integral(Condition):
    """The integral of something over some coordinates has a value, at all values of the others.

    Quadrature is that of :meth:`sgn_sciml.jets.Derivatives.integral`.

    Attributes:
        name: Name in logs and tables.
        face: Coordinates that are fixed, for example ``{"t": 0.0}`` for the beginning only.
        over: One-letter names of the coordinates that are integrated over; in a geometry those of
            space, all together.
        of: A field or derivative by name, or a function of derivatives at the nodes.
        equals: The value, a number or a function of derivatives: ``lambda d: torch.exp(-d.t)``.
        nodes: Nodes per coordinate and panel, 16 if None; in a geometry their number.
        panels: Equal parts of each coordinate, each with nodes of its own.

    Raises:
        TypeError: If it goes over no coordinate, or is given a residual or a part of a boundary.

    Example:
        >>> Integral("mass", over="x", equals=1.0).over
        'x'
    """

    over: str | tuple[str, ...] = ""
    of: str | Callable[[Any], Any] = "u"
    equals: float | Callable[[Any], Any] = 0.0
    nodes: int | None = None
    panels: int = 1

    def __post_init__(self) -> None:
        what = f"{type(self).__name__} {self.name!r}"
        if not self.over:
            raise TypeError(f"{what} needs the coordinates it goes over, over='x'")
        if self.residual is not unstated or self.on is not None:
            raise TypeError(f"{what} takes of and equals, no residual and no part of a boundary")
        object.__setattr__(self, "residual", self._misfit)

    @property
    def integrated(self) -> tuple[str, ...]:
        return tuple(self.over)

    def _misfit(self, d: Any) -> Any:
        value = self.equals(d) if callable(self.equals) else self.equals
        return self._integral(d, self.of) - value

    def _integral(self, d: Any, of: str | Callable[[Any], Any]) -> Any:
        return d.integral(of, over=self.over, nodes=self.nodes, panels=self.panels)


@dataclass(frozen=True)
class Average(Integral):
    """The mean of something over some coordinates has a value; see :class:`Integral`.

    A pressure that is known up to a constant: ``Average("level", over="xy", of="p")``.
    """

    def _integral(self, d: Any, of: str | Callable[[Any], Any]) -> Any:
        return super()._integral(d, of) / super()._integral(d, lambda s: 1.0)


def integration_domain(problem: Problem) -> IntegrationDomain:
    """Where the integrals of a problem go without limits: its box, or inside its geometry."""
    lower, upper = problem.domain
    limits = {n: (a, b) for n, a, b in zip(problem.coordinates, lower, upper, strict=True)}
    refused = {}
    if isinstance(problem, Window):
        refused[problem.coordinates[-1]] = (
            "the solution before this window of time is that of another network; solve the "
            "whole time at once"
        )
    region = problem.geometry
    if region is None:
        return IntegrationDomain(limits, refused=refused)
    return IntegrationDomain(limits, problem.space, _filling(region), region.measure, refused)


def _filling(region: Region) -> Callable[[int], Sequence[tuple[float, ...]]]:
    """Sobol points inside a region by their number."""
    known: dict[int, list[tuple[float, ...]]] = {}

    def draw(count: int, dimension: int) -> Tensor:
        made = torch.quasirandom.SobolEngine
        engine = made(dimension, scramble=True, seed=0)  # type: ignore[no-untyped-call]
        found: Tensor = engine.draw(count, dtype=torch.float64)
        return found

    def fill(count: int) -> Sequence[tuple[float, ...]]:
        if count not in known:
            known[count] = [tuple(p) for p in region.fill(count, draw).tolist()]
        return known[count]

    return fill
