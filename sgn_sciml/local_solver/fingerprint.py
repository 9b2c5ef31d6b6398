"""What an equation says, as a short text: two problems that say the same have the same."""

import hashlib
import json

import torch

from sgn_sciml.local_solver.problem_rows import ProblemRows
from sgn_sciml.pde import Problem

__all__ = ["fingerprint"]

POINTS = 64


def fingerprint(problem: Problem) -> str:
    """Twelve characters that change when the problem does.

    Its name and constants do not tell a user's equation that was edited from the one before. So
    the residuals of the equation and of the conditions are evaluated, at points and for values of
    the fields and their derivatives that are always the same.

    Args:
        problem: The problem.

    Raises:
        Unsolvable: If a residual is not a function of the fields at each point.
    """
    equations = ProblemRows.of(problem)
    names = problem.law, problem.coordinates, problem.fields, sorted(problem.periodic)
    content: list[object] = [*names, problem.domain]
    generator = torch.Generator().manual_seed(7)
    for rows, face in [(equations.interior, dict[int, float]()), *equations.conditions]:
        unit = torch.rand(
            POINTS, len(problem.coordinates), generator=generator, dtype=torch.float64
        )
        points = problem.box_points(unit)
        for axis, value in face.items():
            points[:, axis] = value
        values = {
            name: torch.rand(POINTS, generator=generator, dtype=torch.float64)
            for name in sorted(rows.names)
        }
        found = rows.values(points, values)
        content += [sorted(rows.names), sorted(face.items())]
        content += [f"{value:.8e}" for value in found.flatten().tolist()]  # less than rounding
    return hashlib.sha256(json.dumps(content).encode()).hexdigest()[:12]
