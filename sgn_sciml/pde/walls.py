"""The four walls of a rectangle, at which a field vanishes."""

from sgn_sciml.pde.problem import Condition

__all__ = ["WALLS", "zero_walls"]

WALLS = ("left", "right", "bottom", "top")


def zero_walls(lower: float, upper: float, field: str = "u") -> tuple[Condition, ...]:
    """Conditions u = 0 at the walls of a square from ``lower`` to ``upper`` in x and y."""
    places = ({"x": lower}, {"x": upper}, {"y": lower}, {"y": upper})
    return tuple(
        Condition(name, face, lambda d: getattr(d, field))
        for name, face in zip(WALLS, places, strict=True)
    )
