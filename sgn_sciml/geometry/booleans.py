"""Regions made of others: unions, intersections and differences."""

import math
from abc import abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache, cached_property, partial

import torch
from torch import Tensor

from sgn_sciml.geometry.joins import all_of, either
from sgn_sciml.geometry.pieces import BoundaryPiece, on_pieces
from sgn_sciml.geometry.region import SLACK, WHOLE, Corners, Region

__all__ = ["Difference", "Intersection", "Union"]

STEP = 1e-6  # of the size: how far from the boundary both sides are looked at
PROBED = 4096


class Combined(Region):
    """Base of the regions that are made of others."""

    @property
    @abstractmethod
    def members(self) -> tuple[Region, ...]:
        """The regions, that which gives its outside first."""

    def check(self, kind: str) -> None:
        """See that the members have one dimension and different names.

        Raises:
            ValueError: If they do not.
        """
        if len(self.members) < 2:
            raise ValueError(f"{kind}: needs at least two regions, got {len(self.members)}")
        if len(dimensions := {region.dimension for region in self.members}) > 1:
            raise ValueError(f"{kind}: regions of {sorted(dimensions)} dimensions do not combine")
        known: set[str] = set()
        for region in self.members:
            if shared := sorted(known & region.labels):
                raise ValueError(
                    f"{kind}: two regions have a part called {shared[0]!r}: give one of them "
                    "another name"
                )
            known |= region.labels

    @property
    def pieces(self) -> tuple[BoundaryPiece, ...]:
        return self._pieces

    @cached_property
    def _pieces(self) -> tuple[BoundaryPiece, ...]:
        return tuple(self._seen_pieces())

    def _seen_pieces(self) -> Iterator[BoundaryPiece]:
        for number, region in enumerate(self.members):
            inward = isinstance(self, Difference) and number > 0
            for piece in region.pieces:
                place = partial(turned_over, piece) if inward else piece.place
                visible = (partial(turned_sight, piece),) if inward else piece.visible
                here = partial(self._parts_here, number)
                yield replace(piece, place=place, visible=(*visible, here))

    def _parts_here(self, number: int, points: Tensor, normals: Tensor) -> Tensor:
        """Whether a member's boundary parts inside from outside, and no earlier one's does."""
        step = STEP * self.size * normals
        seen = self.within(points - step)
        seen[seen.clone()] = ~self.within((points + step)[seen])
        for other in self.members[:number]:
            seen[seen.clone()] = ~other.touches(points[seen], SLACK * self.size)
        return seen

    def contains(self, points: Tensor, slack: float = SLACK) -> Tensor:
        found = super().contains(points, slack)
        edge = found & (self.signed_distance(points) >= -slack * self.size)
        step = (
            max(STEP, 4 * slack) * self.size
        )  # beside what two boundaries share, nothing is inside
        around_it = points[edge][:, None] + step * directions(self.dimension).to(points)
        distances = self.signed_distance(around_it.flatten(0, 1)).view(around_it.shape[:2])
        found[edge] = (distances < 0).any(1)
        return found

    @cached_property
    def apart(self) -> bool:
        """Whether nothing of any boundary is hidden by another region."""
        return all(share == 1 for share, _ in self._seen)

    def _members_with(self, parts: Sequence[str]) -> tuple[Region, ...]:
        """The members that have some parts."""
        self.named(*parts)
        if not parts or WHOLE in parts:
            return self.members
        return tuple(r for r in self.members if not r.labels.isdisjoint(parts))

    def _formulas(self, points: Tensor, parts: Sequence[str]) -> dict[Region, Tensor]:
        """Formulas of the members that have some parts, or of all."""
        found = {}
        for region in self._members_with(parts):
            own = () if WHOLE in parts else tuple(p for p in parts if p in region.labels)
            found[region] = region.approximate_distance(points, *own)
        return found


def turned_over(piece: BoundaryPiece, unit: Tensor) -> tuple[Tensor, Tensor]:
    """Points of a hole's boundary with the normals of what is around it."""
    points, normals = piece.place(unit)
    return points, -normals


def turned_sight(piece: BoundaryPiece, points: Tensor, normals: Tensor) -> Tensor:
    """What a hole's own pieces see, by its own normals."""
    return piece.sees(points, -normals)


@cache
def directions(dimension: int) -> Tensor:
    """Unit vectors in many directions, shape ``(n, d)``, none of them along an axis."""
    if dimension == 1:
        return torch.tensor([[1.0], [-1.0]], dtype=torch.float64)
    if dimension == 2:
        angles = 2 * math.pi * (torch.arange(24, dtype=torch.float64) + 0.377) / 24
        return torch.stack([angles.cos(), angles.sin()], 1)
    drawn = torch.randn(
        96, dimension, generator=torch.Generator().manual_seed(0), dtype=torch.float64
    )
    return torch.nn.functional.normalize(drawn, dim=1)


def around(regions: Sequence[Region]) -> Corners:
    """The box around several regions."""
    corners = zip(*(region.bounds for region in regions), strict=True)
    lower, upper = (list(zip(*each, strict=True)) for each in corners)
    return tuple(map(min, lower)), tuple(map(max, upper))


