r"""Fields that meet conditions by construction.

.. math::
    u = g + \phi \cdot \mathrm{raw}

where g meets the conditions and :math:`\phi` vanishes where they lie, as often as they ask for.
g grows coordinate by coordinate, each step adding what the one before lacks on its faces, times
Hermite's polynomials along that coordinate:

.. math::
    g_k = g_{k-1} + \sum_c h_c(x_k)\,\left(D_c u - D_c g_{k-1}\right)|_c

the Boolean sum of Gordon and Hall. A correction that vanishes is left out, so that zero walls cost
a factor and nothing else. On parts of a geometry's boundary, which come first, g is the formula
that is given, or those of parts that do not touch, weighted by distances to the others.

References:
    Gordon and Hall, *Transfinite element methods* (1973)

    Sukumar and Srivastava, *Exact imposition of boundary conditions with distance functions in
    physics-informed deep neural networks* (2022)
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from sgn_sciml.pde.conditions.condition import Condition, FieldCondition

if TYPE_CHECKING:
    from sgn_sciml.pde.problem import Problem

__all__ = ["AlongAxis", "Entry", "FieldLift", "OnParts", "hermite"]

Columns = Callable[[int], Any]


@dataclass(frozen=True)
class Entry:
    """A condition on a face.

    Attributes:
        name: Its name.
        order: 0 for a value, 1 for a slope.
        at: The value of the coordinate.
        polynomial: Coefficients of its polynomial in the scaled coordinate, the lowest first.
        kept: Whether it has anything to add to the steps before.
    """

    name: str
    order: int
    at: float
    polynomial: tuple[float, ...]
    kept: bool = True


@dataclass(frozen=True)
class AlongAxis:
    """The conditions across one coordinate.

    Attributes:
        axis: The coordinate.
        low: Its lower end.
        length: Its length.
        entries: The conditions.
        nodes: Where they lie in [0, 1], and how many are there.
    """

    axis: int
    low: float
    length: float
    entries: tuple[Entry, ...]
    nodes: tuple[tuple[float, int], ...]

    def scaled(self, columns: Columns) -> Any:
        """The coordinate in [0, 1]."""
        x = columns(self.axis)
        x = x - self.low if self.low else x
        return x if self.length == 1 else x * (1 / self.length)

    def factor(self, s: Any) -> Any:
        """What vanishes at the nodes, of order 1 between them."""
        ends = dict(self.nodes)
        low, high = ends.pop(0.0, 0), ends.pop(1.0, 0)
        if low and low == high:
            parts = [(4 * s * (1 - s)) ** low]
        else:
            parts = ([s**low] if low else []) + ([(1 - s) ** high] if high else [])
        return product([*parts, *((s - node) ** count for node, count in ends.items())])


@dataclass(frozen=True)
class OnParts:
    """Values on parts of a geometry's boundary.

    Attributes:
        groups: Parts with one formula each, and the condition that has it.
    """

    groups: tuple[tuple[tuple[str, ...], str], ...]


@dataclass(frozen=True)
class FieldLift:
    """One field.

    Attributes:
        field: Its number.
        steps: What it meets, in the order in which it is built in.
    """

    field: int
    steps: tuple[AlongAxis | OnParts, ...]

    def field_of(
        self, problem: "Problem", held: Mapping[str, Condition], points: Any, raw: Any
    ) -> Any:
        """The field at points ``(..., d)`` from the network's output for it, ``(..., 1)``."""

        def columns(axis: int) -> Any:
            return points[..., axis : axis + 1]

        g = self.given(len(self.steps), problem, held, points, columns)
        free = self.factor(problem, points, columns) * raw
        return free if isinstance(g, float) and g == 0 else free + g

    def factor(self, problem: "Problem", points: Any, columns: Columns) -> Any:
        """What vanishes wherever a condition lies."""
        found = []
        for step in self.steps:
            if isinstance(step, AlongAxis):
                found.append(step.factor(step.scaled(columns)))
            else:
                assert problem.geometry is not None
                parts = [part for group, _ in step.groups for part in group]
                found.append(problem.geometry.approximate_distance(points, *parts))
        return product(found)

    def given(
        self,
        count: int,
        problem: "Problem",
        held: Mapping[str, Condition],
        points: Any,
        columns: Columns,
    ) -> Any:
        """What meets the conditions of the first steps."""
        if count == 0:
            return 0.0
        step = self.steps[count - 1]
        if isinstance(step, OnParts):
            return blended(step, problem, held, points, columns)
        found = self.given(count - 1, problem, held, points, columns)
        s = None
        for entry in step.entries:
            if not entry.kept:
                continue

            def there(axis: int, entry: Entry = entry) -> Any:
                if axis != step.axis:
                    return columns(axis)
                return torch.zeros_like(columns(axis)) + entry.at

            lack = value_of(problem, held[entry.name], there)
            if entry.order == 0:  # slopes are only built in where those before have none
                before = self.given(count - 1, problem, held, points, there)
                lack = lack if isinstance(before, float) and before == 0 else lack - before
            if len(entry.polynomial) > 1:
                s = step.scaled(columns) if s is None else s
                found = found + polynomial(entry.polynomial, s) * lack
            else:
                found = found + entry.polynomial[0] * lack
        return found


