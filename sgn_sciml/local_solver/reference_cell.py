"""Tables of a dictionary on the reference cell, each made once for all cells of all slabs."""

import math
from collections.abc import Sequence

import numpy as np
import torch
from numpy.polynomial import chebyshev
from torch import Tensor

from sgn_sciml.local_solver.dictionary import (
    Dictionary,
    Polynomials,
    chebyshev_nodes,
    chebyshev_table,
)

__all__ = ["ReferenceCell", "lobatto_nodes"]

DENSE = {1: 40, 2: 3, 3: 2}  # nodes of the last look along each axis, beside q
OVERSAMPLING = 2.15  # rows of the equation beside functions, in two coordinates


def lobatto_nodes(count: int, axes: int) -> Tensor:
    """Chebyshev nodes with both ends, ``(count^axes, axes)``."""
    line = -torch.cos(math.pi * torch.arange(count, dtype=torch.float64) / (count - 1))
    grids = torch.meshgrid(*[line] * axes, indexing="ij")
    return torch.stack([grid.reshape(-1) for grid in grids], -1)


class ReferenceCell:
    """Nodes of the reference cell and the functions and their derivatives there.

    Args:
        dictionary: The functions.
        device: Where the tables lie.
        full: Whether a field has no more than first derivatives along an axis of space: with
            fewer nodes than the degree along an axis its equation would not see all of it.

    Attributes:
        nodes_per_axis: Nodes q of the equation along each axis.
        interior: Gauss-Chebyshev nodes of the equation, ``(q^d, d)``.
        check: Nodes between them, faces included, where the residual is judged.
    """

    def __init__(
        self, dictionary: Dictionary, device: torch.device | str = "cpu", full: bool = False
    ) -> None:
        self.dictionary = dictionary
        self.device = torch.device(device)
        axes = dictionary.axes
        count = (
            (OVERSAMPLING * dictionary.size) ** 0.5 if axes == 2 else 1.1 * dictionary.degree + 2
        )
        if axes > 2:
            count = (1.6 * dictionary.size) ** (1 / axes)
        self.nodes_per_axis = max(math.ceil(count - 0.25), dictionary.degree + 1 if full else 4)
        self.interior = chebyshev_nodes(self.nodes_per_axis, axes).to(self.device)
        self.check = lobatto_nodes(self.nodes_per_axis + 1, axes).to(self.device)
        self._tables: dict[tuple[object, ...], Tensor] = {}
        dense = (DENSE.get(axes, DENSE[3]) * self.nodes_per_axis, axes)
        self._nodes: dict[object, Tensor] = {
            "interior": self.interior,
            "check": self.check,
            "dense": chebyshev_nodes(*dense).to(self.device),
        }

    def nodes(self, key: object) -> Tensor:
        return self._nodes[key]

    def piece(
        self,
        fixed: dict[int, float],
        lower: Sequence[float],
        upper: Sequence[float],
        count: int,
        ends: bool = False,
    ) -> object:
        """Nodes of a part of a face, by their key."""
        key = ("piece", tuple(sorted(fixed.items())), tuple(lower), tuple(upper), count, ends)
        if key not in self._nodes:
            axes = self.dictionary.axes
            free = [i for i in range(axes) if i not in fixed]
            make = lobatto_nodes if ends else chebyshev_nodes
            unit = make(count, len(free)) if free else torch.zeros(1, 0, dtype=torch.float64)
            nodes = unit.new_zeros(len(unit), axes)
            for axis, place in fixed.items():
                nodes[:, axis] = place
            for column, axis in enumerate(free):
                a, b = lower[axis], upper[axis]
                nodes[:, axis] = a + (b - a) * (unit[:, column] + 1) / 2
            self._nodes[key] = nodes.to(self.device)
        return key

    def table(self, key: object, index: tuple[int, ...]) -> Tensor:
        """Derivatives of the functions at nodes known by a key, ``(n, r)``."""
        if (key, index) not in self._tables:
            self._tables[key, index] = self.dictionary.values(self._nodes[key], index)
        return self._tables[key, index]

    def face_table(self, key: object, index: tuple[int, ...]) -> Tensor:
        """What two cells agree on at a piece of a face, ``(m, r)``.

        In two coordinates the values at its nodes; in three the polynomials of the cells' degree
        in them, which are half as many.
        """
        if self.dictionary.axes < 3:
            return self.table(key, index)
        if ("face", key, index) not in self._tables:
            q, degree = self.dictionary.degree + 1, self.dictionary.degree
            faces = Polynomials(degree, self.dictionary.axes - 1)
            values = faces.values(chebyshev_nodes(q, faces.axes), [0] * faces.axes)
            basis = torch.linalg.qr(values).Q.to(self.device)
            self._tables["face", key, index] = basis.T @ self.table(key, index)
        return self._tables["face", key, index]

    def fit(self) -> Tensor:
        """From values at the interior nodes to coefficients, ``(r, q^d)``."""
        zero = (0,) * self.dictionary.axes
        if ("fit", zero) not in self._tables:
            self._tables["fit", zero] = torch.linalg.pinv(self.table("interior", zero))
        return self._tables["fit", zero]

    def transform(self) -> Tensor:
        """From coefficients to those of Chebyshev products, ``(q,) * d + (r,)``."""
        zero = (0,) * self.dictionary.axes
        if ("transform", zero) not in self._tables:
            q, axes = self.nodes_per_axis, self.dictionary.axes
            line = chebyshev_transform(q).to(self.device)
            values = self.table("interior", zero).reshape(*[q] * axes, -1)
            for axis in range(axes):
                values = torch.tensordot(line, values, dims=([1], [axis])).movedim(0, axis)
            self._tables["chebyshev", zero] = values
        return self._tables["chebyshev", zero]

    def integration(self) -> Tensor:
        """From values at q + 1 Lobatto nodes to integrals from -1 to each, ``(q + 1, q + 1)``."""
        zero = (0,) * self.dictionary.axes
        if ("integration", zero) not in self._tables:
            count = self.nodes_per_axis + 1
            x = lobatto_nodes(count, 1)[:, 0].numpy()
            integrals = chebyshev.chebint(np.eye(count), lbnd=-1)
            matrix = chebyshev.chebvander(x, count) @ integrals
            matrix = matrix @ np.linalg.inv(chebyshev.chebvander(x, count - 1))
            self._tables["integration", zero] = torch.from_numpy(matrix).to(self.device)
        return self._tables["integration", zero]

    def interpolation(self) -> Tensor:
        """From values at the check nodes of a side along the last axis to the interior nodes."""
        zero = (0,) * self.dictionary.axes
        if ("interpolation", zero) not in self._tables:
            q, axes = self.nodes_per_axis, self.dictionary.axes
            table = chebyshev.chebvander(lobatto_nodes(q + 1, 1)[:, 0].numpy(), q)
            inner = chebyshev.chebvander(chebyshev_nodes(q, 1)[:, 0].numpy(), q)
            line = torch.from_numpy(inner @ np.linalg.inv(table))
            matrix = torch.ones(1, 1, dtype=torch.float64)
            for _ in range(axes - 1):
                matrix = torch.kron(matrix, line)
            ones = torch.ones(q, 1, dtype=torch.float64)
            self._tables["interpolation", zero] = torch.kron(matrix, ones).to(self.device)
        return self._tables["interpolation", zero]

    @property
    def middle(self) -> int:
        """The middle degree: what lies above it says whether a cell is small enough."""
        return max(round(0.45 * self.dictionary.degree), 2)


def chebyshev_transform(count: int) -> Tensor:
    """From values at Gauss-Chebyshev nodes to Chebyshev coefficients, ``(q, q)``."""
    table = chebyshev_table(chebyshev_nodes(count, 1)[:, 0], count - 1)
    matrix = 2 / count * table.T
    matrix[0] /= 2
    return matrix
