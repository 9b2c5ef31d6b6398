r"""The rows of all cells of a slab or of boxes: matrices, and what they lack at a solution.

Of each cell, with unknown coefficients c and traces z on its faces:

- the equation at :math:`q^d` nodes, over :math:`|G_t|\,2/\Delta t` where it has a time derivative
  in a slab, else over the sum of its terms' sizes;
- conditions at nodes of their faces, weight 10;
- the state at the end of the slab before, weight 10;
- on each face it shares, :math:`\tfrac{10}{j!} h^j \partial_n^j u = z_j` for every order j below
  the equation's, at nodes of the face, so that neighbours agree through z.

Unknowns are those of the reference cell: a cell of widths h has derivatives
:math:`\prod_i (2/h_i)^{\beta_i}` times those of the tables.
"""

import math
from collections.abc import Callable, Mapping, Sequence

import torch
from torch import Tensor

from sgn_sciml.local_solver.cells import MOST_CELLS, Cells
from sgn_sciml.local_solver.elimination import Elimination, dissect
from sgn_sciml.local_solver.forms import Form, Layout
from sgn_sciml.local_solver.linearization import Linearization, Name, Orders, Unsolvable
from sgn_sciml.local_solver.problem_rows import ProblemRows
from sgn_sciml.local_solver.reference_cell import ReferenceCell

__all__ = ["Carry", "System"]

WEIGHT = 10.0

Carry = Callable[[Tensor, int], Tensor]  # points (N, d), order in time -> fields (N, f)
Slopes = dict[Name, Tensor]


