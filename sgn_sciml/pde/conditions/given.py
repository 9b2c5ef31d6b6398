"""Values of conditions: a number, a formula of the coordinates, or a formula as text."""

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from numbers import Real
from pathlib import Path
from typing import TYPE_CHECKING, Any

from torch import Tensor

from sgn_sciml.pde.conditions.expression import CONSTANTS, read_formula

if TYPE_CHECKING:
    from sgn_sciml.pde.problem import Problem

__all__ = ["Given", "given_by", "is_table"]

FILES = (".csv", ".npy", ".npz")
MADE_OF_CONDITIONS = ("conditions", "imposed", "built_in")  # not to be asked for here


def is_table(value: Any) -> bool:
    """Whether a value is an array or a file of numbers."""
    if isinstance(value, str | Path):
        return Path(value).suffix.lower() in FILES
    return isinstance(value, list | tuple) or (hasattr(value, "shape") and len(value.shape) > 0)


@dataclass(frozen=True)
class Given:
    """A number, or a formula.

    Attributes:
        source: What it was made of; two of one source are the same.
        names: Coordinates, and components of the normal such as ``n_x``, that it asks for.
        function: Maps them, in this order, to the value; None for a number.
        number: The number, which may be a tensor ``()``.
        whole: Whether it takes derivatives by name, as a residual does.
    """

    source: Any
    names: tuple[str, ...] = ()
    function: Callable[..., Any] | None = None
    number: float | Tensor = 0.0
    whole: bool = False

    def by(self, get: Callable[[str], Any]) -> Any:
        """Its value where coordinates are known by name."""
        if self.function is None:
            return self.number
        return self.function(*(get(name) for name in self.names))

    def at(self, d: Any) -> Any:
        """Its value at the points of derivatives by name."""
        if self.whole:
            assert self.function is not None
            return self.function(d)
        return self.by(lambda name: getattr(d, name))

    @property
    def zero(self) -> bool:
        """Whether it is the number 0."""
        return self.function is None and isinstance(self.number, float) and self.number == 0

    def lacking(self, value: Any, d: Any) -> Any:
        """A value minus it."""
        return value if self.zero else value - self.at(d)


def given_by(value: Any, problem: "Problem", parts: bool = False) -> Given:
    """What a value means for a problem.

    Args:
        value: A number; a function whose arguments are called as coordinates, or take all of them
            in order; or a formula as text, which also knows the numbers among the problem's
            constants.
        problem: The problem.
        parts: Whether it is given on parts of a boundary, where the normal is known.

    Raises:
        ValueError: If it is none of these, or asks for what is not there.
    """
    normals = tuple(f"n_{x}" for x in problem.space) if parts else ()
    known = (*problem.coordinates, *normals)
    if isinstance(value, Real) and not isinstance(value, bool):
        return Given(float(value), number=float(value))
    if hasattr(value, "shape") and len(value.shape) == 0:  # a constant that may train
        return Given(value, number=value if isinstance(value, Tensor) else float(value))
    if isinstance(value, str):
        return by_text(value, problem, known)
    if callable(value):
        names = arguments(value, problem, known)
        return Given(value, names, value, whole=names == ("d",) and "d" not in known)
    raise ValueError(
        f"a value is a number, a function of {', '.join(problem.coordinates)}, a formula as text, "
        f"an array or a file, got {value!r}"
    )


def by_text(text: str, problem: "Problem", known: tuple[str, ...]) -> Given:
    """As :func:`given_by`, of text."""
    formula = read_formula(text)
    names = tuple(name for name in known if name in formula.names)
    constants: dict[str, Any] = dict(CONSTANTS)
    for name in sorted(formula.names - set(known)):
        own = None if name in MADE_OF_CONDITIONS else getattr(problem, name, None)
        if isinstance(own, Real) and not isinstance(own, bool):
            constants[name] = float(own)
        elif isinstance(own, Tensor):
            constants[name] = own
        elif name not in constants:
            raise ValueError(
                f"the formula {text!r} asks for {name}; it knows {', '.join(known)}, pi, e and "
                "the numbers among the problem's constants"
            )

    def function(*values: Any) -> Any:
        return formula.evaluate(constants | dict(zip(names, values, strict=True)))

    if not names:
        return Given(text, number=function())
    source = (text, *sorted((name, str(constant)) for name, constant in constants.items()))
    return Given(source, names, function)


def arguments(
    function: Callable[..., Any], problem: "Problem", known: tuple[str, ...]
) -> tuple[str, ...]:
    """Names of what a function of coordinates is called with, in order.

    Raises:
        ValueError: If they are not clear.
    """
    try:
        signature = inspect.signature(function)
    except (TypeError, ValueError):  # some functions of torch
        signature = None
    if signature is not None:
        plain = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
        parameters = [p for p in signature.parameters.values() if p.kind in plain]
        asked = tuple(p.name for p in parameters if p.default is p.empty)
        if set(asked) <= set(known) or asked == ("d",):
            return asked
        if len(asked) == len(problem.coordinates):
            return problem.coordinates
    elif len(problem.coordinates) == 1:
        return problem.coordinates
    name = getattr(function, "__name__", type(function).__name__)
    raise ValueError(
        f"call the arguments of the function {name} as the coordinates that it takes, of "
        f"{', '.join(known)}; or let it take d, the derivatives by name"
    )
