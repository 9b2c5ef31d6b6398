"""Pieces of a boundary, and how points are drawn where only some of the candidates count."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

__all__ = ["BoundaryPiece", "Draw", "drawn_from", "fill", "on_pieces", "seen_share"]

Draw = Callable[[int, int], Tensor]
"""Maps a number of points and of dimensions to points of the unit cube, ``(count, d)``."""
Visible = Callable[[Tensor, Tensor], Tensor]

LIMIT, FEWEST = 2**20, 200  # candidates at most, in all and for each point that is wanted
MIDPOINTS = 2**16  # at which the seen part of a piece is measured


@dataclass(frozen=True)
class BoundaryPiece:
    """A piece of a boundary, such as one side of a box.

    Attributes:
        labels: Names that it goes by.
        measure: Length or area of the whole piece, parts that others hide included.
        place: Maps points of the unit cube ``(N, d - 1)`` to points of the piece and outward unit
            normals, ``(N, d)`` each; it keeps ratios of areas.
        visible: Map points and normals to whether the boundary is really there, ``(N,)``.
    """

    labels: frozenset[str]
    measure: float
    place: Callable[[Tensor], tuple[Tensor, Tensor]]
    visible: tuple[Visible, ...] = ()

    def sees(self, points: Tensor, normals: Tensor) -> Tensor:
        """Whether the boundary is there: no other region hides it, ``(N,)``."""
        found = torch.ones(len(points), dtype=torch.bool)
        for visible in self.visible:
            found[found.clone()] = visible(points[found], normals[found])
        return found


def drawn_from(generator: torch.Generator | None) -> Draw:
    """Independent uniform points in float64."""

    def draw(count: int, dimension: int) -> Tensor:
        return torch.rand(count, dimension, generator=generator, dtype=torch.float64)

    return draw


def fill(
    count: int,
    candidates: Callable[[int], tuple[Tensor, Tensor]],
    what: str,
    share: float = 1.0,
) -> Tensor:
    """The first candidates that count, as many as wanted.

    Args:
        count: How many.
        candidates: Maps a number of candidates to rows ``(n, k)`` and whether each counts.
        what: What is filled, for the message.
        share: About which part of the candidates counts.

    Returns:
        Rows, shape ``(count, k)``.

    Raises:
        ValueError: If next to none of the candidates counts.
    """
    limit = max(LIMIT, FEWEST * count)
    size = min(limit, count if share >= 1 else math.ceil(1.1 * count / max(share, 1e-9)) + 16)
    while True:
        rows, counts = candidates(size)
        found = rows[counts]
        if len(found) >= count:
            return found[:count]
        if size >= limit:
            raise ValueError(
                f"{what} is empty, or next to nothing of what it is drawn from: {len(found)} of "
                f"{size} points lie in it"
            )
        more = 1.2 * count * size / len(found) if len(found) else 16 * size
        size = min(limit, math.ceil(more) + 16)


def on_pieces(
    pieces: Sequence[BoundaryPiece], unit: Tensor, dimension: int
) -> tuple[Tensor, Tensor, Tensor]:
    """Points of the unit cube on several pieces, each with its share of them.

    Args:
        pieces: The pieces.
        unit: Points of the unit cube, shape ``(N, max(1, d - 1))``.
        dimension: The dimension d of space.

    Returns:
        Points and normals, ``(N, d)`` each, and whether the boundary is there, ``(N,)``.
    """
    measures = torch.tensor([piece.measure for piece in pieces], dtype=torch.float64)
    ends = measures.cumsum(0) / measures.sum()
    chosen = torch.searchsorted(ends[:-1].contiguous(), unit[:, 0].contiguous(), right=True)
    points, normals = unit.new_empty(len(unit), dimension), unit.new_empty(len(unit), dimension)
    seen = torch.zeros(len(unit), dtype=torch.bool)
    for k, piece in enumerate(pieces):
        rows = chosen == k
        inner = unit[rows].clone()  # the first number has chosen the piece: what is left of it
        start = float(ends[k - 1]) if k else 0.0
        inner[:, 0] = ((inner[:, 0] - start) / (float(ends[k]) - start)).clamp(0.0, 1.0)
        points[rows], normals[rows] = piece.place(inner)
        seen[rows] = piece.sees(points[rows], normals[rows])
    return points, normals, seen


def seen_share(piece: BoundaryPiece, dimension: int) -> tuple[float, Tensor, Tensor, Tensor]:
    """Which part of a piece is seen, with the points and normals that say so.

    Returns:
        The share, points and normals ``(N, d)``, and whether each is seen.
    """
    if dimension <= 2:
        line = (torch.arange(MIDPOINTS, dtype=torch.float64) + 0.5) / MIDPOINTS
        unit = line[:, None]
    else:
        engine: Any = torch.quasirandom.SobolEngine  # without type hints
        unit = engine(dimension - 1, scramble=True, seed=0).draw(MIDPOINTS, dtype=torch.float64)
    points, normals = piece.place(unit)
    seen = piece.sees(points, normals)
    return float(seen.double().mean()), points, normals, seen
