"""A hash of a problem's statement: equal statements solve the same, whatever their code."""

import hashlib
import json

import torch
from torch import Tensor

from sgn_sciml.local_solver.linearization import Linearization
from sgn_sciml.local_solver.problem_rows import ProblemRows

__all__ = ["fingerprint"]

POINTS = 1000
DIGITS = 1e-9  # beside the largest value of a row: rounding differs between machines


def fingerprint(equations: ProblemRows) -> str:
    """A hash of the domain and of what each row says at drawn points, for drawn fields.

    Values and slopes count to nine digits. Comments and names of variables do not, nor does code
    that says the same otherwise.
    """
    problem = equations.problem
    found = hashlib.sha256()
    about: list[object] = [
        problem.law,
        problem.coordinates,
        problem.fields,
        sorted(problem.periodic),
    ]
    about += [[[float(v) for v in corner] for corner in problem.domain]]
    found.update(json.dumps(about).encode())
    for what, face in [(equations.interior, {}), *equations.conditions]:
        found.update(json.dumps([what.what, sorted(face.items()), sorted(what.names)]).encode())
        for values in said(equations, what, face):
            large = values[values.isfinite()].abs().max() if bool(values.isfinite().any()) else 0
            unit = max(DIGITS * float(large), 1e-300)
            steps = (values / unit).nan_to_num(0.5, 1e300, -1e300).round()
            found.update((steps + 0.0).numpy().tobytes())
    return found.hexdigest()


def said(equations: ProblemRows, what: Linearization, face: dict[int, float]) -> list[Tensor]:
    """Values and slopes of a row at some points, ``(N,)`` each."""
    problem = equations.problem
    generator = torch.Generator().manual_seed(10)
    unit = torch.rand(POINTS, len(problem.coordinates), generator=generator, dtype=torch.float64)
    points = problem.box_points(unit)
    for axis, value in face.items():
        points[:, axis] = value
    draw = torch.rand(len(what.names), POINTS, generator=generator, dtype=torch.float64) + 0.5
    names = sorted(what.names)
    rows, slopes = what.slopes(points, dict(zip(names, draw, strict=True)))
    none = torch.zeros(POINTS, dtype=torch.float64)
    return [*rows, *(each.get(name, none) for each in slopes for name in names)]