class System:
    """Least squares over cells.

    Args:
        equations: The problem's rows.
        reference: Tables on the reference cell.
        cells: The cells.
        conditions: Those of the problem's conditions that hold here, each with its face by axis.
        time: The axis of time of a slab, along which nothing is shared; None for boxes.
        carry: State at the beginning of a slab, in place of initial conditions.
        units: Sizes of the fields, ``(f,)``, by which rows and unknowns are scaled: a pressure of
            1e5 shall not drown a velocity of 1e-3. 1 if None.
    """

    def __init__(
        self,
        equations: ProblemRows,
        reference: ReferenceCell,
        cells: Cells,
        conditions: Sequence[tuple[Linearization, Mapping[int, float]]],
        time: int | None = None,
        carry: Carry | None = None,
        units: Tensor | None = None,
    ) -> None:
        if len(cells) > MOST_CELLS:
            raise Unsolvable(
                f"{len(cells):,} cells would be needed at once, more than {MOST_CELLS:,}: is the "
                "solution smooth?"
            )
        self.equations = equations
        self.reference = reference
        self.cells = cells
        self.conditions = [what for what, _ in conditions]
        self.time = time
        self.carry = carry
        self.axes = cells.lower.shape[1]
        self.fields = len(equations.problem.fields)
        self.units = cells.lower.new_ones(self.fields) if units is None else units
        self.layout = Layout(equations, reference, cells, conditions, time, carry is not None)
        self.forms = self.layout.forms
        shared = [axis for axis in range(self.axes) if axis != time]
        centres = ((cells.lower + cells.upper) / 2)[:, shared].round(decimals=12)
        groups = [form.group for form in self.forms]
        self.elimination = Elimination(groups, self.layout.sizes, dissect(centres))
        self._targets: list[Tensor] = []
        self._weights: list[Tensor] = []  # of each form its rows' weights, (rows' kinds, G)
        half = cells.widths / 2  # the smaller one of the two cells of each piece
        self._halves = [half[list(p.cells), p.axis].min() for p in self.layout.pieces]

    @property
    def memory(self) -> int:
        """Bytes that its matrices and their factors take."""
        total = self.elimination.entries
        for form in self.forms:
            traces = sum(self.layout.sizes[n] for n in form.group.traces[0][1])
            total += len(form.group.members) * form.group.rows * (self.layout.width + traces)
        return 16 * total

    # -- values at nodes -----------------------------------------------------------------------

    def scale(self, members: Sequence[int], index: Orders) -> Tensor:
        """From reference derivatives to those of cells, ``(G,)``."""
        widths = self.cells.widths[list(members)]
        return ((2 / widths) ** widths.new_tensor(index)).prod(1)

    def points(self, members: Sequence[int], key: object) -> Tensor:
        """Nodes of cells in the domain, ``(G * n, d)``."""
        unit, chosen = self.reference.nodes(key), list(members)
        lower, widths = self.cells.lower[chosen], self.cells.widths[chosen]
        points = lower[:, None] + 0.5 * (unit + 1) * widths[:, None]
        if key == "check":  # a coefficient that jumps at a face is that of the cell, not the next
            inward = 1e-13 * widths[:, None] + 4e-16 * points.abs()
            points = points - inward * unit.round(decimals=9).trunc()
        return points.reshape(-1, self.axes)

    def at(
        self, members: Sequence[int], c: Tensor, key: object, names: Sequence[Name]
    ) -> dict[Name, Tensor]:
        """Values by name at nodes of cells, ``(G * n,)``; c has shape ``(G, f, r)``."""
        found = {}
        for field, index in names:
            values = c[:, field] @ self.reference.table(key, index).T
            found[field, index] = (values * self.scale(members, index)[:, None]).reshape(-1)
        return found

    def linear(
        self, what: Linearization, members: Sequence[int], c: Tensor, key: object
    ) -> tuple[Tensor, list[Slopes]]:
        """Rows ``(equations, G, n)``, and of each its slopes by name, ``(G, n)``."""
        values = self.at(members, c, key, what.names)
        rows, slopes = what.slopes(self.points(members, key), values)
        shape = (len(members), -1)
        shaped = [{name: s.reshape(shape) for name, s in each.items()} for each in slopes]
        return rows.reshape(what.equations, *shape), shaped

    def size(
        self, members: Sequence[int], slopes: Slopes, timed: bool, scales: Tensor | None = None
    ) -> Tensor:
        """What a row is divided by, ``(G,)``: its terms' sizes for functions of size 1.

        Args:
            members: The cells.
            slopes: The row's slope in each name.
            timed: Whether only the highest derivative in time counts, if there is one.
            scales: Sizes of the fields in place of 1.
        """
        names = list(slopes)
        if timed and self.time is not None:
            order = max((index[self.time] for _, index in names), default=0)
            names = [n for n in names if n[1][self.time] == order or not order]
        total = self.cells.lower.new_zeros(len(members))
        for name in names:
            term = slopes[name].abs().amax(1) * self.scale(members, name[1])
            total = total + (term if scales is None else term * scales[name[0]])
        return torch.where(total > 0, total, torch.ones_like(total))

    def gathered(self, found: Sequence[Tensor]) -> Tensor:
        """Coefficients of all cells, ``(K, f, r)``, from those of the forms in their units."""
        c = found[0].new_empty(len(self.cells), self.fields, self.reference.dictionary.size)
        for form, part in zip(self.forms, found, strict=True):
            c[form.group.members] = part.reshape(len(form.group.members), *c.shape[1:])
        return c * self.units[:, None]

    # -- matrices ------------------------------------------------------------------------------

    def matrices(self, c: Tensor) -> list[Tensor]:
        """One batch of matrices ``(G, N, M)`` per form, linearised about ``(K, f, r)``."""
        self._weights = []
        return [self._matrix(form, c[form.group.members]) for form in self.forms]

    def _matrix(self, form: Form, c: Tensor) -> Tensor:
        members, size = form.group.members, self.reference.dictionary.size
        traces = sum(self.layout.sizes[n] for n in form.group.traces[0][1])
        matrix = c.new_zeros(len(members), form.group.rows, self.layout.width + traces)
        row = 0
        weights = []

        def columns(field: int, count: int) -> Tensor:
            return matrix[:, row : row + count, field * size : (field + 1) * size]

        for what, key, weight in self.rows_of(form):
            _, slopes = self.linear(what, members, c, key)
            for each in slopes:
                factor = weight / self.size(members, each, key == "interior", self.units)
                weights.append(factor)
                for (field, index), slope in each.items():
                    by = factor * self.scale(members, index) * self.units[field]
                    scaled = slope * by[:, None]
                    block = columns(field, slope.shape[1])
                    block += scaled[..., None] * self.reference.table(key, index)
                row += len(self.reference.nodes(key))
        for field, order in self.layout.taken_over:
            table = self.reference.table(self.layout.bottom(), self._along(self.time, order))
            columns(field, len(table))[:] = WEIGHT * table
            row += len(table)
        column = self.layout.width
        for field, table, factor, _ in self.agreements(form):
            n = len(table)
            columns(field, n)[:] = factor[:, None, None] * table
            matrix[:, row : row + n, column : column + n] = -torch.eye(n).to(table)
            row, column = row + n, column + n
        self._weights.append(torch.stack(weights))
        return matrix

    def rows_of(self, form: Form) -> list[tuple[Linearization, object, float]]:
        """The equation and the conditions of a form, with their nodes and weights."""
        held = [(self.conditions[i], key, WEIGHT) for i, key in form.conditions]
        return [(self.equations.interior, "interior", 1.0), *held]

    def agreements(self, form: Form) -> list[tuple[int, Tensor, Tensor, Tensor]]:
        """Of each trace: field, table, factor ``(G,)`` and where it lies among all, ``(G, n)``."""
        found = []
        starts = self.elimination.starts
        for key, axis, numbers in form.sides:
            at = torch.tensor([starts[n] for n in numbers])
            half = torch.stack([self._halves[n] for n in numbers])
            for field, j in self.layout.shared_orders(axis):
                index = self._along(axis, j)
                table = self.reference.face_table(key, index)
                factor = WEIGHT / math.factorial(j) * half**j
                factor = factor * self.scale(form.group.members, index)
                found.append((field, table, factor, at[:, None] + torch.arange(len(table))))
                at = at + len(table)
        return found

    def _along(self, axis: int | None, order: int) -> Orders:
        return tuple(order if i == axis else 0 for i in range(self.axes))

    # -- what is lacking -----------------------------------------------------------------------

    def right_sides(self, c: Tensor, z: Tensor) -> list[Tensor]:
        """What the rows lack at coefficients ``(K, f, r)`` and all traces, per form."""
        if self.carry is not None and not self._targets:
            self._targets = [self._taken(form, self.carry) for form in self.forms]
        return [self._right(k, c, z) for k in range(len(self.forms))]

    def _right(self, k: int, c: Tensor, z: Tensor) -> Tensor:
        form, weights = self.forms[k], iter(self._weights[k])
        members, mine = form.group.members, c[form.group.members]
        parts = []
        for what, key, _ in self.rows_of(form):
            rows = what.values(self.points(members, key), self.at(members, mine, key, what.names))
            for values in rows.reshape(what.equations, len(members), -1):
                parts.append(-next(weights)[:, None] * values)
        parts += [WEIGHT * lack for lack in self.lacks(k, mine)]
        for field, table, factor, at in self.agreements(form):
            values = mine[:, field] @ table.T / self.units[field]
            parts.append(z[at] - factor[:, None] * values)
        return torch.cat(parts, 1)

    def lacks(self, k: int, c: Tensor) -> list[Tensor]:
        """The state to begin with less that of the coefficients, in units, at bottom nodes."""
        found = []
        for n, (field, order) in enumerate(self.layout.taken_over):
            table = self.reference.table(self.layout.bottom(), self._along(self.time, order))
            found.append(self._targets[k][n] - c[:, field] @ table.T / self.units[field])
        return found

    def _taken(self, form: Form, carry: Carry) -> Tensor:
        """A state at the bottom nodes, times and fields in units, ``(orders, G, n)``."""
        members = form.group.members
        points = self.points(members, self.layout.bottom())
        half = self.cells.widths[members, self.time][:, None] / 2
        orders = self.layout.taken_over
        found = {j: carry(points, j) for j in {j for _, j in orders}}
        return torch.stack(
            [found[j][:, f].reshape(len(members), -1) * half**j / self.units[f] for f, j in orders]
        )

    def carried_only(self, carry: Carry) -> list[Tensor]:
        """Right sides of the linearised rows for a disturbance of the state to begin with.

        All other rows lack nothing; none of a first slab, which has no such state.
        """
        right = []
        for form in self.forms:
            rows = self.cells.lower.new_zeros(len(form.group.members), form.group.rows)
            if self.layout.taken_over:
                row = sum(
                    what.equations * len(self.reference.nodes(key))
                    for what, key, _ in self.rows_of(form)
                )
                for values in self._taken(form, carry):
                    rows[:, row : row + values.shape[1]] = WEIGHT * values
                    row += values.shape[1]
            right.append(rows)
        return right
