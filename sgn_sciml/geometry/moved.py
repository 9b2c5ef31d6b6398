"""Regions that are moved and turned."""

import math
from dataclasses import dataclass, replace
from functools import cached_property, partial
from itertools import product

import torch
from torch import Tensor

from sgn_sciml.geometry.pieces import BoundaryPiece
from sgn_sciml.geometry.region import SLACK, Corners, Region

__all__ = ["Moved"]


@dataclass(frozen=True)
class Moved(Region):
    """A region that is turned about the origin and then moved.

    Args:
        region: The region.
        shift: By how much it moves, a number per coordinate; not at all if empty.
        degrees: By how much it turns, anticlockwise.
        axis: What it turns about in space.

    Raises:
        ValueError: If the shift has another number of coordinates, the region has one dimension
            and turns, or the axis has no direction.
    """

    region: Region
    shift: tuple[float, ...] = ()
    degrees: float = 0.0
    axis: tuple[float, ...] = (0.0, 0.0, 1.0)

    def __post_init__(self) -> None:
        d = self.region.dimension
        for name in ("shift", "axis"):
            object.__setattr__(self, name, tuple(map(float, getattr(self, name))))
        if len(self.shift) not in (0, d):
            raise ValueError(f"Moved: a shift in {d} dimensions needs {d} numbers: {self.shift}")
        if d == 1 and self.degrees:
            raise ValueError("Moved: an interval does not turn")
        if len(self.axis) != 3 or not math.hypot(*self.axis) > 0:
            raise ValueError(f"Moved: an axis is a vector of three numbers, got {self.axis}")

    @cached_property
    def matrix(self) -> Tensor:
        """The rotation, shape ``(d, d)``, by Rodrigues' formula."""
        x, y, z = (v / math.hypot(*self.axis) for v in self.axis)
        cross = torch.tensor([[0, -z, y], [z, 0, -x], [-y, x, 0]], dtype=torch.float64)
        if self.region.dimension < 3:
            cross = torch.tensor([[0, -1, 0], [1, 0, 0], [0, 0, 0]], dtype=torch.float64)
        sine, cosine = math.sin(math.radians(self.degrees)), math.cos(math.radians(self.degrees))
        whole = torch.eye(3, dtype=torch.float64) + sine * cross + (1 - cosine) * cross @ cross
        return whole[: self.region.dimension, : self.region.dimension]

    @property
    def vector(self) -> Tensor:
        """The shift, shape ``(d,)``."""
        return torch.tensor(self.shift or (0.0,) * self.region.dimension, dtype=torch.float64)

    @property
    def bounds(self) -> Corners:
        corners = product(*zip(*self.region.bounds, strict=True))
        there = torch.tensor(list(corners), dtype=torch.float64) @ self.matrix.T + self.vector
        return tuple(there.amin(0).tolist()), tuple(there.amax(0).tolist())

    @property
    def measure(self) -> float:
        """Area or volume."""
        return self.region.measure

    @property
    def pieces(self) -> tuple[BoundaryPiece, ...]:
        return tuple(
            replace(
                piece,
                place=partial(self._place, piece),
                visible=(partial(self._sees, piece),) if piece.visible else (),
            )
            for piece in self.region.pieces
        )

    def _place(self, piece: BoundaryPiece, unit: Tensor) -> tuple[Tensor, Tensor]:
        points, normals = piece.place(unit)
        return points @ self.matrix.T + self.vector, normals @ self.matrix.T

    def _sees(self, piece: BoundaryPiece, points: Tensor, normals: Tensor) -> Tensor:
        return piece.sees((points - self.vector) @ self.matrix, normals @ self.matrix)

    def _back(self, points: Tensor) -> Tensor:
        return (points - self.vector.to(points)) @ self.matrix.to(points)

    def signed_distance(self, points: Tensor) -> Tensor:
        return self.region.signed_distance(self._back(points))

    def within(self, points: Tensor) -> Tensor:
        return self.region.within(self._back(points))

    def touches(self, points: Tensor, slack: float) -> Tensor:
        return self.region.touches(self._back(points), slack)

    def contains(self, points: Tensor, slack: float = SLACK) -> Tensor:
        return self.region.contains(self._back(points), slack)

    def approximate_distance(self, points: Tensor, *parts: str) -> Tensor:
        d, turn, shift = self.region.dimension, self.matrix.tolist(), self.vector.tolist()
        columns = [points[..., i : i + 1] - shift[i] for i in range(d)]
        back = [sum(turn[i][j] * columns[i] for i in range(d)) for j in range(d)]
        return self.region.approximate_distance(torch.cat(back, -1), *parts)
