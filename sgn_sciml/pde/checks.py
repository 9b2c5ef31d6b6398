"""Faults of where a problem is posed: its domain and its geometry."""

from math import isfinite
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sgn_sciml.pde.problem import Problem

__all__ = ["check_domain", "check_geometry"]


def check_domain(problem: "Problem") -> None:
    """See that the domain is a box.

    Raises:
        ValueError: If its corners are not finite numbers, one per coordinate, the lower first.
    """
    lower, upper = problem.domain
    d = len(problem.coordinates)
    if len(lower) != d or len(upper) != d:
        raise ValueError(
            f"{problem.law}: corners of the domain have {len(lower)} and {len(upper)} numbers, "
            f"there are {d} coordinates: {', '.join(problem.coordinates)}"
        )
    for name, a, b in zip(problem.coordinates, lower, upper, strict=True):
        for value in (a, b):
            if isinstance(value, str) or not isfinite(value):
                raise ValueError(
                    f"{problem.law}: the domain goes from {name} = {a!r} to {b!r}: both must be "
                    "finite numbers"
                )
        if a > b:
            raise ValueError(
                f"{problem.law}: the domain goes from {name} = {a} to {b}: the lower corner "
                "comes first"
            )
        if a == b:
            raise ValueError(f"{problem.law}: the domain is empty, {name} goes from {a} to {b}")


def check_geometry(problem: "Problem") -> None:
    """See that a geometry fits the coordinates, and that each condition lies on a part of it.

    Raises:
        ValueError: If it does not.
    """
    region, law, space = problem.geometry, problem.law, problem.space
    if region is not None and region.dimension != len(space):
        raise ValueError(
            f"{law}: its geometry has {region.dimension} dimensions, its space {len(space)}: "
            f"{', '.join(space)}"
        )
    if region is not None and problem.periodic & set(space):
        raise ValueError(f"{law}: a coordinate of a geometry cannot be periodic")
    for condition in problem.conditions:
        what = f"{law}: the condition {condition.name!r}"
        if region is None and condition.on is not None:
            raise ValueError(f"{what} lies on {condition.parts[0]!r}, but there is no geometry")
        if region is None:
            continue
        if fixed := sorted(set(space) & set(condition.face)):
            raise ValueError(
                f"{what} fixes {fixed[0]!r}: with a geometry it lies on a part of its boundary, "
                f"on={region.parts[0]!r}"
            )
        if condition.on is None and not {*condition.face, *condition.integrated}:
            raise ValueError(f"{what} lies nowhere: say on which part, on={region.parts[0]!r}")
        try:
            region.named(*condition.parts)
        except ValueError as error:
            raise ValueError(f"{what}: {error}") from error
