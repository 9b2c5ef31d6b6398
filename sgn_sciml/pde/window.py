r"""A problem within a window of time, one of several that are solved one after another.

The equation, what it imposes and its boundary conditions stay; the domain ends at the window. Of a
later window the initial condition is the solution at the end of the one before, and its first
derivative in time where the equation is of second order in it, which
:class:`~sgn_sciml.networks.Continued` builds into the network.

References:
    Krishnapriyan et al., *Characterizing possible failure modes in physics-informed neural
    networks* (2021), https://arxiv.org/abs/2109.01050: learning in sequences of time
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

import torch
from torch import Tensor

from sgn_sciml.jets import Derivatives, Equation
from sgn_sciml.pde.problem import Condition, Problem

__all__ = ["Window", "order_in_time"]


@dataclass(frozen=True)
class Window(Problem):
    """A problem from one time to another; time is its last coordinate.

    Args:
        problem: The whole problem.
        start: Where the window begins.
        end: Where it ends.

    Raises:
        ValueError: If the problem is steady, or the window is empty or leaves the domain.
    """

    problem: Problem
    start: float
    end: float

    def __post_init__(self) -> None:
        if not self.problem.evolving:
            raise ValueError(f"{self.problem.law} is steady: it has no windows of time")
        lower, upper = (corner[-1] for corner in self.problem.domain)
        if not lower <= self.start < self.end <= upper:
            raise ValueError(
                f"Window: need {lower} <= start < end <= {upper}, got {self.start}, {self.end}"
            )
        for name in ("law", "coordinates", "fields", "periodic", "geometry"):
            object.__setattr__(self, name, getattr(self.problem, name))

    @property
    def domain(self) -> tuple[tuple[float, ...], tuple[float, ...]]:
        lower, upper = self.problem.domain
        return (*lower[:-1], self.start), (*upper[:-1], self.end)

    @property
    def conditions(self) -> tuple[Condition, ...]:
        time, beginning = self.coordinates[-1], self.problem.domain[0][-1]
        return tuple(
            condition
            for condition in self.problem.conditions
            if self.start == beginning or condition.face.get(time) != beginning
        )

    @property
    def imposed(self) -> frozenset[str]:
        return self.problem.imposed & {condition.name for condition in self.conditions}

    def residual(self, d: Derivatives) -> Tensor | Mapping[str, Tensor]:
        return self.problem.residual(d)

    def impose(self, points: Tensor, raw: Tensor) -> Tensor:
        return self.problem.impose(points, raw)

    def exact(self, points: Tensor) -> Tensor:
        return self.problem.exact(points)

    @property
    def parameters(self) -> dict[str, Any]:
        return self.problem.parameters


class Watched:
    """Derivatives that remember which of them were asked for."""

    def __init__(self, derivatives: Any, names: set[str]) -> None:
        self._derivatives = derivatives
        self._names = names

    def __getattr__(self, name: str) -> Any:
        self._names.add(name)
        return getattr(self._derivatives, name)


def order_in_time(problem: Problem) -> int:
    """The highest derivative in time, the last coordinate, in the residual of a problem."""
    names: set[str] = set()
    fields = len(problem.fields)

    def some(x: Tensor) -> Tensor:
        return torch.sin(x.sum(-1, keepdim=True)).expand(*x.shape[:-1], fields)

    equation = Equation(
        some,
        lambda d: problem.residual(cast(Derivatives, Watched(d, names))),
        problem.coordinates,
        problem.fields,
        problem.law,
    )
    unit = torch.tensor([[0.3], [0.5], [0.7]]).expand(3, len(problem.coordinates))
    equation.nested(problem.box_points(unit))
    time = problem.coordinates[-1]
    return max((n.rpartition("_")[2].count(time) for n in names if "_" in n), default=0)
