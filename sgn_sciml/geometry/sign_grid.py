"""Cells of a grid that lie inside or outside as a whole, where no distances are needed."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from sgn_sciml.geometry.box_tree import Floats

__all__ = ["SignGrid"]

FINEST = 32  # cells along each axis
APART = 1.02  # how far from the boundary all of a cell lies: this, less one, times half of it


class SignGrid:
    """Whether points lie inside, by cells; only where the boundary is near by distances.

    A cell counts as a whole where the distance at its centre exceeds half its diagonal.

    Args:
        distance: The signed distance, ``(N, 3) -> (N,)``, exact.
        lower: Lower corner of a box around all that is inside.
        upper: Upper corner.
    """

    def __init__(
        self,
        distance: Callable[[Floats], Floats],
        lower: tuple[float, ...],
        upper: tuple[float, ...],
    ) -> None:
        self.distance = distance
        self.lower = np.array(lower)
        self.lengths = np.array(upper) - self.lower
        count = 4
        self.signs = np.zeros((count,) * 3, dtype=np.int8)  # 0: not known
        while count < FINEST:
            count *= 2
            self.signs = self.signs.repeat(2, 0).repeat(2, 1).repeat(2, 2)
            unknown = np.argwhere(self.signs == 0)
            found = distance(self.lower + (unknown + 0.5) / count * self.lengths)
            decided = np.abs(found) > APART * np.linalg.norm(self.lengths) / count / 2
            self.signs[tuple(unknown.T)] = np.where(decided, np.sign(found), 0)

    def __call__(self, points: Floats) -> NDArray[np.bool_]:
        """Whether points lie inside, ``(N, 3) -> (N,)``."""
        signs = self.known(points)
        inside = signs < 0
        near = np.flatnonzero(signs == 0)
        inside[near] = self.distance(points[near]) <= 0
        return np.asarray(inside)

    def known(self, points: Floats) -> NDArray[np.int8]:
        """-1 inside and 1 outside, 0 where the boundary is near, ``(N, 3) -> (N,)``."""
        cells = (points - self.lower) / self.lengths * FINEST
        beyond = ((cells < -0.5) | (cells > FINEST + 0.5)).any(1)  # nearer ones may be on it
        cells = np.clip(cells, 0, FINEST - 1).astype(np.int64)
        return np.where(beyond, np.int8(1), self.signs[tuple(cells.T)])
