r"""The direction of an equation of first order in time: in time, and through walls.

With terms of highest even order :math:`\sum_\alpha c_\alpha D^\alpha u` beside :math:`a\,u_t`,
waves of number k grow like :math:`\exp(-(-1)^m \sum_\alpha c_\alpha k^\alpha t / a)`, where
:math:`|\alpha| = 2m`: without bound for large k, if the sign is wrong. Of first order alone, it
carries values with the velocity :math:`c / a`, and takes conditions where that enters.
"""

import torch
from torch import Tensor

from sgn_sciml.local_solver.initial import initial_fields
from sgn_sciml.local_solver.linearization import Linearization, Name, Unsolvable, spelled
from sgn_sciml.local_solver.problem_rows import ProblemRows

__all__ = ["inflows", "refuse_backward", "refuse_outflow"]

POINTS, WAVES = 64, 32
TINY = 1e-6  # beside the largest coefficient: as good as 0


def refuse_backward(equations: ProblemRows) -> None:
    """Refuse parabolic equations that run backward from where their state is known.

    Raises:
        Unsolvable: If high waves would grow without bound; it names the term and a place.
    """
    problem, rate = equations.problem, rate_name(equations)
    if rate is None:
        return
    axis = len(problem.coordinates) - 1
    even = [n for n in equations.interior.names if sum(n[1]) % 2 == 0 and sum(n[1]) > 0]
    order = max((sum(index) for _, index in even), default=0)
    top = [name for name in even if sum(name[1]) == order]
    times = {face[axis] for _, face in equations.conditions if list(face) == [axis]}
    if not top or len(times) != 1:
        return
    time, (start, end) = times.pop(), (corner[axis] for corner in problem.domain)
    points = problem.box_points(uniform(POINTS, axis + 1))
    points[:, axis] = time
    slopes = known_slopes(equations, [rate, *top], points)
    if slopes is None or not bool((slopes[0].abs() > 0).all()):
        return
    waves = torch.randn(
        WAVES, axis + 1, generator=torch.Generator().manual_seed(7), dtype=torch.float64
    )
    shapes = torch.stack([(waves ** waves.new_tensor(index)).prod(1) for _, index in top])
    growth = -((-1) ** (order // 2)) * (slopes[1:] / slopes[0]).T @ shapes  # (N, waves)
    large = float(growth.abs().max())
    forward, back = (bool((s * growth > TINY * large).any()) for s in (1, -1))
    if (forward and time < end) or (back and time > start):
        sign = 1 if forward and time < end else -1
        k = int((sign * growth).amax(1).argmax())
        j = int((slopes[1:, k] / slopes[0, k]).abs().argmax())
        raise Unsolvable(backward_words(equations, time, sign, points[k], top[j], slopes[:, k], j))


def backward_words(
    equations: ProblemRows,
    time: float,
    sign: int,
    place: Tensor,
    term: Name,
    slopes: Tensor,
    j: int,
) -> str:
    """Why an equation cannot be solved away from a time."""
    problem = equations.problem
    letter = problem.coordinates[-1]
    name = spelled(term, problem.coordinates, problem.fields)
    field = problem.fields[0]
    ratio = float(slopes[1 + j] / slopes[0])
    where = ", ".join(
        f"{c} = {v:.4g}" for c, v in zip(problem.coordinates, place.tolist(), strict=True)
    )
    known = f"its state is known at {letter} = {time:g}, and "
    if sign < 0:
        known += f"it would have to be followed back to {letter} = {problem.domain[0][-1]:g}: "
    return (
        f"{problem.law} is ill-posed, as heat backward in time is: {known}"
        f"{field}_{letter} {'+' if ratio > 0 else '-'} {abs(ratio):.3g} {name} at {where} makes "
        f"short waves grow without bound {'after' if sign > 0 else 'before'} it, the faster the "
        "shorter"
    )


def refuse_outflow(equations: ProblemRows) -> None:
    """Refuse conditions on walls through which an equation of first order carries values out.

    Raises:
        Unsolvable: If there is one; it says where the inflow is.
    """
    problem = equations.problem
    for what, face in equations.conditions:
        if len(face) != 1:
            continue
        ((axis, value),) = face.items()
        corners = [corner[axis] for corner in problem.domain]
        if value not in corners or passage(equations, axis, value) <= 0:
            continue
        other = corners[1 - corners.index(value)]
        name = problem.coordinates[axis]
        given = any(own == {axis: other} for _, own in equations.conditions)
        needless = given or passage(equations, axis, other) > 0
        remedy = "leave it out" if needless else f"give it at {name} = {other:g}"
        raise Unsolvable(
            f"{what.what} of {problem.law} at {name} = {value:g} is at an outflow, where the "
            f"equation carries {problem.fields[0]} out of the domain: {remedy}"
        )


def inflows(equations: ProblemRows, axis: int) -> int | None:
    """How many walls of an axis are inflows; None if that is not known."""
    ends = [passage(equations, axis, corner[axis]) for corner in equations.problem.domain]
    return ends.count(-1) if all(ends) else None


def passage(equations: ProblemRows, axis: int, value: float) -> int:
    """Whether an equation of first order carries values out (1) or in (-1) through all of a wall.

    Its velocity may depend on the field: then those of the initial state and of the wall count.
    0 where it goes both ways, is not known, or the equation is of another kind.
    """
    problem, rate = equations.problem, rate_name(equations)
    last = len(problem.coordinates) - 1
    if rate is None or axis == last or problem.coordinates[axis] in problem.periodic:
        return 0
    if any(sum(index) > 1 for _, index in equations.interior.names):
        return 0
    index = tuple(int(i == axis) for i in range(last + 1))
    outward = 1.0 if value == problem.domain[1][axis] else -1.0
    late = problem.box_points(uniform(POINTS, last + 1))
    late[:, axis] = value
    early = late.clone()
    early[:, last] = problem.domain[0][last]
    walls = [what for what, face in equations.conditions if face == {axis: value}]
    signs = set()
    for points, held in ((early, None), (late, walls)):
        slopes = known_slopes(equations, [rate, (0, index)], points, held)
        if slopes is None or not bool((slopes[0].abs() > 0).all()):
            return 0
        velocity = outward * slopes[1] / slopes[0]
        velocity = torch.where(velocity.abs() > TINY * velocity.abs().max(), velocity, 0)
        signs |= set(velocity.sign().tolist())
    return int(signs.pop()) if len(signs) == 1 else 0


def rate_name(equations: ProblemRows) -> Name | None:
    """The name of the first derivative in time of a single field, if it stands alone."""
    problem, interior = equations.problem, equations.interior
    axis = len(problem.coordinates) - 1
    if not problem.evolving or not axis or len(problem.fields) > 1 or interior.equations > 1:
        return None
    rate = (0, (*(0,) * axis, 1))
    others = [name for name in interior.names if name[1][axis] and name != rate]
    return None if others or rate not in interior.names else rate


def known_slopes(
    equations: ProblemRows,
    names: list[Name],
    points: Tensor,
    walls: list[Linearization] | None = None,
) -> Tensor | None:
    """Slopes of the equation at points, ``(names, N)``; None where they are not known.

    They are if they do not depend on the field, or on its value alone, which is that of the
    initial state, or on a wall what its condition says.
    """
    zero = (0, (0,) * points.shape[1])
    found = drawn_slopes(equations, names, points, {})
    if found is not None:
        return found
    state = initial_fields(equations, points) if walls is None else wall_values(walls, points)
    return None if state is None else drawn_slopes(equations, names, points, {zero: state[:, 0]})


def wall_values(walls: list[Linearization], points: Tensor) -> Tensor | None:
    """The field on a wall, if one of its conditions is linear in the value alone, ``(N, 1)``."""
    zero = (0, (0,) * points.shape[1])
    none = torch.zeros(len(points), dtype=torch.float64)
    for what in walls:
        if what.names == [zero] and what.equations == 1 and what.linear_at(points):
            (row,), (slopes,) = what.slopes(points, {zero: none})
            slope = slopes.get(zero, none)
            return (-row / slope)[:, None] if bool((slope != 0).all()) else None
    return None


def drawn_slopes(
    equations: ProblemRows, names: list[Name], points: Tensor, known: dict[Name, Tensor]
) -> Tensor | None:
    """Slopes at points, ``(names, N)``, if they are the same whatever is not known."""
    none = torch.zeros(len(points), dtype=torch.float64)
    found = []
    for seed in (8, 9):
        generator = torch.Generator().manual_seed(seed)
        draw = torch.rand(
            len(equations.interior.names), len(points), generator=generator, dtype=torch.float64
        )
        values = dict(zip(equations.interior.names, draw, strict=True))
        values |= {name: v for name, v in known.items() if name in values}
        _, (slopes,) = equations.interior.slopes(points, values)
        found.append(torch.stack([slopes.get(name, none) for name in names]))
    first, second = found
    same = torch.allclose(first, second, rtol=1e-9, atol=0) and bool(first.isfinite().all())
    return first if same else None


def uniform(count: int, axes: int) -> Tensor:
    """Points of the unit cube, the same ones always."""
    generator = torch.Generator().manual_seed(6)
    return torch.rand(count, axes, generator=generator, dtype=torch.float64)
