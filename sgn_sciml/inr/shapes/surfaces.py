"""Surfaces of triangles or of points alone: samples, and the nearest point of them."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sgn_sciml.geometry.box_tree import Floats
from sgn_sciml.geometry.sign_grid import SignGrid
from sgn_sciml.geometry.triangles import TriangleSurface

__all__ = ["CloudSurface", "Frame", "MeshSurface", "Surface", "triangles"]

FILL = 0.9  # share of the box [-1, 1]^3 that the longest side of a shape takes


@dataclass(frozen=True)
class Frame:
    """Where the box [-1, 1]^3 of a network lies in the coordinates of a file.

    Attributes:
        centre: The middle of the box, in the units of the file.
        half: Half the length of its sides.
    """

    centre: tuple[float, float, float]
    half: float

    @classmethod
    def around(cls, points: Floats) -> "Frame":
        """The frame of points ``(N, 3)``, whose longest side takes nine tenths of the box."""
        low, high = points.min(0), points.max(0)
        x, y, z = ((low + high) / 2).tolist()
        return cls((x, y, z), float((high - low).max()) / 2 / FILL)

    def inward(self, points: Floats) -> Floats:
        """From the file's coordinates to those of the box."""
        return np.asarray((points - np.array(self.centre)) / self.half)

    def outward(self, points: NDArray[Any]) -> Floats:
        """From the box to the file's coordinates, in float64."""
        found = np.asarray(points, dtype=np.float64) * self.half + np.array(self.centre)
        return np.asarray(found)


class Surface(ABC):
    """A surface in the box [-1, 1]^3.

    Attributes:
        closed: Whether it says what is inside.
        oriented: Whether it has normals that point outwards.
    """

    closed: bool
    oriented: bool

    @property
    @abstractmethod
    def bounds(self) -> tuple[Floats, Floats]:
        """Lower and upper corner of the box around it."""

    @abstractmethod
    def sample(self, count: int, seed: int) -> tuple[Floats, Floats | None]:
        """Points ``(count, 3)`` of the surface and, if it is oriented, unit normals there."""

    @abstractmethod
    def nearest(self, points: Floats) -> tuple[Floats, Floats | None]:
        """Distances ``(N,)`` to the surface and normals ``(N, 3)`` at its nearest points."""

    @property
    def diagonal(self) -> float:
        """Length of the diagonal of the box around it."""
        low, high = self.bounds
        return float(np.linalg.norm(high - low))


class MeshSurface(Surface):
    """Triangles.

    Args:
        surface: The triangles.
        closed: Whether they enclose a volume, their normals pointing outwards.
        oriented: Whether normals of neighbours point to the same side.
    """

    def __init__(
        self, surface: TriangleSurface, closed: bool = True, oriented: bool = True
    ) -> None:
        self.surface, self.closed, self.oriented = surface, closed, oriented

    @property
    def bounds(self) -> tuple[Floats, Floats]:
        used = self.surface.corners.reshape(-1, 3)
        return used.min(0), used.max(0)

    def sample(self, count: int, seed: int) -> tuple[Floats, Floats | None]:
        """Uniform in area."""
        random = np.random.default_rng(seed)
        reached = self.surface.areas.cumsum()
        rows = np.searchsorted(reached, random.random(count) * reached[-1], side="right")
        rows = np.minimum(rows, len(reached) - 1)
        root, share = np.sqrt(random.random((count, 1))), random.random((count, 1))
        a, b, c = np.moveaxis(self.surface.corners[rows], 1, 0)
        points = a + root * ((1 - share) * (b - a) + share * (c - a))
        return points, self.surface.normals[rows] if self.oriented else None

    def nearest(self, points: Floats) -> tuple[Floats, Floats | None]:
        distances, rows = self.surface.nearest(points)
        return distances, self.surface.normals[rows] if self.oriented else None

    def signed_distance(self, points: Floats) -> Floats:
        """Negative inside, ``(N, 3) -> (N,)``; of a closed surface."""
        return self.surface.signed_distance(points)

    def inside(self, points: Floats) -> NDArray[np.bool_]:
        """Whether points lie inside, ``(N, 3) -> (N,)``; of a closed surface."""
        return self._signs(points)

    @cached_property
    def _signs(self) -> SignGrid:
        low, high = (tuple(corner.tolist()) for corner in self.bounds)
        return SignGrid(self.surface.signed_distance, low, high)


class CloudSurface(Surface):
    """Points.

    Args:
        points: Shape ``(N, 3)``.
        normals: Unit normals there, which point outwards, or None.
    """

    closed = False

    def __init__(self, points: Floats, normals: Floats | None = None) -> None:
        self.points, self.normals = points, normals
        self.oriented = normals is not None

    @property
    def bounds(self) -> tuple[Floats, Floats]:
        return self.points.min(0), self.points.max(0)

    def sample(self, count: int, seed: int) -> tuple[Floats, Floats | None]:
        """Points of the cloud, drawn anew if it has fewer."""
        random = np.random.default_rng(seed)
        rows = random.choice(len(self.points), count, replace=count > len(self.points))
        return self.points[rows], None if self.normals is None else self.normals[rows]

    def nearest(self, points: Floats) -> tuple[Floats, Floats | None]:
        distances, rows = self._tree.query(points)
        return distances, None if self.normals is None else self.normals[rows]

    @cached_property
    def _tree(self) -> Any:
        from scipy.spatial import cKDTree

        return cKDTree(self.points)


def triangles(vertices: NDArray[Any], faces: NDArray[Any]) -> MeshSurface:
    """A surface whose triangles may be open, from corners ``(V, 3)`` and faces ``(F, 3)``."""
    return MeshSurface(
        TriangleSurface(np.asarray(vertices, dtype=np.float64), np.asarray(faces, dtype=np.int64)),
        closed=False,
    )
