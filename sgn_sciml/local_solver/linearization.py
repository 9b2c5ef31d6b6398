"""An equation at points: values and slopes in the names that it is written in.

The residual a problem states for its PINN is called with numbers for ``d.u``, ``d.u_x``, ...
instead of a network's derivatives; its slopes in each of them are the coefficients of the
linearised equation.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

from sgn_sciml.pde import Problem
from sgn_sciml.system.blame import explained

__all__ = ["Linearization", "Name", "Unsolvable", "parse", "spelled"]

Orders = tuple[int, ...]  # derivatives along each coordinate
Name = tuple[int, Orders]  # field and orders


class Unsolvable(ValueError):
    """A problem that this solver does not solve, with the reason."""


def parse(name: str, coordinates: Sequence[str], fields: Sequence[str]) -> Name:
    """The field and derivatives that a name such as ``u_xx`` means.

    Raises:
        AttributeError: For a name that is not a field or a derivative of one.
    """
    field, _, letters = name.partition("_")
    if field not in fields or set(letters) - set(coordinates) or (name != field and not letters):
        raise AttributeError(
            f"no derivative {name!r}: fields are {', '.join(fields)}, "
            f"coordinates {', '.join(coordinates)}"
        )
    return fields.index(field), tuple(letters.count(c) for c in coordinates)


def spelled(name: Name, coordinates: Sequence[str], fields: Sequence[str]) -> str:
    """What :func:`parse` reads, such as ``u_xx``.

    Example:
        >>> spelled((0, (2, 1)), ("x", "t"), ("u",))
        'u_xxt'
    """
    field, orders = name
    letters = "".join(c * n for c, n in zip(coordinates, orders, strict=True))
    return f"{fields[field]}_{letters}" if letters else fields[field]


class Values:
    """Numbers by name at N points; a name that is not there yet is drawn where allowed."""

    def __init__(
        self,
        problem: Problem,
        points: Tensor,
        values: dict[Name, Tensor],
        draw: torch.Generator | None = None,
    ) -> None:
        self._problem = problem
        self._points = points
        self._known = values
        self._draw = draw

    def __getattr__(self, name: str) -> Tensor:
        if name.startswith("_"):
            raise AttributeError(name)
        if name == "integral":
            raise Unsolvable(
                f"{self._problem.law} has an integral, which couples points: local least squares "
                "need what holds at each point on its own; train a PINN (sgn fit), or make the "
                "integral a field of its own with an equation, i_x = u"
            )
        if name in self._problem.coordinates:
            return self._points[:, self._problem.coordinates.index(name)]
        key = parse(name, self._problem.coordinates, self._problem.fields)
        if key not in self._known:
            if self._draw is None:
                raise Unsolvable(f"the residual asks for {name} at some points only")
            drawn = torch.rand(len(self._points), generator=self._draw, dtype=torch.float64)
            self._known[key] = drawn.to(self._points).requires_grad_()
        return self._known[key]


def numbers_as_text(problem: Problem) -> str:
    """Says which attribute of a problem is text that was meant as a number, if one is."""
    everything: dict[str, Any] = {}
    for part in reversed(type(problem).__mro__):
        everything |= vars(part)
    for name, value in (everything | vars(problem)).items():
        if isinstance(value, str) and not name.startswith("_"):
            try:
                float(value)
            except ValueError:
                continue
            return f"{name} is the text {value!r}, not a number: leave the quotation marks out"
    return ""


class Linearization:
    """An equation or condition as a function of its names.

    Args:
        problem: The problem.
        residual: What should vanish, of the derivatives: ``(N,)``, or several by name or in a row.
        what: What it is called in messages.
        where: Points to try it at, ``(N, d)``.

    Attributes:
        names: Fields and derivatives that it asks for.
        equations: Number of rows per point.

    Raises:
        Unsolvable: If it couples points, is complex or asks for none of the fields.
    """

    def __init__(
        self, problem: Problem, residual: Callable[[Any], Any], what: str, where: Tensor
    ) -> None:
        self.problem = problem
        self.residual = residual
        self.what = what
        known: dict[Name, Tensor] = {}
        generator = torch.Generator().manual_seed(0)
        try:
            with torch.enable_grad():
                rows = self._rows(Values(problem, where, known, generator), len(where))
        except Unsolvable:
            raise
        except Exception as error:  # of the user's equation
            said = numbers_as_text(problem) or explained(error)
            raise Unsolvable(f"{what} of {problem.law}: {said}") from error
        self.names = list(known)
        self.equations = len(rows)
        if not self.names:
            raise Unsolvable(f"{what} of {problem.law} does not depend on {problem.fields}")
        self._refuse_coupling(where, known, rows.detach())

    def _rows(self, values: Values, count: int) -> Tensor:
        found = self.residual(values)
        if isinstance(found, Mapping):
            found = list(found.values())
        rows = list(found) if isinstance(found, (list, tuple)) else [found]
        for row in rows:
            if not isinstance(row, Tensor) or row.shape != (count,):
                shape = tuple(row.shape) if isinstance(row, Tensor) else type(row).__name__
                raise Unsolvable(
                    f"{self.what} of {self.problem.law} is {shape}, expected ({count},), one "
                    "number per point"
                )
        return torch.stack(rows)

    def _refuse_coupling(self, where: Tensor, known: dict[Name, Tensor], rows: Tensor) -> None:
        half = len(where) // 2
        part = {name: value[:half].detach() for name, value in known.items()}
        with torch.no_grad():
            alone = self._rows(Values(self.problem, where[:half], part), half)
        if not torch.allclose(alone, rows[:, :half], rtol=1e-9, atol=0, equal_nan=True):
            raise Unsolvable(
                f"{self.what} of {self.problem.law} couples points (a mean or an integral): "
                "local least squares need one that holds at each point on its own"
            )

    def values(self, points: Tensor, values: dict[Name, Tensor]) -> Tensor:
        """The rows: points ``(N, d)``, values ``(N,)`` by name, to ``(equations, N)``."""
        with torch.no_grad():
            return self._rows(Values(self.problem, points, values), len(points))

    def slopes(
        self, points: Tensor, values: dict[Name, Tensor]
    ) -> tuple[Tensor, list[dict[Name, Tensor]]]:
        """The rows, and of each its slope in every name that it depends on, ``(N,)``."""
        leaves = {name: values[name].detach().requires_grad_() for name in self.names}
        with torch.enable_grad():
            rows = self._rows(Values(self.problem, points, dict(leaves)), len(points))
            found = []
            for row in rows:
                slopes = torch.autograd.grad(
                    row.sum(), list(leaves.values()), retain_graph=True, allow_unused=True
                )
                pairs = zip(leaves, slopes, strict=True)
                found.append({name: s for name, s in pairs if s is not None and s.any()})
        return rows.detach(), found

    def along(self, points: Tensor, values: dict[Name, Tensor], axis: int) -> list[Tensor]:
        """Of each row that depends on points by itself, its slope along an axis, ``(N,)``."""
        leaf = points.detach().requires_grad_()
        with torch.enable_grad():
            rows = self._rows(Values(self.problem, leaf, values), len(points))
            found = []
            for row in rows:
                if row.requires_grad:
                    (slope,) = torch.autograd.grad(row.sum(), leaf, retain_graph=True)
                    found.append(slope[:, axis])
        return found

    def linear_at(self, points: Tensor) -> bool:
        """Whether slopes at points are the same whatever the fields are."""
        generator = torch.Generator().manual_seed(3)
        found = []
        for _ in range(2):
            draw = torch.rand(len(self.names), len(points), generator=generator).double()
            found.append(self.slopes(points, dict(zip(self.names, draw, strict=True)))[1])
        return all(
            a.keys() == b.keys()
            and all(torch.allclose(a[k], b[k], rtol=1e-9, atol=0, equal_nan=True) for k in a)
            for a, b in zip(*found, strict=True)
        )
