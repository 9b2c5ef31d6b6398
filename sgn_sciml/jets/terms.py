r"""Derivatives by name while a residual is recorded: ``d.u_t + d.u * d.u_x - nu * d.u_xx``.

A name stays a linear combination of derivatives for as long as it is only added to others and
multiplied by numbers; so whatever an equation lets travel as one stream does, without being told.
"""

from collections.abc import Callable, Mapping, Sequence
from numbers import Real
from typing import Any

from sgn_sciml.jets.jet import Jet
from sgn_sciml.jets.plan import MultiIndex, operator
from sgn_sciml.jets.program import Program, UnknownName, Unrecordable, Unvalued

__all__ = ["Expression", "Terms"]

Coefficients = Mapping[tuple[str, MultiIndex], float]


class Terms:
    """Fields, coordinates and derivatives of fields, by name.

    Args:
        program: Where what is asked for is recorded.
        points: The points, a jet of d channels.
        fields: The fields there, a jet of f channels.
        coordinates: One-letter names of the d coordinates.
        names: Names of the f fields.

    Raises:
        AttributeError: For a name that is no coordinate, field or derivative of one.
    """

    def __init__(
        self,
        program: Program,
        points: Jet,
        fields: Jet,
        coordinates: Sequence[str],
        names: Sequence[str],
    ) -> None:
        self._program = program
        self._points = points
        self._fields = fields
        self._coordinates = tuple(coordinates)
        self._names = tuple(names)
        self._known: dict[tuple[str, tuple[tuple[MultiIndex, float], ...]], Jet] = {}

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        if name in self._coordinates:
            return self._stream(self._points, self._coordinates.index(name), {(): 1.0})
        field, _, letters = name.partition("_")
        unknown = field not in self._names or set(letters) - set(self._coordinates)
        if unknown or (name != field and not letters):
            raise UnknownName(name, self._names, self._coordinates)
        index = tuple(sorted(self._coordinates.index(letter) for letter in letters))
        return Expression(self, {(field, index): 1.0})

    def _stream(self, jet: Jet, column: int, terms: Mapping[MultiIndex, float]) -> Jet:
        """Numbers without derivatives: an operator applied to a channel."""
        plan, wanted = self._program.plan, operator(terms)
        if plan is None:
            self._program.wanted.append(wanted)
        detail = (column, *(plan.combination(wanted) if plan else ()))
        return jet.then("stream", width=1, flat=True, detail=detail, vector=True)

    def resolve(self, parts: Coefficients) -> Jet:
        """A combination of derivatives as numbers."""
        total: Jet | None = None
        for field in dict.fromkeys(name for name, _ in parts):
            terms = {index: c for (name, index), c in parts.items() if name == field}
            key = (field, operator(terms))
            if key not in self._known:
                column = self._names.index(field)
                self._known[key] = self._stream(self._fields, column, terms)
            total = self._known[key] if total is None else total + self._known[key]
        if total is None:
            raise Unrecordable("a residual without derivatives")
        return total


class Expression(Unvalued):
    """A linear combination of derivatives plus other numbers, either of which may be missing.

    Args:
        terms: Where the names come from.
        parts: Coefficients by field and derivative.
        rest: Numbers to add, or None.
    """

    def __init__(self, terms: Terms, parts: Coefficients, rest: Jet | None = None) -> None:
        self.terms = terms
        self.parts = dict(parts)
        self.rest = rest

    def resolve(self) -> Jet:
        """All of it as numbers."""
        parts = {key: c for key, c in self.parts.items() if c}
        if not parts and self.rest is not None:
            return self.rest
        value = self.terms.resolve(parts)
        return value if self.rest is None else value + self.rest

    @classmethod
    def __torch_function__(
        cls, func: Callable[..., Any], types: Any, args: Any = (), kwargs: Any = None
    ) -> Any:
        args = tuple(resolved(arg) for arg in args)
        return func(*args, **{key: resolved(value) for key, value in (kwargs or {}).items()})

    def __getattr__(self, name: str) -> Any:
        return getattr(self.resolve(), name)

    def __getitem__(self, key: Any) -> Jet:
        return self.resolve()[key]

    def __len__(self) -> int:
        return len(self.resolve())

    def __abs__(self) -> Jet:
        return abs(self.resolve())

    def times(self, number: float) -> "Expression":
        """All of it multiplied by a number."""
        parts = {key: c * number for key, c in self.parts.items()}
        return Expression(self.terms, parts, None if self.rest is None else self.rest * number)

    def __add__(self, other: Any) -> "Expression":
        if not isinstance(other, Expression):
            rest = other if self.rest is None else self.rest + other
            if not isinstance(rest, Jet):  # a number
                return Expression(self.terms, {}, self.resolve() + other)
            return Expression(self.terms, self.parts, rest)
        parts = dict(self.parts)
        for key, c in other.parts.items():
            parts[key] = parts.get(key, 0.0) + c
        rests = [rest for rest in (self.rest, other.rest) if rest is not None]
        total = sum(rests[1:], rests[0]) if rests else None
        return Expression(self.terms, parts, total)

    def __radd__(self, other: Any) -> "Expression":
        return self.__add__(other)

    def __mul__(self, other: Any) -> "Expression | Jet":
        if isinstance(other, Real):
            return self.times(float(other))
        return self.resolve().__mul__(resolved(other))

    def __rmul__(self, other: Any) -> "Expression | Jet":
        return self.__mul__(other)

    def __neg__(self) -> "Expression":
        return self.times(-1.0)

    def __sub__(self, other: Any) -> "Expression":
        return self.__add__(-other)

    def __rsub__(self, other: Any) -> "Expression":
        return self.times(-1.0).__add__(other)

    def __truediv__(self, other: Any) -> "Expression | Jet":
        if isinstance(other, Real):
            return self.times(1 / float(other))
        return self.resolve().__truediv__(resolved(other))

    def __rtruediv__(self, other: Any) -> Jet:
        return self.resolve().__rtruediv__(other)

    def __pow__(self, exponent: float) -> Jet:
        return self.resolve() ** exponent

    def __rpow__(self, base: float) -> Jet:
        powers: Jet = base ** self.resolve()
        return powers


def resolved(value: Any) -> Any:
    """Expressions as numbers, also in lists; the rest as it is."""
    if isinstance(value, Expression):
        return value.resolve()
    return [resolved(v) for v in value] if isinstance(value, (list, tuple)) else value
