"""The size of fields on their cells, and the part of it above a degree."""

from collections.abc import Sequence

import torch
from torch import Tensor

from sgn_sciml.local_solver.cells import Cells
from sgn_sciml.local_solver.local_solution import Slab
from sgn_sciml.local_solver.reference_cell import ReferenceCell, chebyshev_transform

__all__ = ["field_sizes", "high_part", "shares", "solution_tails", "state_tails"]


def shares(cells: Cells, lengths: Tensor, axes: Sequence[int]) -> Tensor:
    """The part of a domain that each cell takes along some axes, ``(K,)``."""
    chosen = list(axes)
    return (cells.widths[:, chosen] / lengths[chosen]).prod(1)


def field_sizes(reference: ReferenceCell, part: Slab, share: Tensor) -> Tensor:
    """Root mean square of each field at the equation's nodes, ``(f,)``."""
    table = reference.table("interior", (0,) * reference.dictionary.axes)
    means = (part.coefficients @ table.T).square().mean(2) * share[:, None]
    return means.sum(0).sqrt()


def solution_tails(
    reference: ReferenceCell, part: Slab, scales: Tensor, share: Tensor, degree: int
) -> Tensor:
    """Of each cell and axis, the size of its Chebyshev coefficients from a degree on, ``(K, d)``.

    Beside the fields' scales, and times the root of the cell's share, so that the squares sum to
    those of the domain.
    """
    a = part.coefficients / scales[:, None]
    a = torch.tensordot(a, reference.transform(), dims=([2], [-1]))
    return high_part(a, reference.dictionary.axes, degree) * share.sqrt()[:, None]


def state_tails(
    reference: ReferenceCell, values: Tensor, scales: Tensor, share: Tensor, degree: int
) -> Tensor:
    """As :func:`solution_tails` of a state at the Chebyshev nodes of strips, ``(K, f, q^s)``."""
    q, axes = reference.nodes_per_axis, reference.dictionary.axes - 1
    matrix = chebyshev_transform(q).to(values)
    a = values / scales.repeat(values.shape[1] // len(scales))[:, None]
    a = a.reshape(*values.shape[:2], *[q] * axes)
    for axis in range(axes):
        a = torch.tensordot(matrix, a, dims=([1], [2 + axis])).movedim(0, 2 + axis)
    return high_part(a, axes, degree) * share.sqrt()[:, None]


def high_part(coefficients: Tensor, axes: int, degree: int) -> Tensor:
    """Norms of coefficients ``(K, f, q, ...)`` from a degree on along each axis, ``(K, axes)``."""
    found = [
        coefficients.movedim(2 + axis, -1)[..., degree:].square().flatten(1).sum(1).sqrt()
        for axis in range(axes)
    ]
    return torch.stack(found, 1)
