"""The hash of a problem follows what it says, not how."""

import torch

from sgn_sciml.local_solver.checks.fingerprint import fingerprint
from sgn_sciml.local_solver.problem_rows import ProblemRows
from sgn_sciml.pde import Burgers, Condition
from tests.local_solver.gallery.illposed import PI, RIGHT, Heat


def of(**other):
    return fingerprint(ProblemRows.of(type("Other", (Heat,), {"law": "heat", **other})()))


def test_it_is_the_same_for_the_same_equation():
    assert of() == of() == fingerprint(ProblemRows.of(Heat()))
    assert of(residual=lambda self, d: -(d.u_xx - d.u_t)) == of()
    start = Condition("initial", {"t": 0.0}, lambda d: -torch.sin(d.x * PI) + d.u)
    assert of(conditions=(start, *Heat.conditions[1:])) == of()


def test_it_differs_for_others():
    start, left, _ = Heat.conditions
    warm = Condition("left", left.face, lambda d: d.u - 0.1)
    narrow = Condition(
        "initial",
        start.face,
        lambda d: start.residual(d) - 1e-3 * torch.exp(-1e4 * (d.x - 0.4) ** 2),
    )
    found = [
        of(),
        of(residual=lambda self, d: d.u_t - 1.0001 * d.u_xx),
        of(residual=lambda self, d: d.u_t - d.u_xx + 1e-4 * torch.sin(9 * d.u)),
        of(conditions=(start, warm, RIGHT)),
        of(conditions=(narrow, left, RIGHT)),
        of(domain=((0.0, 0.0), (1.0, 0.6))),
        of(periodic=frozenset("x")),
        *(fingerprint(ProblemRows.of(Burgers(nu=nu))) for nu in (0.05, 0.0500001)),
    ]
    assert len(set(found)) == len(found)
