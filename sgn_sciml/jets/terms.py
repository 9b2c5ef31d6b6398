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
from sgn_sciml.jets.quadrature import Integrand, IntegrationDomain, Limit, integrate

__all__ = ["Expression", "Terms"]

MOST = 100  # nodes of an integral, each of which is one more network in the program
Coefficients = Mapping[tuple[str, MultiIndex], float]


class Terms:
    """Fields, coordinates and derivatives of fields, by name.

    Args:
        program: Where what is asked for is recorded.
        points: The points, a jet of d channels.
        fields: The fields there, a jet of f channels.
        coordinates: One-letter names of the d coordinates.
        names: Names of the f fields.
        function: Maps points to fields, for integrals; None while operators are collected.
        domain: Where integrals go without limits of their own.

    Raises:
        AttributeError: For a name that is not a coordinate, field or derivative of one.
    """

    def __init__(
        self,
        program: Program,
        points: Jet,
        fields: Jet,
        coordinates: Sequence[str],
        names: Sequence[str],
        function: Callable[[Any], Any] | None = None,
        domain: IntegrationDomain | None = None,
    ) -> None:
        self._program = program
        self._points = points
        self._fields = fields
        self._coordinates = tuple(coordinates)
        self._names = tuple(names)
        self._function = function
        self._domain = domain
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
                jet = self._jet(derivatives=any(terms))
                self._known[key] = self._stream(jet, column, terms)
            total = self._known[key] if total is None else total + self._known[key]
        if total is None:
            raise Unrecordable("a residual without derivatives")
        return total

    def _jet(self, derivatives: bool) -> Jet:
        """The fields, which at nodes need not carry derivatives."""
        return self._fields

    def integral(
        self,
        integrand: Integrand,
        over: str | Sequence[str],
        lower: Limit = None,
        upper: Limit = None,
        nodes: int | None = None,
        panels: int = 1,
    ) -> Jet:
        """As :meth:`sgn_sciml.jets.Derivatives.integral`."""
        where = self._coordinates, self._domain
        found = integrate(self._at, *where, integrand, over, lower, upper, nodes, panels)
        return found if isinstance(found, Jet) else 0.0 * self._column(0) + found

    def _column(self, number: int) -> Jet:
        """A coordinate as numbers."""
        return self._stream(self._points, number, {(): 1.0})

    def _at(self, places: Sequence[Mapping[str, Any]]) -> "list[Terms]":
        """Terms at nodes of each point."""
        if len(places) > MOST:
            raise Unrecordable(f"an integral with {len(places)} nodes, more than {MOST}")
        if self._function is None:  # any will do that is not taken for this one
            names = self._coordinates, self._names
            other = Terms(self._program, self._points, self._fields, *names, domain=self._domain)
            return [other] * len(places)
        here = {name: self._column(k) for k, name in enumerate(self._coordinates)}
        zero = 0.0 * here[self._coordinates[0]]
        return [
            TermsAtNode(self, beside([zero + at[k] if k in at else x for k, x in here.items()]))
            for at in places
        ]


class TermsAtNode(Terms):
    """Terms at other points than those of the program.

    Args:
        terms: Where they are asked for.
        points: The other points, a jet of d channels without derivatives.
    """

    def __init__(self, terms: Terms, points: Jet) -> None:
        parts = terms._program, points, points, terms._coordinates, terms._names
        super().__init__(*parts, terms._function, terms._domain)
        self._jets: dict[bool, Jet] = {}

    def _jet(self, derivatives: bool) -> Jet:
        if derivatives not in self._jets:
            assert self._function is not None
            points = self._points
            if derivatives:  # coordinates with their derivatives, moved
                inputs = Jet(self._program, 0)
                here = [self._stream(inputs, k, {(): 1.0}) for k in range(inputs.width)]
                points = inputs + (points - beside(here))
            self._jets[derivatives] = self._function(points)
        return self._jets[derivatives]


def beside(columns: Sequence[Jet]) -> Jet:
    """Numbers ``(N,)`` as the columns of one jet."""
    first, *rest = (Jet(column.program, column.node) for column in columns)
    return first.then("join", rest, width=len(columns)) if rest else first


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
        if isinstance(other, Expression) and other.terms is not self.terms:
            other = other.resolve()  # at other points, where names mean something else
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
