r"""Solid shapes in the box [-1, 1]^3, each given by a function that is negative inside.

========  ==========================================================================
shape     its function
========  ==========================================================================
Sphere    the exact signed distance
Torus     the exact signed distance
Bracket   the exact distance inside, a bound outside
Gyroid    a bound
========  ==========================================================================

A bound has the right sign and is never further from zero than the distance, and no function
changes faster than its argument moves.
"""

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass

import torch
from torch import Tensor

__all__ = ["Bracket", "Gyroid", "Shape", "Sphere", "Torus"]


def length(vectors: Tensor) -> Tensor:
    """Euclidean length of vectors, ``(..., 3) -> (...)``."""
    lengths: Tensor = torch.linalg.vector_norm(vectors, dim=-1)
    return lengths


class Shape(ABC):
    """A solid."""

    @abstractmethod
    def distance(self, points: Tensor) -> Tensor:
        """Signed distance to the surface, negative inside, or a bound of it.

        Args:
            points: Shape ``(..., 3)``: x, y, z.

        Returns:
            Shape ``(...)``.
        """

    def occupancy(self, points: Tensor) -> Tensor:
        """Whether points lie inside, ``(..., 3) -> (...)``; the surface does."""
        return self.distance(points) <= 0


@dataclass(frozen=True)
class Sphere(Shape):
    """A ball around the origin; its function is the exact distance.

    Args:
        radius: Radius.

    Raises:
        ValueError: If the radius is not positive.
    """

    radius: float = 0.6

    def __post_init__(self) -> None:
        if not self.radius > 0:
            raise ValueError(f"the radius of a sphere must be positive, got {self.radius}")

    def distance(self, points: Tensor) -> Tensor:
        return length(points) - self.radius


@dataclass(frozen=True)
class Torus(Shape):
    """A ring around the z axis; its function is the exact distance.

    Args:
        major: Radius of the circle in the middle of the ring.
        minor: Radius of the ring itself.

    Raises:
        ValueError: Unless ``0 < minor < major``.
    """

    major: float = 0.6
    minor: float = 0.25

    def __post_init__(self) -> None:
        if not 0 < self.minor < self.major:
            raise ValueError(f"a torus needs 0 < minor < major, got {self.minor}, {self.major}")

    def distance(self, points: Tensor) -> Tensor:
        x, y, z = points.unbind(-1)
        return torch.hypot(torch.hypot(x, y) - self.major, z) - self.minor


@dataclass(frozen=True)
class Gyroid(Shape):
    r"""A wall along the level surface of a gyroid; its function is a bound.

    .. math::
        f = \frac{|\sin kx \cos ky + \sin ky \cos kz + \sin kz \cos kx|}{\sqrt 3\, k}
            - \frac{\text{thickness}}{2}

    The gradient of the sum is at most :math:`\sqrt 3\, k` and, on its level surface, at least
    :math:`\sqrt 2\, k`: a thin wall is up to a fifth thicker than ``thickness``.

    Args:
        periods: Periods along each axis of the box.
        thickness: Least thickness of the wall.

    Raises:
        ValueError: If a number is not positive.

    References:
        Schoen, *Infinite periodic minimal surfaces without self-intersections* (1970)
    """

    periods: float = 2.0
    thickness: float = 0.1

    def __post_init__(self) -> None:
        if not (self.periods > 0 and self.thickness > 0):
            raise ValueError(
                "periods and thickness of a gyroid must be positive, got "
                f"{self.periods}, {self.thickness}"
            )

    def distance(self, points: Tensor) -> Tensor:
        k = math.pi * self.periods  # the box is 2 wide
        sx, sy, sz = torch.sin(k * points).unbind(-1)
        cx, cy, cz = torch.cos(k * points).unbind(-1)
        level = sx * cy + sy * cz + sz * cx
        return level.abs() / (math.sqrt(3) * k) - self.thickness / 2


@dataclass(frozen=True)
class Bracket(Shape):
    """A turned box with a ball taken out of its middle: flat faces, sharp edges, a hole.

    Its function is the exact distance inside and a bound outside.

    Args:
        half: Half the box's lengths along its own axes.
        radius: Radius of the ball; a hole, if it is larger than the least of ``half``.
        angle: By how many degrees the box is turned about the diagonal (1, 1, 1).

    Raises:
        ValueError: If a length is not positive.
    """

    half: tuple[float, float, float] = (0.75, 0.5, 0.25)
    radius: float = 0.4
    angle: float = 25.0

    def __post_init__(self) -> None:
        if not all(each > 0 for each in (*self.half, self.radius)):
            raise ValueError(
                f"the lengths of a bracket must be positive, got {self.half}, {self.radius}"
            )

    def distance(self, points: Tensor) -> Tensor:
        # Turned back; a turn about the diagonal mixes the coordinates cyclically.
        turn = [math.radians(self.angle + shift) for shift in (0, -120, 120)]
        weight = [(1 + 2 * math.cos(t)) / 3 for t in turn]
        turned = torch.stack([w * points.roll(-k, -1) for k, w in enumerate(weight)]).sum(0)
        beyond = turned.abs() - torch.tensor(self.half).to(points)
        box = length(beyond.clamp(min=0)) + beyond.amax(-1).clamp(max=0)
        return torch.maximum(box, self.radius - length(points))
