"""Cells that tile a box, and the faces they share."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor

__all__ = ["MOST_CELLS", "Cells", "Piece"]


MOST_CELLS = 4000  # at once: more have never been of use


@dataclass(frozen=True)
class Piece:
    """Part of a face that two cells share.

    Attributes:
        axis: The coordinate along its normal.
        cells: The cell below, whose upper side it is part of, and the cell above.
        lower: Its lower corner; along ``axis`` its place as the cell below sees it.
        upper: Its upper corner.
    """

    axis: int
    cells: tuple[int, int]
    lower: tuple[float, ...]
    upper: tuple[float, ...]


@dataclass
class Cells:
    """Boxes that tile a domain.

    Attributes:
        lower: Lower corners, shape ``(K, d)``.
        upper: Upper corners.
        periodic: Length of the domain along each periodic axis, 0 along the others.
    """

    lower: Tensor
    upper: Tensor
    periodic: tuple[float, ...]
    _pieces: dict[tuple[int, ...], list[Piece]] = field(default_factory=dict, repr=False)

    def __len__(self) -> int:
        return len(self.lower)

    @classmethod
    def grid(cls, edges: Sequence[Tensor], periodic: tuple[float, ...]) -> "Cells":
        """All boxes between edges along each axis, the last axis fastest."""
        lows = torch.meshgrid(*[e[:-1] for e in edges], indexing="ij")
        highs = torch.meshgrid(*[e[1:] for e in edges], indexing="ij")
        lower = torch.stack([v.reshape(-1) for v in lows], -1)
        return cls(lower, torch.stack([v.reshape(-1) for v in highs], -1), periodic)

    @property
    def widths(self) -> Tensor:
        return self.upper - self.lower

    def to_reference(self, cell: int, points: Tensor) -> Tensor:
        """Points of the domain in the reference coordinates of a cell."""
        return 2 * (points - self.lower[cell]) / self.widths[cell] - 1

    def from_reference(self, unit: Tensor) -> Tensor:
        """Points ``(n, d)`` of the reference cell in every cell, ``(K, n, d)``."""
        return self.lower[:, None] + 0.5 * (unit + 1) * self.widths[:, None]

    def split(self, axes: Mapping[int, Sequence[int]]) -> "Cells":
        """Halve cells along axes; the halves take the place of the cell."""
        low, high = [], []
        for k in range(len(self)):
            parts = [(self.lower[k], self.upper[k])]
            for axis in axes.get(k, ()):
                halves = []
                for a, b in parts:
                    middle = (a[axis] + b[axis]) / 2
                    upper, lower = b.clone(), a.clone()
                    upper[axis] = lower[axis] = middle
                    halves += [(a, upper), (lower, b)]
                parts = halves
            low += [a for a, _ in parts]
            high += [b for _, b in parts]
        return Cells(torch.stack(low), torch.stack(high), self.periodic)

    def pieces(self, axes: Sequence[int]) -> list[Piece]:
        """The shared faces with normals along some axes."""
        key = tuple(axes)
        if key not in self._pieces:
            self._pieces[key] = [p for axis in axes for p in self._along(axis)]
        return self._pieces[key]

    def _along(self, axis: int) -> list[Piece]:
        tiny = 1e-9 * self.widths.amin(0)
        above, below = self.lower[None, :, axis], self.upper[:, None, axis]
        gap = (below - above).abs()
        if self.periodic[axis]:
            gap = torch.minimum(gap, (below - above - self.periodic[axis]).abs())
        low = torch.maximum(self.lower[:, None], self.lower[None])
        high = torch.minimum(self.upper[:, None], self.upper[None])
        shared = high - low > tiny
        shared[..., axis] = gap <= tiny[axis]
        found = []
        for i, j in shared.all(-1).nonzero().tolist():
            a, b = low[i, j].clone(), high[i, j].clone()
            a[axis] = b[axis] = self.upper[i, axis]
            found.append(Piece(axis, (i, j), tuple(a.tolist()), tuple(b.tolist())))
        return found

    def find(self, points: Tensor) -> Tensor:
        """The cell of each point, ``(N,)``; the nearest one for points outside."""
        found = torch.zeros(len(points), dtype=torch.long, device=points.device)
        if len(self) == 1:
            return found
        best = torch.full((len(points),), torch.inf, dtype=points.dtype, device=points.device)
        for k in range(len(self)):
            outside = torch.maximum(self.lower[k] - points, points - self.upper[k])
            distance = outside.clamp(min=0).sum(-1)
            nearer = distance < best
            found[nearer], best[nearer] = k, distance[nearer]
        return found
