r"""Least squares over cells that share traces on their faces, by orthogonal elimination.

Rows of a cell hold its own coefficients and the traces on its faces, :math:`A_k c_k + B_k z`. A QR
decomposition of each cell leaves a triangle in its traces only; two neighbours are joined by a QR
decomposition of their two triangles, which eliminates the traces between them, and so on up a
tree. Nothing is squared (normal equations would lose half the digits), cells of one form are
decomposed in one batch and equal matrices once, the cost is linear in the cells of a strip, and
further right sides take two passes of matrix-vector products.

References:
    George and Liu, *Computer solution of large sparse positive definite systems* (1981): nested
    dissection
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor

__all__ = ["Elimination", "MatrixGroup", "dissect"]

SINGULAR = 1e-13  # of a diagonal of a triangle beside its largest


@dataclass
class MatrixGroup:
    """Cells, or joints of two, whose matrices have one form.

    Attributes:
        rows: Rows of a matrix.
        eliminated: Its columns that end here; those of the remaining traces follow.
        members: Numbers of the cells or joints.
        traces: Of each member, the traces that end here (joints only) and those that remain.
        children: Of each joint, the two that it joins.
        columns: The columns of the two children within a joint's matrix.
    """

    rows: int
    eliminated: int
    members: list[int] = field(default_factory=list)
    traces: list[tuple[list[int], list[int]]] = field(default_factory=list)
    children: list[tuple[int, int]] = field(default_factory=list)
    columns: tuple[Tensor, Tensor] | None = None
    reflectors: tuple[Tensor, Tensor] | None = field(default=None, repr=False)
    triangles: Tensor | None = field(default=None, repr=False)
    kinds: Tensor | None = field(default=None, repr=False)

    def decompose(self, matrices: Tensor) -> None:
        """Factor matrices ``(G, N, M)``, equal ones once."""
        first, self.kinds = kinds_of(matrices)
        factor, tau = torch.geqrf(matrices[first] if len(first) < len(matrices) else matrices)
        self.reflectors = factor, tau
        self.triangles = factor[:, : min(factor.shape[1:])].triu()

    def triangle(self, position: int) -> Tensor:
        """The triangle of a member in the traces that remain."""
        assert self.triangles is not None
        kind = position if self.kinds is None else int(self.kinds[position])
        return self.triangles[kind, self.eliminated :, self.eliminated :]

    def rotate(self, right: Tensor) -> Tensor:
        """Right sides ``(G, N)`` in the basis of the triangles."""
        assert self.reflectors is not None
        assert self.triangles is not None
        factor, tau = self.reflectors
        if self.kinds is None:
            turned = torch.ormqr(factor, tau, right[..., None], transpose=True)[..., 0]
        else:
            turned = torch.empty_like(right)
            for i in range(len(factor)):
                mine = self.kinds == i
                turned[mine] = torch.ormqr(factor[i], tau[i], right[mine].T, transpose=True).T
        return turned[:, : self.triangles.shape[1]]

    def back(self, turned: Tensor, remaining: Tensor) -> Tensor:
        """The eliminated unknowns, from the remaining ones ``(G, R)``."""
        assert self.triangles is not None
        e = self.eliminated
        if self.kinds is None:
            right = turned[:, :e, None] - self.triangles[:, :e, e:] @ remaining[..., None]
            square = self.triangles[:, :e, :e]
            upward: Tensor = torch.linalg.solve_triangular(square, right, upper=True)
            return upward[..., 0]
        solved = turned.new_empty(len(turned), e)
        for i, triangle in enumerate(self.triangles):
            mine = self.kinds == i
            right = turned[mine, :e].T - triangle[:e, e:] @ remaining[mine].T
            solved[mine] = torch.linalg.solve_triangular(triangle[:e, :e], right, upper=True).T
        return solved


def kinds_of(matrices: Tensor) -> tuple[list[int], Tensor | None]:
    """The first of each kind of equal matrices, and each one's kind, None if all differ."""
    count = len(matrices)
    if count == 1:
        return [0], None
    sketch = matrices[:, ::7, ::3].sum((1, 2))
    if len(torch.unique(sketch)) == count:
        return list(range(count)), None
    first: list[int] = []
    kinds = []
    for i in range(count):
        same = (k for k, j in enumerate(first) if torch.equal(matrices[i], matrices[j]))
        kinds.append(next(same, len(first)))
        if kinds[-1] == len(first):
            first.append(i)
    return first, torch.tensor(kinds, device=matrices.device) if len(first) < count else None


