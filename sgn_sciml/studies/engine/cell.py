"""A cell: one experiment of a study, with everything it needs as arguments of its constructor.

A study is a product of axes over a cell's arguments; a new study is a new class of this file's
kind. Its arguments are keys of the study's YAML, and those of equal values have equal results.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import ClassVar, Self

import numpy as np
from numpy.typing import NDArray

__all__ = ["Cell", "Curve", "Outcome"]


@dataclass(frozen=True)
class Curve:
    """Numbers over one or more coordinates.

    Attributes:
        axes: Coordinates by name, such as ``step`` and ``frequency``, in the order of the array's
            axes.
        values: The numbers, one array axis per coordinate.

    Raises:
        ValueError: If lengths and shape differ.
    """

    axes: Mapping[str, Sequence[float]]
    values: NDArray[np.floating]

    def __post_init__(self) -> None:
        lengths = tuple(len(points) for points in self.axes.values())
        if lengths != self.values.shape:
            raise ValueError(f"a curve over {lengths} points has values of {self.values.shape}")


@dataclass(frozen=True)
class Outcome:
    """What a cell measured.

    Attributes:
        scalars: Numbers by name, ``stage/name`` as everywhere; NaN for what was not reached.
        curves: Curves by name.
    """

    scalars: Mapping[str, float]
    curves: Mapping[str, Curve] = field(default_factory=dict)


class Cell(ABC):
    """Base of the cells. Random numbers are seeded by its ``seed``, if it has one, beforehand.

    Attributes:
        together: Arguments in which cells may differ that :meth:`run_together` runs at once.
    """

    together: ClassVar[tuple[str, ...]] = ()

    @abstractmethod
    def run(self) -> Outcome:
        """Run the experiment."""

    @classmethod
    def run_together(cls, cells: Sequence[Self]) -> list[Outcome]:
        """Run several cells in one process; one after another unless a class knows better."""
        return [cell.run() for cell in cells]