def value_of(problem: "Problem", condition: Condition, columns: Columns) -> Any:
    """What a condition gives, where columns of coordinates are known."""
    assert isinstance(condition, FieldCondition)
    assert condition.given is not None
    return condition.given.by(lambda name: columns(problem.coordinates.index(name)))


def blended(
    step: OnParts, problem: "Problem", held: Mapping[str, Condition], points: Any, columns: Columns
) -> Any:
    """What meets the values on all parts."""
    values = [value_of(problem, held[name], columns) for _, name in step.groups]
    if len(values) == 1:
        return values[0]
    region = problem.geometry
    assert region is not None
    far = [region.approximate_distance(points, *parts) for parts, _ in step.groups]
    weights = [product(far[:i] + far[i + 1 :]) for i in range(len(far))]
    top = [weight * value for weight, value in zip(weights, values, strict=True)]
    return sum(top[1:], top[0]) / sum(weights[1:], weights[0])


def product(factors: Sequence[Any]) -> Any:
    """The product of one or more things."""
    found = factors[0]
    for factor in factors[1:]:
        found = found * factor
    return found


def polynomial(coefficients: Sequence[float], s: Any) -> Any:
    """A polynomial of degree 1 or more by Horner's rule."""
    found: Any = coefficients[-1] * s if coefficients[-1] != 1 else s
    for c in reversed(coefficients[1:-1]):
        found = (found + c if c else found) * s
    return found + coefficients[0] if coefficients[0] else found


def hermite(nodes: Sequence[tuple[float, int]]) -> dict[tuple[float, int], tuple[float, ...]]:
    """Hermite's polynomials on [0, 1].

    Args:
        nodes: Each node with the number of derivatives that are given there, from the value on.

    Returns:
        Coefficients, the lowest first, by node and order: of the polynomial whose derivative of
        that order is 1 there, all others being 0.

    Example:
        >>> hermite([(0.0, 1), (1.0, 1)])
        {(0.0, 0): (1.0, -1.0), (1.0, 0): (0.0, 1.0)}
    """
    keys = [(node, order) for node, count in nodes for order in range(count)]
    n = len(keys)
    matrix = np.array(
        [
            [math.perm(j, order) * node ** (j - order) if j >= order else 0.0 for j in range(n)]
            for node, order in keys
        ]
    )
    found = np.linalg.inv(matrix).T
    found[np.abs(found) < 1e-13] = 0.0  # rounding would cost a term
    near = np.abs(found - found.round()) < 1e-12
    found[near] = found[near].round()
    result = {}
    for key, row in zip(keys, found, strict=True):
        last = max(j for j in range(n) if row[j])
        result[key] = tuple(float(c) + 0.0 for c in row[: last + 1])
    return result
