"""The parts of a study, once its file has been read: cells, their axes and groups."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

__all__ = ["CellSpec", "Study"]


@dataclass(frozen=True)
class CellSpec:
    """A cell to run.

    Attributes:
        id: Hash of its settings.
        labels: Name of its value on each axis.
        settings: Class path and all arguments.
    """

    id: str
    labels: Mapping[str, str]
    settings: Mapping[str, Any]


@dataclass(frozen=True)
class Study:
    """A study.

    Attributes:
        name: Name of the study and of its folder.
        axes: Names of the values of each axis.
        cells: All cells.
        groups: The same, those together that can run at once.
        settings: What was read.
    """

    name: str
    axes: Mapping[str, Sequence[str]]
    cells: Sequence[CellSpec]
    groups: Sequence[Sequence[CellSpec]]
    settings: Mapping[str, Any] = field(repr=False)
