"""The state that a problem begins with, from its initial conditions."""

import torch
from torch import Tensor

from sgn_sciml.local_solver.linearization import Unsolvable
from sgn_sciml.local_solver.problem_rows import ProblemRows

__all__ = ["initial_fields", "refuse_disagreement"]


def initial_fields(equations: ProblemRows, points: Tensor) -> Tensor | None:
    """Fields at the beginning at points ``(N, d)``, ``(N, f)``.

    None if the initial conditions ask for more than values.
    """
    axis = len(equations.problem.coordinates) - 1
    fields = len(equations.problem.fields)
    zero = (0,) * (axis + 1)
    start = {axis: equations.problem.domain[0][axis]}
    usable = [
        what
        for what, face in equations.conditions
        if face == start and all(index == zero for _, index in what.names)
    ]
    if not usable:
        return None
    points = points.clone()
    points[:, axis] = equations.problem.domain[0][axis]
    u = points.new_zeros(len(points), fields)
    for _ in range(3):  # once, unless a condition is not linear
        rows, matrix = [], []
        for what in usable:
            found, slopes = what.slopes(points, {(f, zero): u[:, f] for f in range(fields)})
            for row, each in zip(found, slopes, strict=True):
                rows.append(row)
                none = torch.zeros_like(row)
                matrix.append(torch.stack([each.get((f, zero), none) for f in range(fields)], 1))
        a, b = torch.stack(matrix, 1), torch.stack(rows, 1)
        u = u - (torch.linalg.pinv(a) @ b[..., None])[..., 0]
    return u


def refuse_disagreement(equations: ProblemRows, tolerance: float) -> None:
    """Refuse initial values that contradict those at a wall: no smooth solution begins so.

    Raises:
        Unsolvable: If they differ at a corner by far more than a tolerance; it names the place.
    """
    problem = equations.problem
    axis = len(problem.coordinates) - 1
    zero = (0,) * (axis + 1)
    middle = (torch.tensor(problem.domain[0]) + torch.tensor(problem.domain[1])).double() / 2
    line = torch.linspace(0, 1, 200, dtype=torch.float64)[:, None].expand(-1, axis + 1)
    everywhere = initial_fields(equations, problem.box_points(line))
    size = 0.0 if everywhere is None else float(everywhere.abs().max())
    for what, face in equations.conditions:
        if axis in face or any(index != zero for _, index in what.names):
            continue
        point = middle[None].clone()
        point[0, axis] = problem.domain[0][axis]
        for i, value in face.items():
            point[0, i] = value
        u = initial_fields(equations, point)
        if u is None:
            return
        lack = what.values(point, {(f, zero): u[:, f] for f in range(u.shape[1])}).abs().max()
        if float(lack) > 30 * tolerance * size:
            places = " and ".join(f"{problem.coordinates[i]} = {v:g}" for i, v in face.items())
            raise Unsolvable(
                f"{what.what} of {problem.law} contradicts the initial values: they leave "
                f"{float(lack):.1e} of it at {places}"
            )
