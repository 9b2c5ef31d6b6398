"""Rows and traces of each cell: cells of one form share the shape of their matrices."""

import math
from collections.abc import Mapping, Sequence

import torch

from sgn_sciml.local_solver.cells import Cells, Piece
from sgn_sciml.local_solver.elimination import MatrixGroup
from sgn_sciml.local_solver.linearization import Linearization
from sgn_sciml.local_solver.problem_rows import ProblemRows
from sgn_sciml.local_solver.reference_cell import ReferenceCell

__all__ = ["Form", "Layout"]

Conditions = Sequence[tuple[Linearization, Mapping[int, float]]]


class Form:
    """What all cells of a group have.

    Attributes:
        conditions: Numbers of conditions, each with the nodes of the face where it holds.
        sides: Of each shared piece of a face, its place in the cell's columns, the nodes, the axis
            along its normal, and of each cell the number of the piece.
        group: The cells.
    """

    def __init__(self, width: int) -> None:
        self.conditions: list[tuple[int, object]] = []
        self.sides: list[tuple[object, int, list[int]]] = []
        self.group = MatrixGroup(0, width)


class Layout:
    """The forms of cells.

    Args:
        equations: The problem's rows.
        reference: Tables on the reference cell.
        cells: The cells.
        conditions: Those conditions that hold here.
        time: The axis of time of a slab, along which nothing is shared; None for boxes.
        carries: Whether a slab takes over a state.
    """

    def __init__(
        self,
        equations: ProblemRows,
        reference: ReferenceCell,
        cells: Cells,
        conditions: Conditions,
        time: int | None,
        carries: bool,
    ) -> None:
        self.equations = equations
        self.reference = reference
        self.cells = cells
        self.time = time
        self.axes = reference.dictionary.axes
        self.fields = range(len(equations.problem.fields))
        self.width = len(self.fields) * reference.dictionary.size
        shared = [axis for axis in range(self.axes) if axis != time]
        self.pieces = [p for p in cells.pieces(shared) if self.shared_orders(p.axis)]
        degree = reference.dictionary.degree
        self.trace_size = math.comb(degree + self.axes - 1, self.axes - 1)
        self.sizes = [len(self.shared_orders(p.axis)) * self.trace_size for p in self.pieces]
        self.taken_over = self.initial_orders() if carries else []
        self.forms: list[Form] = []
        self._collect(conditions)

    def shared_orders(self, axis: int) -> list[tuple[int, int]]:
        """Fields and orders of their derivatives that neighbours along an axis agree on."""
        return [(f, j) for f in self.fields for j in range(self.equations.order(f, axis))]

    def initial_orders(self) -> list[tuple[int, int]]:
        """Fields and orders of their derivatives in time that a slab begins with."""
        assert self.time is not None
        return self.shared_orders(self.time)

    def bottom(self) -> object:
        """The nodes at the beginning of a slab."""
        assert self.time is not None
        return self.face_nodes({self.time: -1.0})

    def face_nodes(self, places: Mapping[int, float]) -> object:
        """The nodes of a whole face where a condition holds."""
        begins = self.time in places
        degree, ones = self.reference.dictionary.degree, [1.0] * self.axes
        count = degree + 4
        if begins and self.axes <= 2:  # the state at the beginning of a strip carries its rows
            count = 2 * self.reference.nodes_per_axis
        return self.reference.piece(dict(places), [-v for v in ones], ones, count, ends=begins)

    def _collect(self, conditions: Conditions) -> None:
        """MatrixGroup cells by their conditions and pieces of faces."""
        sides: list[list[tuple[int, object]]] = [[] for _ in range(len(self.cells))]
        for number, piece in enumerate(self.pieces):
            for side, cell in zip((1.0, -1.0), piece.cells, strict=True):
                sides[cell].append((number, self._piece_nodes(piece, cell, side)))
        known: dict[object, Form] = {}
        for k in range(len(self.cells)):
            held = tuple(
                (i, self.face_nodes(places))
                for i, (_, face) in enumerate(conditions)
                if (places := self._places(k, face)) is not None
            )
            key = (held, tuple((nodes, self.pieces[n].axis) for n, nodes in sides[k]))
            if key not in known:
                known[key] = form = Form(self.width)
                form.conditions = list(held)
                form.sides = [(nodes, self.pieces[n].axis, []) for n, nodes in sides[k]]
                form.group.rows = self._rows(form, conditions)
                self.forms.append(form)
            form = known[key]
            form.group.members.append(k)
            form.group.traces.append(([], [n for n, _ in sides[k]]))
            for (_, _, numbers), (number, _) in zip(form.sides, sides[k], strict=True):
                numbers.append(number)

    def _places(self, cell: int, face: Mapping[int, float]) -> dict[int, float] | None:
        """Where a face lies in the reference coordinates of a cell that it is a side of."""
        places: dict[int, float] = {}
        for axis, value in face.items():
            tiny = 1e-9 * float(self.cells.widths[cell, axis])
            for side, corner in ((-1.0, self.cells.lower), (1.0, self.cells.upper)):
                if abs(float(corner[cell, axis]) - value) <= tiny:
                    places[axis] = side
        return places if len(places) == len(face) else None

    def _piece_nodes(self, piece: Piece, cell: int, side: float) -> object:
        corners = torch.tensor([piece.lower, piece.upper], dtype=torch.float64)
        relative = self.cells.to_reference(cell, corners.to(self.cells.lower))
        lower, upper = relative.round(decimals=12).tolist()
        count = self.reference.dictionary.degree + 1
        return self.reference.piece({piece.axis: side}, lower, upper, count)

    def _rows(self, form: Form, conditions: Conditions) -> int:
        rows = self.equations.interior.equations * len(self.reference.interior)
        for i, nodes in form.conditions:
            rows += conditions[i][0].equations * len(self.reference.nodes(nodes))
        if self.taken_over:
            rows += len(self.taken_over) * len(self.reference.nodes(self.bottom()))
        for _, axis, _ in form.sides:
            rows += len(self.shared_orders(axis)) * self.trace_size
        return rows
