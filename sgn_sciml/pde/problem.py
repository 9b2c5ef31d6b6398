"""The base of differential equations: one frozen dataclass.

A new equation is one file with one subclass: its coordinates, fields and domain, its residual as
one line of mathematics, its conditions and, where one exists, its exact solution. It evolves if
its last coordinate is ``t`` and is steady otherwise. What :meth:`Problem.impose` and the residuals
do is recorded by :mod:`sgn_sciml.jets`, as long as it has rules for it.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from copy import copy
from dataclasses import asdict, dataclass
from math import inf
from typing import Any, ClassVar, Self

import torch
from torch import Tensor

from sgn_sciml.geometry import Region
from sgn_sciml.jets import Derivatives
from sgn_sciml.pde.checks import check_domain, check_geometry
from sgn_sciml.pde.conditions.built_in import BuiltIn
from sgn_sciml.pde.conditions.condition import Condition
from sgn_sciml.pde.conditions.holding import KEPT, StatedConditions

__all__ = ["Condition", "Problem", "reference_name"]

RESERVED = ("residual", "data", "values", "weights", "points", "fields")  # keys of batches


@dataclass(frozen=True)
class Problem(ABC):
    """A partial differential equation on a box or another region, with conditions and a reference.

    A region of space is its ``geometry``: a class attribute, a field or a property. Conditions
    then lie ``on`` named parts of its boundary.
    """

    law: ClassVar[str]
    """Name of the equation in files and tables."""
    coordinates: ClassVar[tuple[str, ...]]
    """One-letter names of the d coordinates."""
    fields: ClassVar[tuple[str, ...]] = ("u",)
    """Names of the f fields."""
    periodic: ClassVar[frozenset[str]] = frozenset()
    """Names of the periodic coordinates."""
    grid: ClassVar[tuple[int, ...]]
    """Points per coordinate of a reference file, if nothing else is asked for."""
    geometry: ClassVar[Region | None] = None
    """The region of space; None for all of the box."""
    times: ClassVar[tuple[float, float]] = (0.0, 1.0)
    """From when to when, for a problem with a geometry that evolves."""

    def __init_subclass__(cls, **kwargs: Any) -> None:
        """Let words among the conditions take the problem's names, faces and constants."""
        super().__init_subclass__(**kwargs)
        stated = vars(cls).get("conditions")
        field = "conditions" in vars(cls).get("__annotations__", {})
        if stated is None or field or getattr(stated, "__isabstractmethod__", False):
            return
        cls.conditions = StatedConditions(stated)  # type: ignore[assignment]

    @property
    def domain(self) -> tuple[tuple[float, ...], tuple[float, ...]]:
        """Lower and upper corner of the box, one number per coordinate.

        Raises:
            NotImplementedError: If neither it nor a geometry is stated.
        """
        if self.geometry is None:
            raise NotImplementedError(f"{self.law}: state its domain, or its geometry")
        lower, upper = self.geometry.bounds
        if not self.evolving:
            return lower, upper
        return (*lower, self.times[0]), (*upper, self.times[1])

    @property
    @abstractmethod
    def conditions(self) -> tuple[Condition, ...]:
        """Initial and boundary conditions, by words or written out."""

    @property
    def imposed(self) -> frozenset[str]:
        """Names of the conditions that :meth:`impose` satisfies exactly.

        A problem with an ``impose`` of its own states them.
        """
        return self.built_in.names

    @property
    def built_in(self) -> BuiltIn:
        """The conditions that :meth:`impose` builds in, where a problem does not say it itself."""
        if type(self).impose is not Problem.impose:
            return BuiltIn()
        if "_built_in" not in vars(self):
            own = type(self).imposed is not Problem.imposed
            found = BuiltIn.of(self, self.imposed if own else None)
            object.__setattr__(self, "_built_in", found)
        kept: BuiltIn = vars(self)["_built_in"]
        return kept

    @abstractmethod
    def residual(self, d: Derivatives) -> Tensor | Mapping[str, Tensor]:
        """The residual: zero in the interior; ``(N,)``, or one such tensor per named equation."""

    def impose(self, points: Tensor, raw: Tensor) -> Tensor:
        """Turn a free network output into fields that satisfy the ``imposed`` conditions.

        Without one of its own, a problem has those of its words built in that can be; see
        :mod:`sgn_sciml.pde.conditions.built_in`.

        Args:
            points: Points, shape ``(N, d)``.
            raw: Network output, shape ``(N, f)``.

        Returns:
            Fields, shape ``(N, f)``.
        """
        fields: Tensor = self.built_in.impose(self, points, raw)
        return fields

    def exact(self, points: Tensor) -> Tensor:
        """Reference solution in float64: points ``(N, d)`` to fields ``(N, f)``.

        Raises:
            NotImplementedError: If none is known.
        """
        raise NotImplementedError(f"no exact solution of {self.law} is known here")

    @property
    def evolving(self) -> bool:
        """Whether the last coordinate is time."""
        return self.coordinates[-1] == "t"

    @property
    def space(self) -> tuple[str, ...]:
        """The coordinates of a frame: all but time."""
        return self.coordinates[:-1] if self.evolving else self.coordinates

    @property
    def parameters(self) -> dict[str, Any]:
        """The constants of the equation, as written into files and cards."""
        found = asdict(self)
        return found if self.geometry is None else found | {"geometry": repr(self.geometry)}

    def holding(self, constants: Mapping[str, Any]) -> Self:
        """This problem with other constants, which may be tensors, and without its checks."""
        other = copy(self)
        for name, value in constants.items():
            object.__setattr__(other, name, value)
        return other

    def __getstate__(self) -> dict[str, Any]:
        """Without the conditions that were made of words, which hold functions."""
        return {name: value for name, value in vars(self).items() if name != KEPT}

    def face_points(self, condition: Condition, unit: Tensor) -> Tensor:
        """Map points of the unit cube onto the face of a condition.

        Args:
            condition: The condition.
            unit: Points in the unit cube, shape ``(N, d)``; fixed coordinates are overwritten.

        Returns:
            Points on the face, shape ``(N, d)``.
        """
        points = self.box_points(unit)
        columns = [
            torch.full_like(column, condition.face[name]) if name in condition.face else column
            for name, column in zip(self.coordinates, points.unbind(-1), strict=True)
        ]
        return torch.stack(columns, dim=-1)

    def box_points(self, unit: Tensor) -> Tensor:
        """Map points of the unit cube into the domain, shape ``(N, d)``."""
        lower, upper = (unit.new_tensor(corner) for corner in self.domain)
        return lower + (upper - lower) * unit

    def axes(self, shape: Sequence[int] | None = None) -> dict[str, Tensor]:
        """Coordinates of an even grid, ends included; of a periodic one without the upper end.

        Args:
            shape: Points per coordinate; those of :attr:`grid` when None, or some 10,000 in all
                where a problem has no grid.

        Returns:
            Values in float64 by name.

        Raises:
            ValueError: If there are not 2 points or more for each coordinate.
        """
        d = len(self.coordinates)
        default: Sequence[int] = getattr(self, "grid", (max(2, round(10_000 ** (1 / d))),) * d)
        sizes = tuple(default if shape is None else shape)
        if len(sizes) != d or min(sizes) < 2:
            raise ValueError(
                f"{self.law}: a grid needs at least 2 points for each of {d} coordinates, got "
                f"{sizes}"
            )
        return {
            name: torch.linspace(a, b, n + (name in self.periodic), dtype=torch.float64)[:n]
            for name, a, b, n in zip(self.coordinates, *self.domain, sizes, strict=True)
        }

    def check_conditions(self, built_in: bool = True) -> None:
        """See that each condition is one of its own, on a face of the domain.

        Args:
            built_in: Whether ``imposed`` counts.

        Raises:
            ValueError: If the domain is not a box, two have one name, one has a name that batches
                use otherwise, a face lies on no coordinate or outside the domain, or ``imposed``
                names no condition.
        """
        check_geometry(self)
        check_domain(self)
        names = [condition.name for condition in self.conditions]
        for name in names:
            if names.count(name) > 1:
                raise ValueError(f"{self.law}: two conditions are called {name!r}")
            if name in RESERVED:
                raise ValueError(f"{self.law}: a condition cannot be called {name!r}: rename it")
        if built_in and (unknown := sorted(self.imposed - set(names))):
            raise ValueError(
                f"{self.law}: imposed names {unknown[0]!r}, the conditions are called "
                f"{', '.join(names) or 'nothing: there are none'}"
            )
        box = {n: (a, b) for n, a, b in zip(self.coordinates, *self.domain, strict=True)}
        for condition in self.conditions:
            for name, value in condition.face.items():
                if name not in box:
                    raise ValueError(
                        f"{self.law}: the condition {condition.name!r} fixes {name!r}, the "
                        f"coordinates are {', '.join(box)}"
                    )
                low, high = box[name]
                if not low - 1e-9 * (high - low) <= value <= high + 1e-9 * (high - low):
                    raise ValueError(
                        f"{self.law}: the condition {condition.name!r} lies at {name} = {value}, "
                        f"outside the domain, {low} to {high}"
                    )

    def require_positive(self, *names: str) -> None:
        """Check constants.

        Raises:
            ValueError: If one of them is not a positive, finite number.
        """
        for name in names:
            value = getattr(self, name)
            if not 0 < value < inf:
                raise ValueError(
                    f"{type(self).__name__}: {name} must be a positive number, got {value}"
                )


def reference_name(law: str) -> str:
    """The name by which ``sgn data make`` calls the reference of a problem."""
    return f"{law.replace('_', '-')}-reference"
