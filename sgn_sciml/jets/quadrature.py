r"""Integrals in a residual, by quadrature whose nodes belong to each point.

.. math::
    \int_{a(x)}^{b(x)} f(x, s)\, ds \approx (b - a) \sum_q w_q\, f(x,\, a + (b - a)\, t_q)

with Gauss-Legendre nodes t and weights w of [0, 1], some in each of several panels. The nodes are
computed from the limits like anything else in a residual, so that gradients and Jacobians are
those of the sum: through the fields at the nodes and, where a limit trains, through their places.
Over a geometry the nodes are Sobol points inside, the same each time.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from operator import attrgetter
from typing import Any

import numpy as np

__all__ = ["NODES", "Integrand", "IntegrationDomain", "Limit", "integrate"]

NODES = 16  # per coordinate: errors below 1e-9 for two waves, see the tests
FILL = 1024  # in a geometry

Integrand = str | Callable[[Any], Any]
Limit = Any
"""A number or a tensor of numbers per point; of several coordinates, a mapping by name."""
NodePlace = Mapping[str, Any]
"""Coordinates of a node, numbers or one per point, by name."""


@dataclass(frozen=True)
class IntegrationDomain:
    """Where integrals go without limits of their own.

    Attributes:
        limits: Lower and upper end by coordinate.
        space: The coordinates of a geometry, which are integrated together; none in a box.
        fill: Maps a number of points to points inside the geometry, one tuple each.
        measure: Area or volume of the geometry.
        refused: Why there is no integral over a coordinate, by name.
    """

    limits: Mapping[str, tuple[float, float]]
    space: tuple[str, ...] = ()
    fill: Callable[[int], Sequence[tuple[float, ...]]] | None = None
    measure: float = 1.0
    refused: Mapping[str, str] = field(default_factory=dict)


def integrate(
    evaluate: Callable[[Sequence[NodePlace]], Sequence[Any]],
    coordinates: Sequence[str],
    domain: IntegrationDomain | None,
    integrand: Integrand,
    over: str | Sequence[str],
    lower: Limit = None,
    upper: Limit = None,
    nodes: int | None = None,
    panels: int = 1,
) -> Any:
    """An integral at N points.

    Args:
        evaluate: Maps the places of nodes to what answers to names there.
        coordinates: One-letter names of the coordinates.
        domain: Where integrals go without limits; None if that is not known.
        integrand: Name of a field or derivative, or a function of what answers to names at a node.
        over: One coordinate or several; the others stay as they are at each point.
        lower: Lower limit; the lower end of the domain if None.
        upper: Upper limit.
        nodes: Nodes per coordinate and panel, 16 if None; in a geometry their number, 1024 if
            None.
        panels: Equal parts of each coordinate, each with nodes of its own.

    Returns:
        Numbers, ``(N,)``.

    Raises:
        ValueError: If it goes over no coordinate, a limit is not known, there are no nodes, or it
            goes over a part of a geometry's coordinates.
    """
    names = tuple(over)
    if not names or len(set(names)) < len(names) or set(names) - set(coordinates):
        raise ValueError(
            f"an integral over {over!r}: the coordinates are {', '.join(coordinates)}"
        )
    if (nodes is not None and nodes < 1) or panels < 1:
        raise ValueError(f"an integral needs nodes >= 1 and panels >= 1, got {nodes}, {panels}")
    for name in names:
        if domain is not None and name in domain.refused:
            raise ValueError(f"no integral over {name}: {domain.refused[name]}")
    value = attrgetter(integrand) if isinstance(integrand, str) else integrand
    if domain is not None and set(names) & set(domain.space):
        places, weights = _filling(domain, names, lower, upper, nodes)
        lengths = []
    else:
        ends = [_ends(name, names, domain, lower, upper) for name in names]
        lengths = [b - a for a, b in ends]
        unit, weights = _rule(len(names), nodes or NODES, panels)
        places = [
            {
                name: a + length * t
                for name, (a, _), length, t in zip(names, ends, lengths, at, strict=True)
            }
            for at in unit
        ]
    parts = [
        weight * _numbers(value(at)) for weight, at in zip(weights, evaluate(places), strict=True)
    ]
    total = sum(parts[1:], parts[0])
    for length in lengths:
        total = length * total
    return total


def _numbers(value: Any) -> Any:
    """A combination of derivatives as numbers: those at other nodes are called the same."""
    return value.resolve() if hasattr(type(value), "resolve") else value


def _ends(
    name: str, names: Sequence[str], domain: IntegrationDomain | None, lower: Limit, upper: Limit
) -> tuple[Any, Any]:
    """The limits along a coordinate."""
    found = []
    for which, limit in enumerate((lower, upper)):
        if isinstance(limit, Mapping):
            if unknown := set(limit) - set(names):
                raise ValueError(
                    f"a limit for {min(unknown)!r}: the integral goes over {', '.join(names)}"
                )
            limit = limit.get(name)
        elif limit is not None and len(names) > 1:
            raise ValueError(
                f"an integral over {', '.join(names)} takes its limits by name: "
                f"upper={{{names[0]!r}: ...}}"
            )
        if limit is None:
            if domain is None or name not in domain.limits:
                raise ValueError(f"an integral over {name} needs its limits, lower and upper")
            limit = domain.limits[name][which]
        found.append(_numbers(limit))
    return found[0], found[1]


@lru_cache(maxsize=64)
def _rule(dimension: int, nodes: int, panels: int) -> tuple[list[list[float]], list[float]]:
    """Gauss-Legendre nodes of the unit cube, and their weights."""
    t, w = np.polynomial.legendre.leggauss(nodes)
    axis = (((t + 1) / 2 + np.arange(panels)[:, None]) / panels).ravel()
    places = np.stack(np.meshgrid(*[axis] * dimension, indexing="ij"), -1)
    each = np.meshgrid(*[np.tile(w / (2 * panels), panels)] * dimension, indexing="ij")
    return places.reshape(-1, dimension).tolist(), np.prod(each, axis=0).ravel().tolist()


def _filling(
    domain: IntegrationDomain, names: Sequence[str], lower: Limit, upper: Limit, nodes: int | None
) -> tuple[list[dict[str, float]], list[float]]:
    """Points of a geometry, and their equal weights."""
    assert domain.fill is not None
    if set(names) != set(domain.space) or lower is not None or upper is not None:
        raise ValueError(
            "in a geometry an integral goes over all of its space and has no limits: "
            f"over={''.join(domain.space)!r}"
        )
    points = domain.fill(nodes or FILL)
    weight = domain.measure / len(points)
    return [dict(zip(domain.space, p, strict=True)) for p in points], [weight] * len(points)
