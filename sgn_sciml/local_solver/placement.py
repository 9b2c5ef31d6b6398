"""The placement of the strips of a slab, from the state at its beginning."""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from sgn_sciml.local_solver.cells import MOST_CELLS, Cells
from sgn_sciml.local_solver.cuts import edges_with
from sgn_sciml.local_solver.dictionary import chebyshev_nodes, chebyshev_table
from sgn_sciml.local_solver.local_solution import positive
from sgn_sciml.local_solver.measures import shares, state_tails
from sgn_sciml.local_solver.reference_cell import ReferenceCell, chebyshev_transform

__all__ = ["Placement"]

START_STRIPS = {0: 1, 1: 4, 2: 2}  # along each axis of space, by their number: the fewest
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
        inside: Along each axis, places where strips must end.
    """

    def __init__(
        self,
        reference: ReferenceCell,
        domain: tuple[tuple[float, ...], tuple[float, ...]],
        periodic: tuple[float, ...],
        inside: Sequence[Sequence[float]],
    ) -> None:
        self.reference = reference
        self.lower, self.upper = (torch.tensor(v, dtype=torch.float64) for v in domain)
        self.lengths = self.upper - self.lower
        self.periodic = periodic
        self.axis = len(self.lower) - 1
        self.space = list(range(self.axis))
        corners = zip(*domain, inside, strict=True)
        self.edges = [edges_with(*corner, START_STRIPS[self.axis]) for corner in corners][:-1]

    def equal(self) -> Cells:
        """The fewest strips, over all the time."""
        span = torch.stack([self.lower[-1], self.upper[-1]])
        return Cells.grid([*self.edges, span], self.periodic)

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
        self,
        cells: Cells,
        theta: float,
        scales: Tensor,
        values: StateValues,
        look: bool = False,
    ) -> tuple[Cells, Tensor]:
        """Halve strips until a state has no coefficients above ``theta`` on any.

        Args:
            cells: The strips.
            theta: The threshold.
            scales: Sizes of the fields; 0 where they are not known.
            values: The state.
            look: Whether the state may have something between the nodes.

        Returns:
            The strips, and the scales: those of the state where they were 0.
        """
        known = scales
        for _ in range(DEEPEST):
            u = self.at_nodes(cells, values)
            seen = self.at_more(cells, values, u.shape[1]) if look else u
            means = seen.square().mean(2) * self.share(cells)[:, None]
            sizes = means.sum(0).sqrt()[: len(known)]
            scales = positive(torch.where(known > 0, known, sizes))
            if not self.space or len(cells) > MOST_CELLS:
                break
            tails = self.tails(cells, u, scales)
            if look:
                tails = torch.maximum(tails, self.between(cells, u, scales, seen)[:, None])
            wide = (tails > theta).any(1).nonzero()[:, 0].tolist()
            if not wide:
                break
            cells = cells.split({k: [a for a in self.space if tails[k, a] > theta] for k in wide})
        return cells, torch.where(known > 0, known, sizes)

    def more(self) -> int:
        """Nodes along each axis of space of a closer look at a state."""
        return (40 if self.axis == 1 else 6) * self.reference.nodes_per_axis

    def at_more(self, cells: Cells, values: StateValues, fields: int) -> Tensor:
        """A state at many more nodes of strips, ``(K, f, n)``."""
        ones = [1.0] * (self.axis + 1)
        key = self.reference.piece({self.axis: -1.0}, [-v for v in ones], ones, self.more())
        points = cells.from_reference(self.reference.nodes(key)).reshape(-1, self.axis + 1)
        return values(points).reshape(len(cells), -1, fields).movedim(2, 1)

    def between(self, cells: Cells, u: Tensor, scales: Tensor, seen: Tensor) -> Tensor:
        """How far a state is from the polynomials through its values ``u`` at nodes, ``(K,)``."""
        q = self.reference.nodes_per_axis
        line = chebyshev_nodes(self.more(), 1)[:, 0]
        matrix = (chebyshev_table(line, q - 1) @ chebyshev_transform(q)).to(u)
        known = u.reshape(*u.shape[:2], *[q] * self.axis)
        for axis in range(2, 2 + self.axis):
            known = torch.tensordot(matrix, known, dims=([1], [axis])).movedim(0, axis)
        lack = (seen - known.flatten(2)) / scales[:, None]
        return lack.square().mean(2).amax(1).sqrt() * self.share(cells).sqrt()

    def joined(self, cells: Cells, theta: float, scales: Tensor, values: StateValues) -> Cells:
        """Join pairs of strips that came of one and are much finer than a state needs.

        Only strips, not boxes of several axes.
        """
        if len(self.space) != 1:
            return cells
        edges = self.edges[0].to(cells.lower)
        order = cells.lower[:, 0].argsort()
        low, high = cells.lower[order], cells.upper[order]
        width, middle = high[:, 0] - low[:, 0], (low[:, 0] + high[:, 0]) / 2
        first = torch.searchsorted(edges, middle) - 1  # the strip that each came of
        place = (low[:, 0] - edges[first]) / width
        whole = (edges[first + 1] - edges[first]) / width
        pairs = [
            k
            for k in range(len(cells) - 1)
            if float((width[k + 1] - width[k]).abs()) < 1e-9 * float(width[k])
            and float(whole[k]) > 1.5
            and round(float(place[k])) % 2 == 0
        ]
        if not pairs:
            return Cells(low, high, cells.periodic)
        unions = Cells(low[pairs], high[[k + 1 for k in pairs]], cells.periodic)
        tails = self.tails(unions, self.at_nodes(unions, values), scales)[:, 0]
        small = {k for k, tail in zip(pairs, tails.tolist(), strict=True) if tail < theta / 4}
        kept = [k for k in range(len(cells)) if k - 1 not in small]
        ends = [k + 1 if k in small else k for k in kept]
        return Cells(low[kept], high[ends], cells.periodic)
