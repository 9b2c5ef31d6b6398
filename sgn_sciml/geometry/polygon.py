"""Polygons. Shapely says whether they are any, what is inside, and what convex parts there are."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from itertools import pairwise
from math import isfinite
from typing import Any

import torch
from torch import Tensor

from sgn_sciml.geometry.joins import all_of, either
from sgn_sciml.geometry.names import labels
from sgn_sciml.geometry.pieces import BoundaryPiece
from sgn_sciml.geometry.region import WHOLE, Corners, Region
from sgn_sciml.system.extras import needed_by

__all__ = ["Polygon"]

BLOCK = 2**22  # distances of points to sides at a time


@dataclass(frozen=True)
class Polygon(Region):
    """A polygon by its corners, in either sense of rotation. It needs the extra ``geometry``.

    Args:
        corners: The corners ``(x, y)`` in order, the first one not repeated.
        sides: Names of the sides, the first one from the first corner to the second; several may
            share a name. ``side0``, ``side1`` and so on if empty.
        name: Name of the whole boundary, and before a dot that of each side, as ``plate.side0``.

    Raises:
        MissingExtra: If Shapely is not installed.
        ValueError: If it crosses itself, has no area, or there are not as many names as sides.
    """

    corners: tuple[tuple[float, float], ...]
    sides: tuple[str, ...] = ()
    name: str | None = None

    def __post_init__(self) -> None:
        corners = tuple((float(x), float(y)) for x, y in self.corners)
        object.__setattr__(self, "corners", corners)
        object.__setattr__(self, "sides", tuple(self.sides))
        if len(corners) < 3 or not all(isfinite(v) for corner in corners for v in corner):
            raise ValueError(f"Polygon: needs three corners or more, got {corners}")
        if self.sides and len(self.sides) != len(corners):
            raise ValueError(f"Polygon: {len(self.sides)} names for {len(corners)} sides")
        with needed_by("Polygon", "geometry"):
            from shapely.validation import explain_validity
        if not self.shape.is_valid or not self.shape.area > 0:
            why = explain_validity(self.shape) if not self.shape.is_valid else "it has no area"
            raise ValueError(f"Polygon: its sides cross or touch one another: {why}")

    @cached_property
    def shape(self) -> Any:
        """Shapely's polygon."""
        with needed_by("Polygon", "geometry"):
            import shapely
        shape = shapely.Polygon(self.corners)
        shapely.prepare(shape)
        return shape

    @cached_property
    def ends(self) -> tuple[Tensor, Tensor]:
        """Where sides begin and end, anticlockwise, each of shape ``(sides, 2)``."""
        corners = torch.tensor(self.corners, dtype=torch.float64)
        return corners, corners.roll(-1, 0)

    @cached_property
    def normals(self) -> Tensor:
        """Outward unit normals of the sides, shape ``(sides, 2)``."""
        start, end = self.ends
        x, y = (end - start).unbind(1)
        sign = 1.0 if self.shape.exterior.is_ccw else -1.0
        return sign * torch.nn.functional.normalize(torch.stack([y, -x], 1), dim=1)

    @property
    def bounds(self) -> Corners:
        a, b, c, d = self.shape.bounds
        return (a, b), (c, d)

    @property
    def measure(self) -> float:
        """Area."""
        return float(self.shape.area)

    @property
    def pieces(self) -> tuple[BoundaryPiece, ...]:
        names = self.sides or tuple(f"side{k}" for k in range(len(self.corners)))
        lengths = (self.ends[1] - self.ends[0]).norm(dim=1)
        return tuple(
            BoundaryPiece(
                labels(self.name, side),
                float(lengths[chosen].sum()),
                partial(self._place, torch.tensor(chosen)),
            )
            for side in dict.fromkeys(names)
            for chosen in [[k for k, other in enumerate(names) if other == side]]
        )

    def _place(self, sides: Tensor, unit: Tensor) -> tuple[Tensor, Tensor]:
        """Points on some sides, by their lengths."""
        start, end = (e[sides] for e in self.ends)
        reached = (end - start).norm(dim=1).cumsum(0)
        along = unit[:, 0] * reached[-1]
        k = torch.searchsorted(reached[:-1].contiguous(), along.contiguous(), right=True)
        before = torch.cat([reached.new_zeros(1), reached[:-1]])
        t = ((along - before[k]) / (reached[k] - before[k]))[:, None]
        return start[k] + t * (end[k] - start[k]), self.normals[sides][k]

    def signed_distance(self, points: Tensor) -> Tensor:
        import shapely

        start, end = (e.to(points) for e in self.ends)
        along = end - start
        found = []
        for block in torch.split(points, max(1, BLOCK // len(start))):
            from_start = block[:, None] - start
            t = (from_start * along).sum(-1) / along.square().sum(-1)
            nearest = from_start - t.clamp(0, 1)[..., None] * along
            found.append(nearest.norm(dim=-1).amin(1))
        distance = torch.cat(found) if found else points.new_empty(0)
        x, y = points.double().numpy(force=True).T
        inside = torch.from_numpy(shapely.contains_xy(self.shape, x, y)).to(distance.device)
        return torch.where(inside, -distance, distance)

    def approximate_distance(self, points: Tensor, *parts: str) -> Tensor:
        if parts and WHOLE not in parts and self.name not in parts:
            self.named(*parts)
            raise ValueError("a polygon has a formula for its whole boundary only: name no parts")
        return formula(self._tree, points)

    @cached_property
    def _tree(self) -> "Tree":
        return convex_tree(self.shape)


Tree = tuple[tuple[tuple[float, float, float], ...], tuple[Any, ...]]


def convex_tree(shape: Any) -> Tree:
    """A polygon as its convex hull without pockets, which are such trees again.

    Returns:
        Half planes ``a x + b y + c > 0`` of the hull, and the pockets.
    """
    from shapely.geometry.polygon import orient

    hull = orient(shape.convex_hull)
    corners = list(hull.exterior.coords)
    planes = []
    for (x, y), (u, v) in pairwise(corners):
        length = ((u - x) ** 2 + (v - y) ** 2) ** 0.5
        a, b = (y - v) / length, (u - x) / length
        planes.append((a, b, -a * x - b * y))
    left = hull.difference(shape)
    pockets = [p for p in getattr(left, "geoms", [left]) if p.area > 1e-12 * hull.area]
    return tuple(planes), tuple(convex_tree(pocket) for pocket in pockets)


def formula(tree: Tree, points: Tensor) -> Tensor:
    """The R-function of a tree at points, ``(N, 1)``."""
    planes, pockets = tree
    x, y = points[..., 0:1], points[..., 1:2]
    hull = all_of([a * x + b * y + c for a, b, c in planes])
    if not pockets:
        return hull
    return all_of([hull, -either(list(_formulas(pockets, points)))])


def _formulas(trees: Sequence[Tree], points: Tensor) -> Iterator[Tensor]:
    return (formula(tree, points) for tree in trees)