@dataclass(frozen=True)
class Union(Combined):
    """What lies in one of several regions.

    Args:
        regions: The regions.

    Raises:
        ValueError: If there are fewer than two, of different dimensions, or parts share a name.
    """

    regions: tuple[Region, ...]

    def __post_init__(self) -> None:
        object.__setattr__(self, "regions", tuple(self.regions))
        self.check("Union")

    @property
    def members(self) -> tuple[Region, ...]:
        return self.regions

    @property
    def bounds(self) -> Corners:
        return around(self.regions)

    @property
    def measure(self) -> float:
        """Area or volume."""
        return sum(r.measure for r in self.regions) if self.apart else super().measure

    def signed_distance(self, points: Tensor) -> Tensor:
        return torch.stack([r.signed_distance(points) for r in self.regions]).amin(0)

    def within(self, points: Tensor) -> Tensor:
        return torch.stack([r.within(points) for r in self.regions]).any(0)

    def approximate_distance(self, points: Tensor, *parts: str) -> Tensor:
        if len(self._members_with(parts)) < len(self.regions):
            raise ValueError("a union has a formula for its whole boundary only: name no parts")
        if self._touching:
            raise ValueError(
                "a union of regions that touch has no formula that is positive where they do: "
                "let them overlap, or cut one region out of another"
            )
        return either(list(self._formulas(points, parts).values()))

    @cached_property
    def _touching(self) -> bool:
        """Whether boundaries of two members lie upon one another inside."""
        generator = torch.Generator().manual_seed(0)
        for number, region in enumerate(self.regions[1:], start=1):
            unit = torch.rand(
                PROBED, max(1, self.dimension - 1), generator=generator, dtype=torch.float64
            )
            points, normals, seen = on_pieces(region.pieces, unit, self.dimension)
            step = STEP * self.size * normals
            inside = seen & self.within(points + step)
            for other in self.regions[:number]:
                if bool(other.touches(points[inside], SLACK * self.size).any()):
                    return True
        return False


@dataclass(frozen=True)
class Intersection(Combined):
    """What lies in all of several regions.

    Args:
        regions: The regions.

    Raises:
        ValueError: If there are fewer than two, of different dimensions, parts share a name, or
            the boxes around them do not meet.
    """

    regions: tuple[Region, ...]

    def __post_init__(self) -> None:
        object.__setattr__(self, "regions", tuple(self.regions))
        self.check("Intersection")
        if not all(a < b for a, b in zip(*self.bounds, strict=True)):
            raise ValueError("Intersection: the regions have nothing in common")

    @property
    def members(self) -> tuple[Region, ...]:
        return self.regions

    @property
    def bounds(self) -> Corners:
        corners = zip(*(region.bounds for region in self.regions), strict=True)
        lower, upper = (list(zip(*each, strict=True)) for each in corners)
        return tuple(map(max, lower)), tuple(map(min, upper))

    def signed_distance(self, points: Tensor) -> Tensor:
        return torch.stack([r.signed_distance(points) for r in self.regions]).amax(0)

    def within(self, points: Tensor) -> Tensor:
        return torch.stack([r.within(points) for r in self.regions]).all(0)

    def approximate_distance(self, points: Tensor, *parts: str) -> Tensor:
        return all_of(list(self._formulas(points, parts).values()))


@dataclass(frozen=True)
class Difference(Combined):
    """A region with holes; its normals point into them.

    Args:
        region: The region.
        holes: What is cut out of it.

    Raises:
        ValueError: If a hole lies outside, dimensions differ, or parts share a name.
    """

    region: Region
    holes: tuple[Region, ...]

    def __post_init__(self) -> None:
        object.__setattr__(self, "holes", tuple(self.holes))
        self.check("Difference")
        for hole in self.holes:
            generator = torch.Generator().manual_seed(0)
            points = hole.sample(PROBED, generator)
            if not bool(self.region.within(points).any()):
                parts = ", ".join(sorted(hole.labels))
                raise ValueError(f"Difference: the hole ({parts}) lies outside the region")

    @property
    def members(self) -> tuple[Region, ...]:
        return self.region, *self.holes

    @property
    def bounds(self) -> Corners:
        return self.region.bounds

    @property
    def measure(self) -> float:
        """Area or volume."""
        if self.apart:
            return self.region.measure - sum(hole.measure for hole in self.holes)
        return super().measure

    def signed_distance(self, points: Tensor) -> Tensor:
        holes = [-hole.signed_distance(points) for hole in self.holes]
        return torch.stack([self.region.signed_distance(points), *holes]).amax(0)

    def within(self, points: Tensor) -> Tensor:
        holes = torch.stack([hole.within(points) for hole in self.holes])
        return self.region.within(points) & ~holes.any(0)

    def approximate_distance(self, points: Tensor, *parts: str) -> Tensor:
        found = self._formulas(points, parts)
        return all_of([f if region is self.region else -f for region, f in found.items()])
