"""Faults of a problem's statement, found before anything is solved."""

import torch
from torch import Tensor

from sgn_sciml.local_solver.checks.agreement import refuse_contradictions, refuse_seams
from sgn_sciml.local_solver.checks.balance import refuse_imbalance
from sgn_sciml.local_solver.checks.count import refuse_few_of_system
from sgn_sciml.local_solver.checks.direction import inflows, refuse_backward, refuse_outflow
from sgn_sciml.local_solver.linearization import Linearization, Unsolvable, spelled
from sgn_sciml.local_solver.problem_rows import ProblemRows
from sgn_sciml.pde import Problem

__all__ = ["rows_of"]

SPACE, TIME = 4, 2  # the highest derivatives along each coordinate
POINTS, DRAWS = 500, 24
SMALLEST, LARGEST = -6.0, 3.0  # sizes that fields are tried at, as powers of 10


def rows_of(problem: Problem, tolerance: float) -> ProblemRows:
    """The rows of a problem that can be solved, as far as its statement tells.

    Args:
        problem: The problem.
        tolerance: The error that is asked for; what contradicts by less is let pass.

    Raises:
        ValueError: If it cannot; the message says why.
    """
    if len(problem.coordinates) > 3:
        raise Unsolvable(
            f"{problem.law} has {len(problem.coordinates)} coordinates: local least squares is "
            "for one to three"
        )
    problem.check_conditions(built_in=False)
    equations = ProblemRows.of(problem)
    refuse_orders(equations)
    refuse_free_fields(equations)
    for what, face in [(equations.interior, {}), *equations.conditions]:
        refuse_undefined(problem, what, face)
    refuse_few(equations)
    refuse_few_of_system(equations)
    refuse_constants(equations)
    refuse_contradictions(equations, tolerance)
    refuse_seams(equations, tolerance)
    refuse_backward(equations)
    refuse_outflow(equations)
    refuse_imbalance(equations, tolerance)
    return equations


def refuse_orders(equations: ProblemRows) -> None:
    """Refuse derivatives of higher order than is supported; the message names one."""
    problem = equations.problem
    for name in equations.interior.names:
        for axis, (letter, order) in enumerate(zip(problem.coordinates, name[1], strict=True)):
            time = problem.evolving and 0 < axis == len(problem.coordinates) - 1
            most = TIME if time else SPACE
            if order > most:
                raise Unsolvable(
                    f"{problem.law} has {spelled(name, problem.coordinates, problem.fields)}, a "
                    f"derivative of order {order} along {letter}: local least squares takes "
                    f"orders up to {most} along it. A further field, equal to a derivative, "
                    "lowers it"
                )


def refuse_free_fields(equations: ProblemRows) -> None:
    """Refuse fields that no equation holds, and fewer equations than fields."""
    problem, interior = equations.problem, equations.interior
    held = {field for field, _ in interior.names}
    free = [name for field, name in enumerate(problem.fields) if field not in held]
    if free:
        raise Unsolvable(
            f"no equation of {problem.law} holds {' or '.join(free)}: its residual asks for "
            f"{' and '.join(problem.fields[f] for f in sorted(held))} only"
        )
    if interior.equations < len(problem.fields):
        raise Unsolvable(
            f"{problem.law} has {len(problem.fields)} fields, {', '.join(problem.fields)}, and "
            f"{interior.equations} equation{'' if interior.equations == 1 else 's'}: the residual "
            "must be one for each field, by name or in a list"
        )


def refuse_undefined(problem: Problem, what: Linearization, face: dict[int, float]) -> None:
    """Refuse a row that is not a number at some points, whatever the fields are there.

    Fields are drawn in all sizes and of both signs. Draws for which nothing is a number tell
    nothing: roots and logarithms of the fields have such.
    """
    generator = torch.Generator().manual_seed(4)
    unit = torch.rand(POINTS, len(problem.coordinates), generator=generator, dtype=torch.float64)
    points = on_face(problem.box_points(unit), face)
    lost = torch.ones(POINTS, dtype=torch.bool)
    told = 0
    for power in torch.linspace(SMALLEST, LARGEST, DRAWS).tolist():
        draw = torch.randn(2, len(what.names), generator=generator, dtype=torch.float64)
        levels = draw[0].sign() * 10 ** (power + draw[1])
        values = {n: v.expand(POINTS) for n, v in zip(what.names, levels, strict=True)}
        bad = ~what.values(points, values).isfinite().all(0)
        if bool(bad.all()):
            continue
        told += 1
        lost &= bad
    if told >= 3 and bool(lost.any()):
        first = points[lost.nonzero()[0, 0]].tolist()
        place = ", ".join(
            f"{name} = {value:.4g}" for name, value in zip(problem.coordinates, first, strict=True)
        )
        raise Unsolvable(
            f"{what.what} of {problem.law} is NaN or infinite at {int(lost.sum())} of {POINTS} "
            f"points, whatever the fields are there, for example at {place}"
        )


def refuse_few(equations: ProblemRows) -> None:
    """Refuse a single equation with fewer conditions along an axis than derivatives.

    Polynomials would solve it with fewer, and not what was meant.
    """
    problem = equations.problem
    if len(problem.fields) > 1 or equations.interior.equations > 1:
        return
    for axis, name in enumerate(problem.coordinates):
        order = equations.order(0, axis)
        open_ends = inflows(equations, axis)
        wanted = order if open_ends is None else open_ends
        count = sum(what.equations for what, face in equations.conditions if list(face) == [axis])
        if name not in problem.periodic and count < wanted:
            raise Unsolvable(
                f"{problem.law} has derivatives of order {order} along {name} and "
                f"{count} condition{'' if count == 1 else 's'} there: {equations.missing()}"
            )


def refuse_constants(equations: ProblemRows) -> None:
    """Refuse problems that hold some field by its derivatives alone."""
    problem = equations.problem
    zero = (0,) * len(problem.coordinates)
    rows = [equations.interior, *(what for what, _ in equations.conditions)]
    held = {field for what in rows for field, index in what.names if index == zero}
    for field, name in enumerate(problem.fields):
        if field not in held:
            last = len(problem.coordinates) - 1
            start = dict(zip(problem.coordinates, problem.domain[0], strict=True))
            where = "at a point"
            if problem.evolving and equations.order(field, last):
                where, start = "at the start", {problem.coordinates[-1]: problem.domain[0][-1]}
            raise Unsolvable(
                f"{problem.law} knows {name} up to a constant at best: its equation and "
                f"conditions hold derivatives of {name}, never {name} itself. Give its value "
                f'{where}, too, as in Condition("{name}", {start}, lambda d: d.{name})'
            )


def on_face(points: Tensor, face: dict[int, float]) -> Tensor:
    """Points moved onto a face."""
    points = points.clone()
    for axis, value in face.items():
        points[:, axis] = value
    return points
