"""Boxes in boxes around triangles: which of them may be near to a point."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["BoxTree", "Floats", "Integers", "pieces"]

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]


def pieces(corners: Floats, most: int) -> tuple[Floats, Integers]:
    """Triangles of which the longest are halved until there are as many as wanted.

    Args:
        corners: Triangles, shape ``(F, 3, 3)``.
        most: About how many pieces.

    Returns:
        Pieces, shape ``(n, 3, 3)``, and the triangles they are of.
    """
    owners = np.arange(len(corners))
    while True:
        lengths = np.linalg.norm(np.roll(corners, -1, 1) - corners, axis=-1)
        split = lengths.max(1) > 0.7 * lengths.max()
        if len(corners) + split.sum() > most:
            return corners, owners
        turned = (lengths[split].argmax(1)[:, None] + np.arange(3)) % 3
        a, b, c = np.moveaxis(np.take_along_axis(corners[split], turned[..., None], 1), 1, 0)
        middle = (a + b) / 2
        halves = [np.stack([a, middle, c], 1), np.stack([middle, b, c], 1)]
        corners = np.concatenate([corners[~split], *halves])
        owners = np.concatenate([owners[~split], owners[split], owners[split]])


class BoxTree:
    """Boxes in boxes around triangles, eight in each, in the order of a curve through space.

    Args:
        corners: The triangles, shape ``(n, 3, 3)``.
        owners: What they are pieces of.
    """

    def __init__(self, corners: Floats, owners: Integers) -> None:
        from scipy.spatial import cKDTree

        centres = corners.mean(1)
        low, size = centres.min(0), np.ptp(centres, axis=0).max()
        cells = ((centres - low) / (size or 1.0) * 1023).astype(np.int64)
        code = sum(
            ((cells[:, i] >> bit) & 1) << (3 * bit + i) for bit in range(10) for i in range(3)
        )
        order = np.argsort(code, kind="stable")
        self.owners = owners[order]
        self.centres: Any = cKDTree(centres[order])
        corners = corners[order]
        self.levels = [(corners.min(1), corners.max(1))]
        while len(self.levels[-1][0]) > 8:
            lower, upper = self.levels[-1]
            starts = np.arange(0, len(lower), 8)
            self.levels.append(
                (np.minimum.reduceat(lower, starts), np.maximum.reduceat(upper, starts))
            )

    def near(self, points: Floats) -> Integers:
        """The owner of a triangle near to each point, ``(N,)``."""
        found: Integers = self.owners[self.centres.query(points)[1]]
        return found

    def candidates(self, points: Floats, bound: Floats) -> tuple[Integers, Integers]:
        """Points and owners no further apart than a bound, by their boxes; rows are in order."""
        count = len(self.levels[-1][0])
        rows, nodes = np.divmod(np.arange(len(points) * count), count)
        for depth, (lower, upper) in enumerate(reversed(self.levels)):
            if depth:
                rows = np.repeat(rows, 8)
                nodes = (8 * nodes[:, None] + np.arange(8)).reshape(-1)
                real = nodes < len(lower)
                rows, nodes = rows[real], nodes[real]
            square = np.zeros(len(rows))
            for axis in range(3):
                at = points[rows, axis]
                beyond = np.maximum(lower[nodes, axis] - at, at - upper[nodes, axis])
                square += np.maximum(beyond, 0) ** 2
            near = square <= bound[rows] ** 2
            rows, nodes = rows[near], nodes[near]
        pairs = np.unique(rows * len(self.owners) + self.owners[nodes])
        return np.divmod(pairs, len(self.owners))
