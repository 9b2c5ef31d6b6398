"""The signed distance to a closed surface of triangles.

The nearest point of a triangle lies in it, on an edge or at a corner. The sign of the distance is
that of the pseudonormal there: the normal of a face, the sum of two at an edge, the sum weighted
by angles at a corner. Which triangles are looked at follows from boxes in boxes around them.

References:
    Baerentzen and Aanaes, *Signed distance computation using the angle weighted pseudonormal*
    (2005)
"""

from functools import cached_property

import numpy as np

from sgn_sciml.geometry.box_tree import BoxTree, Floats, Integers, pieces

__all__ = ["TriangleSurface"]

BLOCK = 512  # points at a time: what is computed with them stays in cache
MORE = 2  # pieces per triangle, at most, and some hundreds beside


class TriangleSurface:
    """A closed surface of triangles whose normals, by the order of corners, point outwards.

    Args:
        vertices: Corners, shape ``(V, 3)``.
        faces: Three of them for each triangle, shape ``(F, 3)``.
    """

    def __init__(self, vertices: Floats, faces: Integers) -> None:
        self.vertices, self.faces = vertices, faces
        self.corners: Floats = vertices[faces]
        self.edges: Floats = np.roll(self.corners, -1, 1) - self.corners
        cross = np.cross(self.edges[:, 0], self.edges[:, 1])
        twice = np.linalg.norm(cross, axis=1)
        self.areas: Floats = twice / 2
        self.normals: Floats = cross / np.where(twice > 0, twice, 1)[:, None]
        self.squares = np.maximum((self.edges**2).sum(-1), np.finfo(float).tiny)
        self.inward: Floats = np.cross(self.normals[:, None], self.edges)

    @property
    def volume(self) -> float:
        """The volume within, by the divergence theorem."""
        middle = self.vertices.mean(0)
        heights = ((self.corners.mean(1) - middle) * self.normals).sum(1)
        return float((heights * self.areas).sum() / 3)

    @cached_property
    def pseudonormals(self) -> Floats:
        """Of each triangle itself, its edges and its corners: ``(F, 7, 3)``, of any length."""
        found = np.empty((len(self.faces), 7, 3))
        found[:, 0] = self.normals
        ends = np.sort(np.stack([self.faces, np.roll(self.faces, -1, 1)], -1), -1).reshape(-1, 2)
        _, edge = np.unique(ends, axis=0, return_inverse=True)
        edge = edge.reshape(-1)
        each = np.repeat(self.normals, 3, 0)
        found[:, 1:4] = summed(edge, each)[edge].reshape(-1, 3, 3)
        unit = self.edges / np.sqrt(self.squares)[..., None]
        cosines = -(unit * np.roll(unit, 1, 1)).sum(-1)
        angles = np.arccos(np.clip(cosines, -1, 1)).reshape(-1, 1)
        found[:, 4:7] = summed(self.faces.reshape(-1), angles * each)[self.faces]
        return found

    @cached_property
    def tree(self) -> BoxTree:
        """Boxes in boxes around pieces of the triangles."""
        return BoxTree(*pieces(self.corners, MORE * len(self.corners) + 512))

    def signed_distance(self, points: Floats) -> Floats:
        """Distance, negative inside: ``(N, 3) -> (N,)``."""
        blocks = [points[k : k + BLOCK] for k in range(0, len(points), BLOCK)]
        return np.concatenate([np.empty(0), *map(self._of_block, blocks)])

    def nearest(self, points: Floats) -> tuple[Floats, Integers]:
        """Distance without sign, and the triangle that is as near: ``(N, 3) -> (N,)`` each.

        The surface need not be closed.
        """
        blocks = [points[k : k + BLOCK] for k in range(0, len(points), BLOCK)]
        found = [self._closest(block) for block in blocks]
        distances = np.concatenate([np.empty(0), *(np.abs(d) for d, _ in found)])
        return distances, np.concatenate([np.empty(0, dtype=np.int64), *(k for _, k in found)])

    def winding(self, points: Floats) -> Floats:
        """How many times the surface goes around points, by solid angles: ``(N, 3) -> (N,)``.

        References:
            Van Oosterom and Strackee, *The solid angle of a plane triangle* (1983)
        """
        found = np.empty(len(points))
        for k, point in enumerate(points):
            to = self.corners - point
            a, b, c = np.moveaxis(to / np.linalg.norm(to, axis=-1, keepdims=True), 1, 0)
            volume = (a * np.cross(b, c)).sum(-1)
            below = 1 + (a * b).sum(-1) + (b * c).sum(-1) + (c * a).sum(-1)
            found[k] = np.arctan2(volume, below).sum() / (2 * np.pi)
        return found

    def _of_block(self, points: Floats) -> Floats:
        return self._closest(points)[0]

    def _closest(self, points: Floats) -> tuple[Floats, Integers]:
        """Signed distances and triangles, ``(N,)`` each."""
        first = self.tree.near(points)
        bound = np.abs(self._nearest(points, np.arange(len(points)), first)[0])
        rows, faces = self.tree.candidates(points, bound * (1 + 1e-12))
        return self._nearest(points, rows, faces)

    def _nearest(self, points: Floats, rows: Integers, faces: Integers) -> tuple[Floats, Integers]:
        """The signed distance of least size of each point, and its triangle, ``(N,)`` each.

        Args:
            points: Points, shape ``(N, 3)``.
            rows: Which points are looked at, in order, each of them at least once.
            faces: Which triangle is looked at with each of them.
        """
        at, corners, edges = points[rows], self.corners[faces], self.edges[faces]
        from_corners = at[:, None] - corners
        over = (np.einsum("pij,pij->pi", from_corners, self.inward[faces]) >= 0).all(1)
        along = np.einsum("pij,pij->pi", from_corners, edges) / self.squares[faces]
        along = np.clip(along, 0, 1)
        away = from_corners - along[..., None] * edges
        squares = np.einsum("pij,pij->pi", away, away)
        side = squares.argmin(1)
        pair = np.arange(len(at))
        height = np.einsum("pj,pj->p", from_corners[:, 0], self.normals[faces])
        over &= height**2 <= squares[pair, side]  # not in triangles without an area
        square = np.where(over, height**2, squares[pair, side])
        starts = np.flatnonzero(np.diff(rows, prepend=-1))
        least = np.minimum.reduceat(square, starts)
        first = np.flatnonzero(square == np.repeat(least, np.diff(starts, append=len(rows))))
        first = first[np.unique(rows[first], return_index=True)[1]]
        t, s = along[first, side[first]], side[first]
        feature = np.where(t <= 0, 4 + s, np.where(t >= 1, 4 + (s + 1) % 3, 1 + s))
        feature = np.where(over[first], 0, feature)
        beyond = np.where(over[first, None], from_corners[first, 0], away[first, s])
        sign = np.sign((beyond * self.pseudonormals[faces[first], feature]).sum(1))
        return np.asarray(sign * np.sqrt(least)), np.asarray(faces[first])


def summed(keys: Integers, values: Floats) -> Floats:
    """Sums of rows by key, ``(keys, 3)``."""
    return np.stack([np.bincount(keys, weights=c).astype(np.float64) for c in values.T], 1)
