"""The four walls of a rectangle, at which a field vanishes."""

from sgn_sciml.pde.problem import Condition

__all__ = ["WALLS", "zero_walls"]

WALLS = ("left", "right", "bottom", "top")


def zero_walls(lower: float, upper: float) -> tuple[Condition, ...]:
    """Conditions u = 0 at the walls of a square from ``lower`` to ``upper`` in x and y."""
    places = ({"x": lower}, {"x": upper}, {"y": lower}, {"y": upper})
    return tuple(
        Condition(name, face, lambda d: d.u) for name, face in zip(WALLS, places, strict=True)
    )
