"""Prisms and cylinders: plane regions that go on along z."""

import math
from dataclasses import dataclass
from functools import partial

import torch
from torch import Tensor

from sgn_sciml.geometry.ball import Disk
from sgn_sciml.geometry.joins import all_of, between
from sgn_sciml.geometry.names import labels
from sgn_sciml.geometry.pieces import BoundaryPiece
from sgn_sciml.geometry.region import SLACK, WHOLE, Corners, Region

__all__ = ["Cylinder", "Extruded"]


@dataclass(frozen=True)
class Extruded(Region):
    """A plane region from one height to another.

    Its sides are called as the parts of the plane region, its ends ``floor`` and ``lid``.

    Args:
        base: The plane region.
        low: Lower end in z.
        high: Upper end.
        name: Name before the dot of its ends, as ``pipe.lid``.

    Raises:
        ValueError: If the base has not two dimensions, or the ends are not in order.
    """

    base: Region
    low: float
    high: float
    name: str | None = None

    def __post_init__(self) -> None:
        if self.base.dimension != 2:
            raise ValueError(f"Extruded: the base has {self.base.dimension} dimensions, not two")
        if not -math.inf < self.low < self.high < math.inf:
            raise ValueError(f"Extruded: needs low < high, got {self.low}, {self.high}")
        if shared := self.base.labels & self._ends():
            raise ValueError(f"Extruded: a side is called {sorted(shared)[0]!r}, as an end is")

    def _ends(self) -> frozenset[str]:
        return labels(self.name, "floor") | labels(self.name, "lid")

    @property
    def bounds(self) -> Corners:
        (a, b), (c, d) = self.base.bounds
        return (a, b, self.low), (c, d, self.high)

    @property
    def measure(self) -> float:
        """Volume."""
        return self.base.measure * (self.high - self.low)

    @property
    def pieces(self) -> tuple[BoundaryPiece, ...]:
        found = []
        for side in self.base.pieces:
            visible = (partial(self._sees, side),) if side.visible else ()
            area = side.measure * (self.high - self.low)
            found.append(BoundaryPiece(side.labels, area, partial(self._side, side), visible))
        (a, b), (c, d) = self.base.bounds
        for end, z, sign in (("floor", self.low, -1.0), ("lid", self.high, 1.0)):
            place = partial(self._end, z, sign)
            names = labels(self.name, end)
            found.append(BoundaryPiece(names, (c - a) * (d - b), place, (self._over_base,)))
        return tuple(found)

    def _side(self, side: BoundaryPiece, unit: Tensor) -> tuple[Tensor, Tensor]:
        points, normals = side.place(unit[:, :1])
        z = self.low + (self.high - self.low) * unit[:, 1:2]
        return torch.cat([points, z], 1), torch.cat([normals, torch.zeros_like(z)], 1)

    def _sees(self, side: BoundaryPiece, points: Tensor, normals: Tensor) -> Tensor:
        return side.sees(points[:, :2], normals[:, :2])

    def _end(self, z: float, sign: float, unit: Tensor) -> tuple[Tensor, Tensor]:
        """Points of the bounding box of an end, of which those of the base are seen."""
        lower, upper = (torch.tensor(c, dtype=torch.float64) for c in self.base.bounds)
        points = unit.new_full((len(unit), 3), z)
        points[:, :2] = lower + (upper - lower) * unit[:, :2]
        normals = torch.zeros_like(points)
        normals[:, 2] = sign
        return points, normals

    def _over_base(self, points: Tensor, normals: Tensor) -> Tensor:
        return self.base.signed_distance(points[:, :2]) <= 0

    def signed_distance(self, points: Tensor) -> Tensor:
        middle, half = (self.low + self.high) / 2, (self.high - self.low) / 2
        beyond = torch.stack(
            [self.base.signed_distance(points[:, :2]), (points[:, 2] - middle).abs() - half], -1
        )
        outside: Tensor = beyond.clamp_min(0).norm(dim=-1)
        return outside + beyond.amax(-1).clamp_max(0)

    def contains(self, points: Tensor, slack: float = SLACK) -> Tensor:
        here = self.base.contains(points[:, :2], slack * self.size / self.base.size)
        return here & super().contains(points, slack)

    def approximate_distance(self, points: Tensor, *parts: str) -> Tensor:
        self.named(*parts)
        whole = not parts or WHOLE in parts
        sides = tuple(part for part in parts if part in self.base.labels)
        found, z = [], points[..., 2:3]
        if whole or sides:
            found.append(self.base.approximate_distance(points, *(() if whole else sides)))
        low, high = (
            whole or not labels(self.name, end).isdisjoint(parts) for end in ("floor", "lid")
        )
        if low and high:
            found.append(between(z, self.low, self.high))
        elif low or high:
            found.append(z - self.low if low else self.high - z)
        return all_of(found)


def Cylinder(
    center: tuple[float, float], radius: float, low: float, high: float, name: str | None = None
) -> Extruded:
    """A cylinder along z; its side is the part ``disk``."""
    return Extruded(Disk(center, radius), low, high, name)
