"""A condition as problems hold it: where it lies, and what vanishes there."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from torch import Tensor

from sgn_sciml.jets import Derivatives

if TYPE_CHECKING:
    from sgn_sciml.pde.conditions.given import Given

__all__ = ["Condition", "FieldCondition", "PairCondition", "ScatteredCondition"]

GIVEN = "given_value"  # the coordinate by which a value travels with its point
FAR = "far"  # before the name of a field: what it is at the other face of a pair


def unstated(d: Any) -> Tensor:
    """What stands for a residual that was not given."""
    raise TypeError("a condition needs a residual")


@dataclass(frozen=True)
class Condition:
    """An initial or boundary condition on a face of the domain, or a part of its boundary.

    Attributes:
        name: Name in logs and tables.
        face: The fixed coordinates, for example ``{"t": 0.0}``.
        residual: Maps derivatives at points of the face to values that should vanish, ``(N,)``.
            On a part of a geometry's boundary it also knows the outward normal: ``d.n_x``,
            ``d.n_y``, and the derivative along it, ``d.normal("u")``.
        on: Names of parts of the boundary of the problem's geometry, one or several, or
            ``boundary`` for all of it; None for a face.

    Raises:
        TypeError: If there is no residual.

    Example:
        >>> Condition("cold", on="hole", residual=lambda d: d.u).parts
        ('hole',)
    """

    name: str
    face: Mapping[str, float] = field(default_factory=dict)
    residual: Callable[[Derivatives], Any] = unstated
    on: str | tuple[str, ...] | None = None

    def __post_init__(self) -> None:
        if self.residual is unstated:
            raise TypeError(f"the condition {self.name!r} needs a residual")

    @property
    def parts(self) -> tuple[str, ...]:
        """Names of the parts of the boundary it lies on; none for a face."""
        if self.on is None:
            return ()
        return (self.on,) if isinstance(self.on, str) else tuple(self.on)

    @property
    def integrated(self) -> tuple[str, ...]:
        """Coordinates that it integrates over, so that it is the same along them; none here."""
        return ()


@dataclass(frozen=True)
class FieldCondition(Condition):
    """A word, once it belongs to a problem: a condition on one field.

    Attributes:
        field: The field.
        kind: What it is about, in names: ``value``, ``slope``, ``robin``, ``pair``, ``points``.
        given: What the field, or its derivative, should be; None if it is something else.
        named: Whether the name was given, not made.
    """

    field: str = ""
    kind: str = "value"
    given: "Given | None" = None
    named: bool = False

    @property
    def order(self) -> int | None:
        """The derivative along the coordinate of its face that is given; None for others."""
        if self.given is None or self.kind not in ("value", "slope"):
            return None
        return int(self.kind == "slope")


@dataclass(frozen=True)
class PairCondition(FieldCondition):
    """A field and its derivatives that are the same at both ends of a coordinate.

    Its residual also knows the fields at the other end: ``d.faru``, ``d.faru_x``.

    Attributes:
        across: The coordinate.
        length: How far apart the ends are.
    """

    across: str = ""
    length: float = 0.0


@dataclass(frozen=True, eq=False)
class ScatteredCondition(FieldCondition):
    """Values that are given at points of their own.

    Its residual knows the value of each point as ``d.given_value``.

    Attributes:
        table: Points and what is given there, shape ``(N, d + 1)``, in float64.
    """

    table: Tensor | None = None
