r"""Whether what flows through all walls balances what is made inside.

With :math:`\sum_i c_i u_{x_i x_i} = f` and the slopes :math:`u_n = g` known on all walls, Gauss's
theorem leaves no solution unless the integral of f is that of :math:`c_n g` over the walls.
"""

import numpy as np
import torch
from torch import Tensor

from sgn_sciml.local_solver.linearization import Linearization, Unsolvable
from sgn_sciml.local_solver.problem_rows import ProblemRows

__all__ = ["refuse_imbalance"]

COARSE, FINE = 40, 56  # nodes along each coordinate: both must agree
SURE = 1e3  # times what they differ by


def refuse_imbalance(equations: ProblemRows, tolerance: float) -> None:
    """Refuse a Laplacian of constant coefficients between known slopes that do not balance it.

    Raises:
        Unsolvable: If there is no solution.
    """
    problem, interior = equations.problem, equations.interior
    axes = len(problem.coordinates)
    twice = [tuple(2 * int(i == axis) for i in range(axes)) for axis in range(axes)]
    if problem.evolving or problem.periodic or interior.equations > 1 or len(problem.fields) > 1:
        return
    if axes > 2 or {index for _, index in interior.names} != set(twice):
        return
    factors = constants(equations, interior, {}, [(0, index) for index in twice])
    walls = [wall_row(equations, axis, end) for axis in range(axes) for end in (0, 1)]
    if factors is None or any(wall is None for wall in walls):
        return
    sums = []
    for count in (COARSE, FINE):
        made, size = integral(equations, interior, {}, count)
        through = 0.0
        for wall in walls:
            assert wall is not None
            what, axis, end, slope = wall
            found, large = integral(equations, what, {axis: problem.domain[end][axis]}, count)
            through += (1 if end else -1) * factors[axis] * found / slope
            size += abs(factors[axis] / slope) * large
        sums.append((made, through, size))
    (a, b, _), (made, through, size) = sums
    gap, doubt = abs(through - made), abs(a - made) + abs(b - through)
    if gap > max(SURE * doubt, 30 * tolerance * size, 1e-9 * size):
        raise Unsolvable(
            f"{problem.law} has no solution: with slopes known on all walls, their integral over "
            f"the walls, {through:.6g}, must be that of the source inside, {made:.6g}"
        )


def wall_row(
    equations: ProblemRows, axis: int, end: int
) -> tuple[Linearization, int, int, float] | None:
    """The condition on a wall, if it is the only one and holds the slope alone."""
    problem = equations.problem
    name = (0, tuple(int(i == axis) for i in range(len(problem.coordinates))))
    face = {axis: problem.domain[end][axis]}
    here = [what for what, own in equations.conditions if own == face]
    if len(here) != 1 or here[0].names != [name] or here[0].equations != 1:
        return None
    slope = constants(equations, here[0], face, [name])
    return None if slope is None or not slope[0] else (here[0], axis, end, slope[0])


def constants(
    equations: ProblemRows,
    what: Linearization,
    face: dict[int, float],
    names: list[tuple[int, tuple[int, ...]]],
) -> list[float] | None:
    """The slopes of a row in its names, if they are the same for all fields and at all points."""
    points = equations.tried(face)
    if not what.linear_at(points):
        return None
    none = torch.zeros(len(points), dtype=torch.float64)
    _, (slopes,) = what.slopes(points, dict.fromkeys(what.names, none))
    found = torch.stack([slopes.get(name, none) for name in names])
    same = torch.allclose(found, found[:, :1].expand_as(found), rtol=1e-12, atol=0)
    return found[:, 0].tolist() if same else None


def integral(
    equations: ProblemRows, what: Linearization, face: dict[int, float], count: int
) -> tuple[float, float]:
    """The integral of what a row says where all fields are 0, negated, and of its size."""
    problem = equations.problem
    nodes, weights = (torch.from_numpy(v) for v in np.polynomial.legendre.leggauss(count))
    lines, shares = [], []
    for axis, (low, high) in enumerate(zip(*problem.domain, strict=True)):
        fixed = axis in face
        half = (high - low) / 2
        lines.append(nodes.new_tensor([face[axis]]) if fixed else low + half * (nodes + 1))
        shares.append(nodes.new_ones(1) if fixed else half * weights)
    points = torch.cartesian_prod(*lines).reshape(-1, len(lines))
    weight: Tensor = torch.cartesian_prod(*shares).reshape(-1, len(lines)).prod(1)
    none = torch.zeros(len(points), dtype=torch.float64)
    row = -what.values(points, dict.fromkeys(what.names, none))[0]
    return float((weight * row).sum()), float((weight * row.abs()).sum())
