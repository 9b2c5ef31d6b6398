"""The effect of a residual within a slab, and errors on their way through time."""

import torch
from torch import Tensor

from sgn_sciml.local_solver.faults import misfits
from sgn_sciml.local_solver.linearization import Name
from sgn_sciml.local_solver.local_solution import Slab, evaluate
from sgn_sciml.local_solver.reference_cell import ReferenceCell
from sgn_sciml.local_solver.system import System

__all__ = ["carried_error", "largest_size", "overlooked", "slab_errors", "state_at"]


MISFIT = 100.0  # times the error of the residual: more is of another shape
FAR = 5.0  # times the residual at check nodes


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
    solution by far less than its size. Of a second derivative in time, it is the velocity that is
    moved so, and the solution by that times the slab's length.

    Returns:
        The largest root mean square over space, beside the fields' scales, ``(K,)``, and the
        error at the equation's nodes as it is at the time when that is reached, ``(K, f, n)``.
    """
    reference, c = system.reference, part.coefficients
    count = len(system.cells)
    rows, slopes = system.linear(system.equations.interior, range(count), c, "check")
    worst = c.new_zeros(count)
    pattern = c.new_zeros(count, c.shape[1], len(reference.interior))
    for row, each in zip(rows, slopes, strict=True):
        field, size, order = _effect(system, each, scales)
        along_time = (row / size).reshape(count, -1, reference.nodes_per_axis + 1)
        integral = along_time @ (reference.integration() / 2).T
        if order == 2:
            integral = integral * system.cells.widths[:, system.time, None, None]
        rms = integral.square().mean(1).sqrt()
        worst = torch.maximum(worst, rms.amax(1) / scales[field])
        at = rms.argmax(1)[:, None, None].expand(-1, integral.shape[1], 1)
        moved = integral.gather(2, at)[..., 0] @ reference.interpolation().T
        pattern[:, field] += moved * (reference.interior[:, -1] + 1) / 2 if order == 2 else moved
    lacking = misfits(system, c, scales)
    # What rows at faces lack acts as a residual there; its shape is not known, its size is.
    larger = (lacking / worst.clamp(min=1e-300)).clamp(1, MISFIT)
    return torch.maximum(worst, lacking), pattern * larger[:, None, None]


def _effect(system: System, slopes: dict[Name, Tensor], scales: Tensor) -> tuple[int, Tensor, int]:
    """The field that an equation moves most, what a residual is over per time, and the order."""
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
    return name[0], (sizes[name] / scales[name[0]])[:, None], order


def overlooked(
    system: System, part: Slab, scales: Tensor, share: Tensor, allowed: float
) -> list[int]:
    """Cells with something in them that no node of theirs has seen, as a source in few places.

    There the residual is far larger on many more nodes than on those where it is judged, and than
    is allowed.
    """
    everyone, c = range(len(system.cells)), part.coefficients
    what = system.equations.interior
    points = system.points(everyone, "dense")
    rows = what.values(points, system.at(everyone, c, "dense", what.names))
    judged, slopes = system.linear(what, everyone, c, "check")
    found = torch.zeros(len(system.cells), dtype=torch.bool, device=c.device)
    for row, seen, each in zip(rows, judged, slopes, strict=True):
        size = system.size(everyone, each, system.time is not None, scales)
        rms = row.reshape(len(system.cells), -1).square().mean(1).sqrt() / size
        known = seen.square().mean(1).sqrt() / size
        found |= (rms > FAR * known) & (rms * share.sqrt() > allowed)
    return found.nonzero()[:, 0].tolist()


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


def largest_size(reference: ReferenceCell, part: Slab, scales: Tensor, share: Tensor) -> float:
    """The largest root mean square of a slab's fields over space, beside their scales."""
    table = reference.table("check", (0,) * reference.dictionary.axes)
    values = part.coefficients @ table.T
    values = values.reshape(*values.shape[:2], -1, reference.nodes_per_axis + 1)
    means = (values.square().mean(2) * share[:, None, None]).sum(0)
    return float((means.sqrt() / scales[:, None]).max())
