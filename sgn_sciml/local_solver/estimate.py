"""What a residual does to the solution within a slab, and errors on their way through time."""

import torch
from torch import Tensor

from sgn_sciml.local_solver.linearization import Name
from sgn_sciml.local_solver.local_solution import Slab, evaluate
from sgn_sciml.local_solver.reference_cell import ReferenceCell
from sgn_sciml.local_solver.system import System

__all__ = ["carried_error", "end_size", "slab_errors", "state_at"]


def state_at(reference: ReferenceCell, part: Slab, points: Tensor, order: int = 0) -> Tensor:
    """Fields, or their derivatives in time, at points of a slab, ``(N, f)``."""
    axes = reference.dictionary.axes
    index = tuple(order if i == axes - 1 else 0 for i in range(axes))
    fields = range(part.coefficients.shape[1])
    return evaluate(reference.dictionary, part, points, [(f, index) for f in fields])


def slab_errors(system: System, part: Slab, scales: Tensor) -> tuple[Tensor, Tensor]:
    """Of each strip the error that its residual makes within the slab.

    That is the integral of the residual from the slab's beginning, over the slope in the time
    derivative: a residual that changes sign many times, as least squares leave it, moves the
    solution by far less than its size.

    Returns:
        The largest root mean square over space, beside the fields' scales, ``(K,)``, and the
        error at the equation's nodes at the time when it is reached, ``(K, f, n)``.
    """
    reference, c = system.reference, part.coefficients
    count = len(system.cells)
    rows, slopes = system.linear(system.equations.interior, range(count), c, "check")
    worst = c.new_zeros(count)
    pattern = c.new_zeros(count, c.shape[1], len(reference.interior))
    for row, each in zip(rows, slopes, strict=True):
        field, size = _effect(system, each, scales)
        along_time = (row / size).reshape(count, -1, reference.nodes_per_axis + 1)
        integral = along_time @ (reference.integration() / 2).T
        rms = integral.square().mean(1).sqrt()
        worst = torch.maximum(worst, rms.amax(1) / scales[field])
        at = rms.argmax(1)[:, None, None].expand(-1, integral.shape[1], 1)
        pattern[:, field] += integral.gather(2, at)[..., 0] @ reference.interpolation().T
    return torch.maximum(worst, system.misfits(c) / scales.max()), pattern


def _effect(system: System, slopes: dict[Name, Tensor], scales: Tensor) -> tuple[int, Tensor]:
    """The field that an equation moves most, and its residual over what that adds to it."""
    assert system.time is not None
    time, everyone = system.time, range(len(system.cells))
    length = system.cells.widths[:, time]
    order = max((index[time] for _, index in slopes), default=0)
    sizes = {}
    for name, slope in slopes.items():
        if name[1][time] == order:
            size = slope.abs().amax(1) * scales[name[0]]
            sizes[name] = size / length if order else size * system.scale(everyone, name[1])
    name = max(sizes, key=lambda n: float(sizes[n].sum()))
    return name[0], (sizes[name] / scales[name[0]])[:, None]


def carried_error(system: System, before: Slab | None, own: Tensor) -> Slab:
    """Send the errors of earlier slabs through a slab, and add its own.

    They are a state at the beginning of the equation linearised about the solution, whose matrix
    is at hand; so they decay, grow and travel as the flow has them.

    Args:
        system: The slab as it was solved last.
        before: The errors at the end of the slab before; None for the first.
        own: The slab's own errors at the equation's nodes, ``(K, f, n)``.

    Returns:
        The errors of all slabs so far, on the cells of this one.
    """
    reference = system.reference
    coefficients = own @ reference.fit().T
    if before is not None:
        right = system.carried_only(
            lambda points, order: state_at(reference, before, points, order)
        )
        sent = system.gathered(system.elimination.solve(right)[0])
        if bool(sent.isfinite().all()):
            coefficients = coefficients + sent
    return Slab(system.cells, coefficients)


def end_size(reference: ReferenceCell, part: Slab, scales: Tensor, share: Tensor) -> float:
    """Root mean square of the fields at the end of a slab, beside their scales."""
    last = reference.dictionary.axes - 1
    ones = [1.0] * (last + 1)
    key = reference.piece({last: 1.0}, [-v for v in ones], ones, reference.nodes_per_axis)
    table = reference.table(key, (0,) * (last + 1))
    means = (part.coefficients @ table.T).square().mean(2) * share[:, None]
    return float((means.sum(0).sqrt() / scales).max())
