"""Boxes: intervals, rectangles and cuboids."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from math import inf, prod

import torch
from torch import Tensor

from sgn_sciml.geometry.joins import all_of, between
from sgn_sciml.geometry.names import labels
from sgn_sciml.geometry.pieces import BoundaryPiece
from sgn_sciml.geometry.region import WHOLE, Corners, Region

__all__ = ["Box"]

SIDES = (("left", "right"), ("bottom", "top"), ("back", "front"))


@dataclass(frozen=True)
class Box(Region):
    """A box along the axes. Its sides are left and right, bottom and top, back and front.

    Args:
        lower: Lower corner, one to three numbers.
        upper: Upper corner.
        name: Name of the whole boundary, and before a dot that of each side, as ``plate.left``;
            without one, sides are ``left`` and so on.

    Raises:
        ValueError: If a corner is not finite, or the lower one not below the upper one.
    """

    lower: tuple[float, ...]
    upper: tuple[float, ...]
    name: str | None = None

    def __post_init__(self) -> None:
        for corner in ("lower", "upper"):
            object.__setattr__(self, corner, tuple(map(float, getattr(self, corner))))
        good = len(self.lower) == len(self.upper) and 1 <= len(self.lower) <= 3
        if not good or not all(
            -inf < a < b < inf for a, b in zip(self.lower, self.upper, strict=True)
        ):
            raise ValueError(
                f"Box: needs one to three numbers lower < upper, got {self.lower}, {self.upper}"
            )

    @property
    def bounds(self) -> Corners:
        return self.lower, self.upper

    @property
    def lengths(self) -> tuple[float, ...]:
        """Lengths of the sides."""
        return tuple(b - a for a, b in zip(self.lower, self.upper, strict=True))

    @property
    def measure(self) -> float:
        """Length, area or volume."""
        return prod(self.lengths)

    @property
    def pieces(self) -> tuple[BoundaryPiece, ...]:
        return tuple(
            BoundaryPiece(
                labels(self.name, side),
                prod(self.lengths) / self.lengths[axis],
                partial(self._place, axis, upper),
            )
            for axis in range(self.dimension)
            for upper, side in enumerate(SIDES[axis])
        )

    def _place(self, axis: int, upper: int, unit: Tensor) -> tuple[Tensor, Tensor]:
        """Points of the unit cube on a side."""
        ends = self.upper if upper else self.lower
        free = [i for i in range(self.dimension) if i != axis]
        points = unit.new_full((len(unit), self.dimension), ends[axis])
        for column, i in enumerate(free):
            points[:, i] = self.lower[i] + self.lengths[i] * unit[:, column]
        normals = torch.zeros_like(points)
        normals[:, axis] = 1.0 if upper else -1.0
        return points, normals

    def signed_distance(self, points: Tensor) -> Tensor:
        lower, upper = points.new_tensor(self.lower), points.new_tensor(self.upper)
        beyond = (points - (lower + upper) / 2).abs() - (upper - lower) / 2
        outside: Tensor = beyond.clamp_min(0).norm(dim=-1)
        return outside + beyond.amax(-1).clamp_max(0)

    def approximate_distance(self, points: Tensor, *parts: str) -> Tensor:
        self.named(*parts)
        found = []
        for axis, names in enumerate(SIDES[: self.dimension]):
            x, a, b = points[..., axis : axis + 1], self.lower[axis], self.upper[axis]
            low, high = (self._asked(side, parts) for side in names)
            if low and high:
                found.append(between(x, a, b))
            elif low or high:
                found.append(x - a if low else b - x)
        return all_of(found)

    def _asked(self, side: str, parts: Sequence[str]) -> bool:
        """Whether a side is among some parts."""
        return not parts or WHOLE in parts or not labels(self.name, side).isdisjoint(parts)
