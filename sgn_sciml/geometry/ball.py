"""Disks and balls."""

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from sgn_sciml.geometry.names import labels
from sgn_sciml.geometry.pieces import BoundaryPiece
from sgn_sciml.geometry.region import Corners, Region

__all__ = ["Ball", "Disk"]


@dataclass(frozen=True)
class Round(Region):
    """What lies within a distance of a point: the base of disk and ball.

    Args:
        center: The point.
        radius: The distance.
        name: Name of the boundary.

    Raises:
        ValueError: If the radius is not positive or the center has another number of coordinates.
    """

    center: tuple[float, ...]
    radius: float
    name: str | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "center", tuple(map(float, self.center)))
        kind, d = type(self).__name__, self._coordinates()
        if len(self.center) != d or not all(map(math.isfinite, self.center)):
            raise ValueError(f"{kind}: the center needs {d} numbers, got {self.center}")
        if not 0 < self.radius < math.inf:
            raise ValueError(f"{kind}: the radius must be positive, got {self.radius}")

    def _coordinates(self) -> int:
        return 2 if isinstance(self, Disk) else 3

    @property
    def bounds(self) -> Corners:
        r = self.radius
        return tuple(c - r for c in self.center), tuple(c + r for c in self.center)

    def signed_distance(self, points: Tensor) -> Tensor:
        away: Tensor = (points - points.new_tensor(self.center)).norm(dim=-1)
        return away - self.radius

    def approximate_distance(self, points: Tensor, *parts: str) -> Tensor:
        self.named(*parts)
        columns = ((points[..., i : i + 1] - c) ** 2 for i, c in enumerate(self.center))
        square = sum(columns, start=0 * points[..., :1])
        return (self.radius**2 - square) / (2 * self.radius)

    def _at(self, normals: Tensor) -> tuple[Tensor, Tensor]:
        return normals.new_tensor(self.center) + self.radius * normals, normals


@dataclass(frozen=True)
class Disk(Round):
    """A disk; its boundary is the part ``disk``, or has its name.

    Args:
        center: Its centre, two numbers.
        radius: Its radius.
        name: Name of the boundary.

    Raises:
        ValueError: If the radius is not positive, or the centre has not two numbers.

    Example:
        >>> Disk((0, 0), 2).signed_distance(torch.tensor([[3.0, 0.0], [0.0, 0.0]]))
        tensor([ 1., -2.])
    """

    @property
    def measure(self) -> float:
        """Area."""
        return math.pi * self.radius**2

    @property
    def pieces(self) -> tuple[BoundaryPiece, ...]:
        length = 2 * math.pi * self.radius
        return (BoundaryPiece(labels(self.name, self.name or "disk"), length, self._place),)

    def _place(self, unit: Tensor) -> tuple[Tensor, Tensor]:
        angle = 2 * math.pi * unit[:, 0]
        return self._at(torch.stack([angle.cos(), angle.sin()], -1))


@dataclass(frozen=True)
class Ball(Round):
    """A ball; its boundary is the part ``ball``, or has its name.

    Args:
        center: Its centre, three numbers.
        radius: Its radius.
        name: Name of the boundary.

    Raises:
        ValueError: If the radius is not positive, or the centre has not three numbers.
    """

    @property
    def measure(self) -> float:
        """Volume."""
        return 4 / 3 * math.pi * self.radius**3

    @property
    def pieces(self) -> tuple[BoundaryPiece, ...]:
        area = 4 * math.pi * self.radius**2
        return (BoundaryPiece(labels(self.name, self.name or "ball"), area, self._place),)

    def _place(self, unit: Tensor) -> tuple[Tensor, Tensor]:
        height, angle = 1 - 2 * unit[:, 0], 2 * math.pi * unit[:, 1]  # Archimedes: equal areas
        ring = (1 - height**2).clamp_min(0).sqrt()
        return self._at(torch.stack([ring * angle.cos(), ring * angle.sin(), height], -1))
