"""Faults of a solution of a system: rows that are not met, or not finite."""

import torch
from torch import Tensor

from sgn_sciml.local_solver.forms import Form
from sgn_sciml.local_solver.system import WEIGHT, System

__all__ = ["misfits", "where_not_finite"]


def misfits(system: System, c: Tensor, scales: Tensor) -> Tensor:
    """How far each cell is from conditions, neighbours and the state it begins with, ``(K,)``.

    Root mean squares, beside what the fields add to a row; of a state beside the fields.
    """
    sums = c.new_zeros(sum(system.elimination.sizes))  # of both sides' values of each trace
    for form in system.forms:
        for field, table, factor, at in system.agreements(form):
            sums.index_add_(0, at.flatten(), sided(form, c, field, table, factor).flatten())
    worst = c.new_zeros(len(system.cells))
    for k, form in enumerate(system.forms):
        members = form.group.members
        found = [c.new_zeros(len(members))]
        for what, key, _ in system.rows_of(form)[1:]:
            rows, slopes = system.linear(what, members, c[members], key)
            for row, each in zip(rows, slopes, strict=True):
                size = system.size(members, each, False, scales)
                found.append(row.square().mean(1).sqrt() / size)
        lacks = zip(system.lacks(k, c[members]), system.layout.taken_over, strict=False)
        relative = system.units / scales
        found += [lack.square().mean(1).sqrt() * relative[f] for lack, (f, _) in lacks]
        for field, table, factor, at in system.agreements(form):
            lack = sided(form, c, field, table, factor) - sums[at] / 2
            found.append(lack.square().mean(1).sqrt() / (WEIGHT * scales[field]))
        worst[members] = torch.stack(found).amax(0)
    return worst


def sided(form: Form, c: Tensor, field: int, table: Tensor, factor: Tensor) -> Tensor:
    """What cells have for a trace, ``(G, n)``."""
    return factor[:, None] * (c[form.group.members, field] @ table.T)


def where_not_finite(system: System, c: Tensor) -> str:
    """Where a row's value or slope is not finite, in words; nothing if none is."""
    for form in system.forms:
        members = form.group.members
        for what, key, _ in system.rows_of(form):
            rows, slopes = system.linear(what, members, c[members], key)
            found = [*rows, *(s for each in slopes for s in each.values())]
            wrong = (~torch.stack(found).isfinite()).any(0).flatten()
            if bool(wrong.any()):
                point = system.points(members, key)[int(wrong.nonzero()[0, 0])]
                names = system.equations.problem.coordinates
                places = zip(names, point.tolist(), strict=True)
                at = ", ".join(f"{name} = {value:.4g}" for name, value in places)
                return f" ({what.what} at {at})"
    return ""
