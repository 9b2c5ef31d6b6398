"""From a network and a residual to a program."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from torch import Tensor

import sgn_sciml.jets.rules  # noqa: F401 - what calls of torch do to jets
from sgn_sciml.jets.jet import Jet
from sgn_sciml.jets.plan import VALUE, Plan
from sgn_sciml.jets.program import Program, Unrecordable
from sgn_sciml.jets.quadrature import IntegrationDomain
from sgn_sciml.jets.terms import Terms, resolved

__all__ = ["Residual", "record", "record_values", "rows"]

Residual = Callable[[Any], Any]


def record(
    function: Callable[[Any], Any],
    residual: Residual,
    points: Tensor,
    coordinates: Sequence[str],
    fields: Sequence[str],
    plan: Plan | None = None,
    domain: IntegrationDomain | None = None,
) -> Program:
    """Record a residual of a network's fields.

    Args:
        function: Maps points ``(N, d)`` to fields ``(N, f)``, each row on its own.
        residual: Maps derivatives by name to what should vanish: one thing ``(N,)``, or several
            in a mapping, list or tuple.
        points: The points, shape ``(N, d)``.
        coordinates: One-letter names of the d coordinates.
        fields: Names of the f fields.
        plan: The streams; found by a first recording of the residual if None.
        domain: Where integrals go without limits of their own.

    Returns:
        The program.

    Raises:
        Unrecordable: If the network or the residual does what jets have no rule for.
        ValueError: If the network has another number of outputs.
    """
    names = coordinates, fields
    if plan is None:
        trial = Program(None, points)
        values = Jet(trial, trial.append("input", width=len(fields)))
        _outputs(trial, residual, Terms(trial, values, values, *names, domain=domain))
        plan = Plan.fewest(len(coordinates), trial.wanted)
    program = Program(plan, points)
    inputs = Jet(program, program.append("input", width=len(coordinates)))
    values = function(inputs)
    if not isinstance(values, Jet):
        raise Unrecordable("a network that does not depend on its points")
    if values.vector or values.width != len(fields):
        raise ValueError(
            f"expected fields {tuple(fields)} of shape {(len(points), len(fields))}, "
            f"got {tuple(values.shape)}"
        )
    terms = Terms(program, inputs, values, *names, function, domain)
    _outputs(program, residual, terms)
    return program


def record_values(function: Callable[[Any], Any], points: Tensor) -> Program:
    """Record a function without derivatives.

    What it computes where gradients are switched off carries none.

    Args:
        function: Maps points ``(N, d)`` to values ``(N, C)``, each row on its own.
        points: The points, shape ``(N, d)``.

    Returns:
        The program, whose only output is all values.

    Raises:
        Unrecordable: If the function does what jets have no rule for.
    """
    program = Program(Plan(points.shape[1], (VALUE,)), points)
    values = function(Jet(program, program.append("input", width=points.shape[1])))
    if not isinstance(values, Jet) or values.vector:
        raise Unrecordable("a function that does not map points to rows of values")
    program.outputs.append(values.node)
    return program


def rows(found: Any) -> list[Any]:
    """What a residual returned, one thing per equation: a mapping, a list, a tuple or one."""
    if isinstance(found, Mapping):
        return list(found.values())
    return list(found) if isinstance(found, (list, tuple)) else [found]


def _outputs(program: Program, residual: Residual, terms: Terms) -> None:
    """Record the residual."""
    for row in rows(residual(terms)):
        jet = resolved(row)
        if not isinstance(jet, Jet):
            raise Unrecordable("a residual that depends on no field")
        if not jet.vector:
            raise Unrecordable("a residual that is not one number per point")
        program.outputs.append(jet.node)
    if not program.outputs:
        raise Unrecordable("a residual that returns nothing")
