r"""The number of conditions that a system takes along a coordinate: a determinant's degree.

The linearised equations at a point, with a derivative along the coordinate replaced by s and those
along the others by drawn numbers, are a matrix of polynomials in s. Its determinant is one, too,
and the solutions that it leaves along the coordinate are as many as its degree: 4 for two
velocities and the pressure of a flow, whose orders add up to 5.
"""

import torch
from torch import Tensor

from sgn_sciml.local_solver.linearization import Unsolvable
from sgn_sciml.local_solver.problem_rows import ProblemRows

__all__ = ["conditions_along", "refuse_few_of_system"]

RADII = (1e5, 1e6)  # at which the degree is read off the growth of the determinant
NEAR = 0.05  # to a whole number, else it is not known


def refuse_few_of_system(equations: ProblemRows) -> None:
    """Refuse systems with fewer conditions along a coordinate than they take.

    Along space only where a field with second derivatives is in no condition of some wall: waves
    of first order may leave through walls that have none.
    """
    problem = equations.problem
    if len(problem.fields) < 2:
        return
    last = len(problem.coordinates) - 1
    for axis, name in enumerate(problem.coordinates):
        if name in problem.periodic:
            continue
        time = problem.evolving and axis == last
        walls = [corner[axis] for corner in problem.domain[: 1 if time else 2]]
        bare = [
            f"{field} at {name} = {wall:g}"
            for f, field in enumerate(problem.fields)
            for wall in walls
            if equations.order(f, axis) > (0 if time else 1) and not equations.holds(f, axis, wall)
        ]
        count = sum(what.equations for what, face in equations.conditions if list(face) == [axis])
        wanted = conditions_along(equations, axis) if bare else None
        if wanted is not None and count < wanted:
            raise Unsolvable(
                f"the equations of {problem.law} take {wanted} conditions along {name}, there "
                f"{'is' if count == 1 else 'are'} {count}: none holds {', nor '.join(bare)}"
            )


def conditions_along(equations: ProblemRows, axis: int) -> int | None:
    """How many conditions a square system takes along a coordinate; None if that is not clear."""
    problem, interior = equations.problem, equations.interior
    fields = len(problem.fields)
    if interior.equations != fields:
        return None
    points = equations.tried({})
    generator = torch.Generator().manual_seed(11)
    draw = torch.rand(len(interior.names), len(points), generator=generator).double() + 0.5
    values = dict(zip(interior.names, draw, strict=True))
    _, slopes = interior.slopes(points, values)
    lengths = [b - a for a, b in zip(*problem.domain, strict=True)]
    others = 1 + torch.rand(len(lengths), generator=generator).double()
    sizes = []
    for radius in RADII:
        s = others.clone()
        s[axis] = radius
        matrix = points.new_zeros(len(points), fields, fields)
        for i, row in enumerate(slopes):
            for (f, index), slope in row.items():
                matrix[:, i, f] += slope * waves(s, index, lengths)
        if not bool(matrix.isfinite().all()):
            return None
        sizes.append(torch.linalg.slogdet(matrix).logabsdet)
    degrees = (sizes[1] - sizes[0]) / torch.log(torch.tensor(RADII[1] / RADII[0]).double())
    whole = degrees.round()
    if not bool(((degrees - whole).abs() < NEAR).all()) or len(set(whole.tolist())) != 1:
        return None
    return int(whole[0])


def waves(s: Tensor, index: tuple[int, ...], lengths: list[float]) -> float:
    """What a derivative multiplies by, with coordinates in units of the domain."""
    factors = [(float(v) / h) ** n for v, n, h in zip(s, index, lengths, strict=True)]
    return float(torch.tensor(factors, dtype=torch.float64).prod())
