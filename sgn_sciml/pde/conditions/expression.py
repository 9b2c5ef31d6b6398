"""Formulas as text, ``"sin(pi*x) * exp(-t)"``: read as arithmetic, never run as code."""

import ast
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import torch
from torch import Tensor

__all__ = ["CONSTANTS", "TextFormula", "read_formula"]

CONSTANTS = {"pi": math.pi, "e": math.e}
LONGEST = 2000  # characters
Evaluate = Callable[[Mapping[str, Any]], Any]


def tan(z: Any) -> Any:
    return torch.sin(z) / torch.cos(z)


def step(z: Any) -> Any:
    """0 below 0, 1/2 at 0, 1 above."""
    return 0.5 * (torch.sign(z) + 1)


FUNCTIONS: dict[str, tuple[Callable[..., Any], int]] = {
    **{
        name: (getattr(torch, name), 1)
        for name in ("sin", "cos", "exp", "log", "sqrt", "tanh", "sinh", "cosh", "abs", "sign")
    },
    "atan": (torch.atan, 1),
    "atan2": (torch.atan2, 2),
    "tan": (tan, 1),
    "step": (step, 1),
}
BINARY: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: lambda a, b: a + b,
    ast.Sub: lambda a, b: a - b,
    ast.Mult: lambda a, b: a * b,
    ast.Div: lambda a, b: a / b,
    ast.Pow: lambda a, b: a**b,
}


@dataclass(frozen=True)
class TextFormula:
    """A formula.

    Attributes:
        text: What was written.
        names: Names that it takes numbers or tensors for.
        evaluate: Maps them by name to its value.
    """

    text: str
    names: frozenset[str]
    evaluate: Evaluate


@lru_cache(256)
def read_formula(text: str) -> TextFormula:
    """Read a formula: numbers, names, ``+ - * / **``, parentheses, and some functions.

    Raises:
        ValueError: If there is anything else in it; the message names it.

    Example:
        >>> read_formula("2 * x**2 - 1").evaluate({"x": 3.0})
        17.0
    """
    if len(text) > LONGEST:
        raise ValueError(f"a formula of {len(text)} characters: {LONGEST} are the most")
    try:
        tree = ast.parse(text.strip(), mode="eval")
        names: set[str] = set()
        evaluate = reader(tree.body, names)
    except (SyntaxError, RecursionError, MemoryError) as error:
        raise ValueError(f"{text!r} is not a formula") from error
    except ValueError as error:
        raise ValueError(f"the formula {text!r}: {error}") from error
    return TextFormula(text, frozenset(names), evaluate)


def reader(node: ast.expr, names: set[str]) -> Evaluate:
    """What evaluates a part of a formula; the names in it are collected.

    Raises:
        ValueError: If it is not arithmetic.
    """
    constant = node.value if isinstance(node, ast.Constant) else None
    if isinstance(constant, int | float) and not isinstance(constant, bool):
        number = float(constant)  # of whole numbers, powers could fill the memory
        return lambda values: number
    if isinstance(node, ast.Name):
        name = node.id
        if name in FUNCTIONS:
            raise ValueError(f"{name} is a function: write {name}(...)")
        names.add(name)
        return lambda values: values[name]
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub | ast.UAdd):
        inner, sign = reader(node.operand, names), -1.0 if isinstance(node.op, ast.USub) else 1.0
        return lambda values: sign * inner(values)
    if isinstance(node, ast.BinOp) and type(node.op) in BINARY:
        both, left = BINARY[type(node.op)], reader(node.left, names)
        right = reader(node.right, names)
        return lambda values: finite(both, left(values), right(values))
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
        function, count = FUNCTIONS.get(node.func.id, (None, 0))
        if function is None:
            raise ValueError(f"there is no {node.func.id}; there are {', '.join(FUNCTIONS)}")
        if node.keywords or len(node.args) != count:
            raise ValueError(f"{node.func.id} takes {count} argument{'s' * (count > 1)}")
        arguments = [reader(argument, names) for argument in node.args]
        return lambda values: applied(function, [a(values) for a in arguments])
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitXor):
        raise ValueError("write ** for a power, not ^")
    raise ValueError(
        f"{ast.unparse(node)!r} is not arithmetic: numbers, names, + - * / **, parentheses and "
        f"{', '.join(FUNCTIONS)}"
    )


def applied(function: Callable[..., Any], values: list[Any]) -> Any:
    """A function of torch, of numbers too."""
    if not all(isinstance(value, float) for value in values):
        like = next(v for v in values if not isinstance(v, float))
        return function(*(0 * like + v if isinstance(v, float) else v for v in values))
    found: Tensor = function(*(torch.tensor(value, dtype=torch.float64) for value in values))
    return float(found)


def finite(both: Callable[[Any, Any], Any], a: Any, b: Any) -> Any:
    """Two things combined.

    Raises:
        ValueError: If numbers leave what numbers can be.
    """
    try:
        found = both(a, b)
    except (ZeroDivisionError, OverflowError) as error:
        raise ValueError(f"a formula divides by zero or is too large: {error}") from error
    if isinstance(found, complex):
        raise ValueError("a formula takes a root of a negative number")
    return found
