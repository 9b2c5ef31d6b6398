"""Where the strips of a slab should be, from the state at its beginning."""

from collections.abc import Callable

import torch
from torch import Tensor

from sgn_sciml.local_solver.cells import Cells
from sgn_sciml.local_solver.measures import positive, shares, state_tails
from sgn_sciml.local_solver.reference_cell import ReferenceCell

__all__ = ["Placement"]

START_STRIPS = 4  # along each axis of space, and the fewest there ever are
DEEPEST = 20  # halvings at once: a kink within a strip is not resolved by any number of them

StateValues = Callable[
    [Tensor], Tensor
]  # points (N, d) to values (N, f), or several orders of them


class Placement:
    """Halves and joins strips.

    Args:
        reference: Tables on the reference cell.
        domain: Lower and upper corner.
        periodic: Length of the domain along each periodic axis, 0 along the others.
    """

    def __init__(
        self,
        reference: ReferenceCell,
        domain: tuple[tuple[float, ...], tuple[float, ...]],
        periodic: tuple[float, ...],
    ) -> None:
        self.reference = reference
        self.lower, self.upper = (torch.tensor(v, dtype=torch.float64) for v in domain)
        self.lengths = self.upper - self.lower
        self.periodic = periodic
        self.axis = len(self.lower) - 1
        self.space = list(range(self.axis))

    def equal(self) -> Cells:
        """Equal strips to begin with, over all the time."""
        edges = [
            torch.linspace(float(a), float(b), START_STRIPS + 1, dtype=torch.float64)
            for a, b in zip(self.lower[:-1], self.upper[:-1], strict=True)
        ]
        span = torch.stack([self.lower[-1], self.upper[-1]])
        return Cells.grid([*edges, span], self.periodic)

    def over(self, cells: Cells, time: float, length: float) -> Cells:
        """Some strips over another slab of time."""
        lower, upper = cells.lower.clone(), cells.upper.clone()
        lower[:, self.axis], upper[:, self.axis] = time, time + length
        return Cells(lower, upper, self.periodic)

    def share(self, cells: Cells) -> Tensor:
        """The part of the space that each strip takes, ``(K,)``."""
        return shares(cells, self.lengths, self.space)

    def at_nodes(self, cells: Cells, values: StateValues) -> Tensor:
        """A state at the Chebyshev nodes of each strip, ``(K, f, q^s)``."""
        ones = [1.0] * (self.axis + 1)
        count = self.reference.nodes_per_axis
        key = self.reference.piece({self.axis: -1.0}, [-v for v in ones], ones, count)
        unit = self.reference.nodes(key)
        points = cells.from_reference(unit).reshape(-1, self.axis + 1)
        return values(points).reshape(len(cells), len(unit), -1).movedim(2, 1)

    def tails(self, cells: Cells, u: Tensor, scales: Tensor) -> Tensor:
        """Of each strip, its coefficients above the middle degree, ``(K, s)``."""
        return state_tails(self.reference, u, scales, self.share(cells), self.reference.middle)

    def halved(
        self, cells: Cells, theta: float, scales: Tensor, values: StateValues
    ) -> tuple[Cells, Tensor]:
        """Halve strips until a state has no coefficients above ``theta`` on any.

        Returns:
            The strips, and the scales: those of the state where they were 0.
        """
        for _ in range(DEEPEST):
            u = self.at_nodes(cells, values)
            if not bool((scales > 0).all()):
                means = u.square().mean(2) * self.share(cells)[:, None]
                scales = positive(means.sum(0).sqrt()[: len(scales)])
            tails = self.tails(cells, u, scales)
            wide = (tails > theta).any(1).nonzero()[:, 0].tolist()
            if not wide:
                break
            cells = cells.split({k: [a for a in self.space if tails[k, a] > theta] for k in wide})
        return cells, scales

    def joined(self, cells: Cells, theta: float, scales: Tensor, values: StateValues) -> Cells:
        """Join pairs of strips that came of one and are much finer than a state needs.

        Only strips, not boxes of several axes.
        """
        if len(self.space) != 1:
            return cells
        widest = float(self.lengths[0]) / START_STRIPS
        order = cells.lower[:, 0].argsort()
        low, high = cells.lower[order], cells.upper[order]
        width, place = high[:, 0] - low[:, 0], low[:, 0] - self.lower[0]
        pairs = [
            k
            for k in range(len(cells) - 1)
            if float((width[k + 1] - width[k]).abs()) < 1e-9 * float(width[k])
            and 2 * float(width[k]) < 1.01 * widest
            and abs((q := float(place[k] / (2 * width[k]))) - round(q)) < 1e-6
        ]
        if not pairs:
            return Cells(low, high, cells.periodic)
        unions = Cells(low[pairs], high[[k + 1 for k in pairs]], cells.periodic)
        tails = self.tails(unions, self.at_nodes(unions, values), scales)[:, 0]
        small = {k for k, tail in zip(pairs, tails.tolist(), strict=True) if tail < theta / 4}
        kept = [k for k in range(len(cells)) if k - 1 not in small]
        ends = [k + 1 if k in small else k for k in kept]
        return Cells(low[kept], high[ends], cells.periodic)
