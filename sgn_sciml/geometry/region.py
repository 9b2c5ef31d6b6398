r"""A region of space: its inside, its boundary in named parts, and points of both.

A region knows a bounding box, a signed distance (negative inside), its volume, and its boundary as
pieces with names and outward normals. What is made of several regions (a plate with holes) is one,
too: ``plate - hole``, ``a | b``, ``a & b``.

.. math::
    |\Omega| = \frac1d \int_{\partial\Omega} x \cdot n \, ds

gives the volume where there is no formula, by points of the boundary.
"""

from abc import ABC, abstractmethod
from functools import cached_property
from math import dist
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from sgn_sciml.geometry.pieces import BoundaryPiece, Draw, drawn_from, fill, on_pieces, seen_share

if TYPE_CHECKING:
    from sgn_sciml.geometry.booleans import Difference, Intersection, Union
    from sgn_sciml.geometry.moved import Moved

__all__ = ["WHOLE", "Corners", "Region"]

Corners = tuple[tuple[float, ...], tuple[float, ...]]
WHOLE = "boundary"  # the name of all parts together
SLACK = 1e-9  # of the size: what lies this near to the boundary is on it


class Region(ABC):
    """A bounded region of one, two or three dimensions.

    Example:
        >>> from sgn_sciml.geometry import Box, Disk
        >>> plate = Box((0, 0), (4, 2)) - Disk((1, 1), 0.5, name="hole")
        >>> plate.parts
        ('bottom', 'hole', 'left', 'right', 'top')
        >>> points, normals = plate.sample_boundary(100, "hole")
        >>> bool((normals * (points - 1) < 0).any())  # out of the plate is into the hole
        True
        >>> round(plate.measure, 6)
        7.214602
    """

    @property
    @abstractmethod
    def bounds(self) -> Corners:
        """Lower and upper corner of a box around it."""

    @property
    @abstractmethod
    def pieces(self) -> tuple[BoundaryPiece, ...]:
        """The pieces of the boundary."""

    @abstractmethod
    def signed_distance(self, points: Tensor) -> Tensor:
        """Distance to the boundary, negative inside: ``(N, d) -> (N,)``, in units of length.

        Of regions made of others its sign is exact, its size is a lower bound. It is also zero
        where boundaries of two of them lie upon one another.
        """

    @abstractmethod
    def approximate_distance(self, points: Tensor, *parts: str) -> Tensor:
        """A formula that is zero on the boundary and positive inside, to build conditions in.

        Near a smooth boundary it is the distance; it has all derivatives inside. Formulas of
        parts are joined by R-functions. ``g(x) + region.approximate_distance(points) * raw``
        meets u = g on the boundary.

        Args:
            points: Points, shape ``(N, D)`` with D >= d, of which the first d coordinates count.
            parts: Names of the parts on which it is zero; all where none is named.

        Returns:
            Values, shape ``(N, 1)``.

        Raises:
            ValueError: If a part is unknown, or the region has no formula for it.

        References:
            Sukumar and Srivastava, *Exact imposition of boundary conditions with distance
            functions in physics-informed deep neural networks* (2022)
        """

    def within(self, points: Tensor) -> Tensor:
        """Whether points lie inside, those on the boundary either way: ``(N, d) -> (N,)``."""
        return self.signed_distance(points) <= 0

    def touches(self, points: Tensor, slack: float) -> Tensor:
        """Whether points lie within a length of the boundary: ``(N, d) -> (N,)``."""
        return self.signed_distance(points).abs() <= slack

    @property
    def dimension(self) -> int:
        """The number d of coordinates."""
        return len(self.bounds[0])

    @property
    def size(self) -> float:
        """Diagonal of the bounding box."""
        return dist(*self.bounds)

    @property
    def labels(self) -> frozenset[str]:
        """All names that pieces of its boundary go by."""
        return frozenset().union(*(piece.labels for piece in self.pieces))

    @property
    def parts(self) -> tuple[str, ...]:
        """Names of the parts of the boundary, in alphabetical order; ``boundary`` is all."""
        return tuple(sorted(self.labels))

    @property
    def measure(self) -> float:
        """Area in two dimensions, volume in three.

        Where parts hide one another it is measured, to some 1e-5 of an area or 1e-3 of a volume.
        """
        return self._flux

    @cached_property
    def _flux(self) -> float:
        """The measure by points of the boundary."""
        return sum(flux for _, flux in self._seen) / self.dimension

    @cached_property
    def _seen(self) -> list[tuple[float, float]]:
        """Of each piece, which part is seen, and the flux of x through it."""
        lower, upper = (torch.tensor(c, dtype=torch.float64) for c in self.bounds)
        found = []
        for piece in self.pieces:
            share, points, normals, seen = seen_share(piece, self.dimension)
            flux = ((points - (lower + upper) / 2) * normals).sum(-1) * seen
            found.append((share, piece.measure * float(flux.mean())))
        return found

    def boundary_measure(self, *parts: str) -> float:
        """Length in two dimensions, area in three, of the parts that are named, or of all."""
        return sum(
            piece.measure * (seen_share(piece, self.dimension)[0] if piece.visible else 1.0)
            for piece in self.named(*parts)
        )

    def contains(self, points: Tensor, slack: float = SLACK) -> Tensor:
        """Whether points lie inside or on the boundary: ``(N, d) -> (N,)``.

        Args:
            points: Points, shape ``(N, d)``.
            slack: How far from the boundary points are on it, as a part of the size.
        """
        return self.signed_distance(points) <= slack * self.size

    def named(self, *parts: str) -> tuple[BoundaryPiece, ...]:
        """The pieces that go by some names; all where none is named.

        Raises:
            ValueError: If a name is unknown.
        """
        if not parts or WHOLE in parts:
            return self.pieces
        for name in parts:
            if name not in self.labels:
                raise ValueError(
                    f"the boundary has no part {name!r}; its parts are {', '.join(self.parts)}, "
                    f"and {WHOLE!r} is all of them"
                )
        return tuple(piece for piece in self.pieces if not piece.labels.isdisjoint(parts))

    # -- points ------------------------------------------------------------------------------

    def sample(self, count: int, generator: torch.Generator | None = None) -> Tensor:
        """Draw points inside, independent and uniform.

        Args:
            count: Number of points.
            generator: Where they come from; torch's own if None.

        Returns:
            Points in float64, shape ``(count, d)``.

        Raises:
            ValueError: If the region is empty.
        """
        return self.fill(count, drawn_from(generator))

    def sample_boundary(
        self, count: int, *parts: str, generator: torch.Generator | None = None
    ) -> tuple[Tensor, Tensor]:
        """Draw points of the boundary, independent and uniform in length or area.

        Args:
            count: Number of points.
            parts: Names of the parts that they lie on; all where none is named.
            generator: Where they come from; torch's own if None.

        Returns:
            Points and outward unit normals in float64, each of shape ``(count, d)``.

        Raises:
            ValueError: If a part is unknown, or nothing of it is seen.
        """
        d = self.dimension
        rows = self.fill_boundary(count, drawn_from(generator), parts, max(1, d - 1))
        return rows[:, :d], rows[:, d : 2 * d]

    def fill(self, count: int, draw: Draw, columns: int | None = None) -> Tensor:
        """Points inside from a point set of the unit cube, by rejection from the bounding box.

        Args:
            count: Number of points.
            draw: The point set.
            columns: Dimensions of the point set, of which those beyond d stay as they are.

        Returns:
            Points, shape ``(count, columns)``.

        Raises:
            ValueError: If the region is empty.
        """
        lower, upper = (torch.tensor(c, dtype=torch.float64) for c in self.bounds)
        d = self.dimension

        def candidates(n: int) -> tuple[Tensor, Tensor]:
            unit = draw(n, columns or d).double()
            points = lower + (upper - lower) * unit[:, :d]
            inside = self.within(points)
            return torch.cat([points, unit[:, d:]], 1), inside

        return fill(count, candidates, f"the region {self!r}", self._share)

    @cached_property
    def _share(self) -> float:
        """About which part of the bounding box it fills."""
        lower, upper = (torch.tensor(c, dtype=torch.float64) for c in self.bounds)
        unit = torch.rand(
            4096, self.dimension, generator=torch.Generator().manual_seed(0), dtype=torch.float64
        )
        inside = self.within(lower + (upper - lower) * unit)
        return float(inside.double().mean()) or 1 / 4096

    def fill_boundary(
        self, count: int, draw: Draw, parts: tuple[str, ...], columns: int
    ) -> Tensor:
        """Points of parts of the boundary from a point set of the unit cube.

        Args:
            count: Number of points.
            draw: The point set.
            parts: Names of the parts; all where none is named.
            columns: Dimensions of the point set, at least d - 1.

        Returns:
            Points, normals, and what the point set has beyond d - 1: ``(count, 2 d + rest)``.

        Raises:
            ValueError: If a part is unknown, or nothing of it is seen.
        """
        pieces, d = self.named(*parts), self.dimension

        def candidates(n: int) -> tuple[Tensor, Tensor]:
            unit = draw(n, columns).double()
            points, normals, seen = on_pieces(pieces, unit[:, : max(1, d - 1)], d)
            return torch.cat([points, normals, unit[:, d - 1 :]], 1), seen

        return fill(count, candidates, f"the part {', '.join(parts) or WHOLE} of the boundary")

    # -- other regions -----------------------------------------------------------------------

    def __or__(self, other: "Region") -> "Union":
        from sgn_sciml.geometry.booleans import Union

        return Union((self, other))

    def __and__(self, other: "Region") -> "Intersection":
        from sgn_sciml.geometry.booleans import Intersection

        return Intersection((self, other))

    def __sub__(self, other: "Region") -> "Difference":
        from sgn_sciml.geometry.booleans import Difference

        return Difference(self, (other,))

    def moved(self, *shift: float) -> "Moved":
        """Moved by a vector of d numbers."""
        from sgn_sciml.geometry.moved import Moved

        return Moved(self, shift=shift)

    def turned(self, degrees: float, axis: tuple[float, ...] = (0.0, 0.0, 1.0)) -> "Moved":
        """Turned about the origin, anticlockwise; in space about an axis."""
        from sgn_sciml.geometry.moved import Moved

        return Moved(self, degrees=degrees, axis=axis)
