"""Where the strips of a slab should be, from the state at its beginning."""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from sgn_sciml.local_solver.cells import Cells
from sgn_sciml.local_solver.cuts import edges_with
from sgn_sciml.local_solver.local_solution import positive
from sgn_sciml.local_solver.measures import shares, state_tails
from sgn_sciml.local_solver.dictionary import chebyshev_nodes, chebyshev_table
from sgn_sciml.local_solver.reference_cell import ReferenceCell, chebyshev_transform

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
        self.edges = [edges_with(*corner, START_STRIPS) for corner in corners][:-1]

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
        for _ in range(DEEPEST):
            u = self.at_nodes(cells, values)
            if not bool((scales > 0).all()):
                means = u.square().mean(2) * self.share(cells)[:, None]
                scales = positive(means.sum(0).sqrt()[: len(scales)])
            if not self.space:
                break
            tails = self.tails(cells, u, scales)
            if look:
                tails = torch.maximum(tails, self.between(cells, u, scales, values)[:, None])
            wide = (tails > theta).any(1).nonzero()[:, 0].tolist()
            if not wide:
                break
            cells = cells.split({k: [a for a in self.space if tails[k, a] > theta] for k in wide})
        return cells, scales

    def between(self, cells: Cells, u: Tensor, scales: Tensor, values: StateValues) -> Tensor:
        """How far a state is from its values at the nodes of strips on many more, ``(K,)``."""
        ones = [1.0] * (self.axis + 1)
        q = self.reference.nodes_per_axis
        count = (40 if self.axis == 1 else 6) * q
        key = self.reference.piece({self.axis: -1.0}, [-v for v in ones], ones, count)
        points = cells.from_reference(self.reference.nodes(key)).reshape(-1, self.axis + 1)
        found = values(points).reshape(len(cells), -1, u.shape[1]).movedim(2, 1)
        line = chebyshev_nodes(count, 1)[:, 0]
        matrix = chebyshev_table(line, q - 1) @ chebyshev_transform(q)
        shape = u.shape[:2]
        known = u.reshape(*shape, *[q] * self.axis)
        for axis in range(self.axis):
            known = torch.tensordot(matrix.to(u), known, dims=([1], [2 + axis])).movedim(
                0, 2 + axis
            )
        lack = (found - known.reshape(*shape, -1)) / scales[:, None]
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