def dissect(centres: Tensor) -> list[tuple[int, int]]:
    """Joints of a binary tree over K cells, children first; joint i has the number K + i."""
    joints: list[tuple[int, int]] = []

    def join(cells: Tensor) -> int:
        if len(cells) == 1:
            return int(cells[0])
        part = centres[cells]
        lines = [torch.unique(part[:, i]) for i in range(part.shape[1])]
        axis = max(range(len(lines)), key=lambda i: len(lines[i]))
        below = part[:, axis] < lines[axis][len(lines[axis]) // 2]
        a, b = join(cells[below]), join(cells[~below])
        joints.append((a, b))
        return len(centres) + len(joints) - 1

    join(torch.arange(len(centres)))
    return joints


class Elimination:
    """The order of elimination over a set of cells.

    Args:
        cells: Groups of cells of one form, with their traces.
        sizes: Unknowns of each trace.
        joints: The tree over the cells, as :func:`dissect` gives it.
    """

    def __init__(
        self, cells: list[MatrixGroup], sizes: Sequence[int], joints: list[tuple[int, int]]
    ) -> None:
        self.cells = cells
        self.sizes = list(sizes)
        self._at: dict[int, tuple[MatrixGroup, int]] = {}
        for group in cells:
            self._at |= {member: (group, i) for i, member in enumerate(group.members)}
        self.count = len(self._at)
        self.levels: list[list[MatrixGroup]] = []
        self.starts = [0]
        for size in self.sizes:
            self.starts.append(self.starts[-1] + size)
        self.entries = 0  # of the matrices of all joints
        self._plan(joints)

    def _plan(self, joints: list[tuple[int, int]]) -> None:
        remaining: dict[int, list[int]] = {}
        height: dict[int, int] = {}
        for group in self.cells:
            for member, (_, kept) in zip(group.members, group.traces, strict=True):
                remaining[member] = kept
                columns = group.eliminated + sum(self.sizes[k] for k in kept)
                height[member] = min(group.rows, columns) - group.eliminated
        level = dict.fromkeys(remaining, 0)
        forms: dict[int, dict[object, MatrixGroup]] = {}
        for number, (a, b) in enumerate(joints, self.count):
            both = set(remaining[a]) & set(remaining[b])
            ended = [k for k in remaining[a] if k in both]
            kept = [k for k in (*remaining[a], *remaining[b]) if k not in both]
            remaining[number], level[number] = kept, 1 + max(level[a], level[b])
            start: dict[int, int] = {}
            width = 0
            for key in (*ended, *kept):
                start[key] = width
                width += self.sizes[key]
            places = [
                [start[k] + i for k in remaining[child] for i in range(self.sizes[k])]
                for child in (a, b)
            ]
            eliminated = sum(self.sizes[k] for k in ended)
            rows = (height[a], height[b])
            height[number] = min(sum(rows), width) - eliminated
            form = (eliminated, rows, width, *map(tuple, places))
            groups = forms.setdefault(level[number], {})
            if form not in groups:
                left, right = (torch.tensor(c, dtype=torch.long) for c in places)
                groups[form] = MatrixGroup(sum(rows), eliminated, columns=(left, right))
            group = groups[form]
            self._at[number] = group, len(group.members)
            group.members.append(number)
            group.traces.append((ended, kept))
            group.children.append((a, b))
            self.entries += group.rows * width
        self.levels = [list(forms[n].values()) for n in sorted(forms)]

    def decompose(self, matrices: Sequence[Tensor]) -> None:
        """Factor: one batch ``(G, N, M)`` per group of cells."""
        for group, batch in zip(self.cells, matrices, strict=True):
            group.decompose(batch)
        for groups in self.levels:
            for group in groups:
                assert group.columns is not None
                widths = [sum(self.sizes[k] for k in (*e, *r)) for e, r in group.traces]
                joined = matrices[0].new_zeros(len(group.members), group.rows, widths[0])
                for i, (a, b) in enumerate(group.children):
                    upper, lower = (self._triangle(child) for child in (a, b))
                    joined[i, : len(upper), group.columns[0]] = upper
                    joined[i, len(upper) :, group.columns[1]] = lower
                group.decompose(joined)

    def _triangle(self, number: int) -> Tensor:
        group, position = self._at[number]
        return group.triangle(position)

    def solve(self, right: Sequence[Tensor]) -> tuple[list[Tensor], Tensor]:
        """The solution for right sides ``(G, N)`` per group of cells.

        Returns:
            Coefficients ``(G, M)`` per group of cells, and all traces in a row.
        """
        turned: dict[int, Tensor] = {}  # of each member, its part in the remaining traces
        whole: list[tuple[MatrixGroup, Tensor]] = []
        for group, batch in zip(self.cells, right, strict=True):
            whole.append((group, group.rotate(batch)))
            for member, row in zip(group.members, whole[-1][1], strict=True):
                turned[member] = row[group.eliminated :]
        for groups in self.levels:
            for group in groups:
                joined = torch.stack(
                    [torch.cat([turned[a], turned[b]]) for a, b in group.children]
                )
                whole.append((group, group.rotate(joined)))
                for member, row in zip(group.members, whole[-1][1], strict=True):
                    turned[member] = row[group.eliminated :]
        traces = right[0].new_zeros(self.starts[-1])
        found: list[Tensor] = []
        for group, rotated in reversed(whole):
            at = [self._indices(kept) for _, kept in group.traces]
            solved = group.back(rotated, traces[torch.stack(at)])
            if group.children:
                for (ended, _), values in zip(group.traces, solved, strict=True):
                    traces[self._indices(ended)] = values
            else:
                found.append(solved)
        return found[::-1], traces

    def _indices(self, keys: Sequence[int]) -> Tensor:
        places = [i for k in keys for i in range(self.starts[k], self.starts[k + 1])]
        return torch.tensor(places, dtype=torch.long)

    def undetermined(self) -> int:
        """Unknowns that the rows do not determine, as far as rounding lets one tell."""
        count = 0
        for group in (*self.cells, *(g for level in self.levels for g in level)):
            assert group.triangles is not None
            diagonal = group.triangles.diagonal(dim1=-2, dim2=-1)[:, : group.eliminated].abs()
            if diagonal.shape[1] < group.eliminated:
                count += (group.eliminated - diagonal.shape[1]) * len(group.members)
            if diagonal.numel():
                small = diagonal <= SINGULAR * diagonal.amax(1, keepdim=True)
                kinds = torch.arange(len(small)) if group.kinds is None else group.kinds.cpu()
                count += int(small.sum(1).cpu()[kinds].sum())
        return count
