"""The description of data by their module, and what a task takes from it in ``setup``.

A data module that has a ``description`` is understood by our tasks; one without, and plain data
loaders, work as well: tasks then go by the batches alone, whose contents each task documents.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar, runtime_checkable

__all__ = ["DataDescription", "Describes", "description_of"]


@dataclass(frozen=True)
class DataDescription(ABC):
    """Base of the descriptions; each application has its own, with what its tasks need."""

    @property
    @abstractmethod
    def kind(self) -> str:
        """The kind: ``solution``, ``operator``, ``image``, ``audio``, ``volume``, ..."""

    @property
    @abstractmethod
    def points(self) -> Mapping[str, int]:
        """Points of the grid along each axis by name, as in training; empty without a grid."""

    @abstractmethod
    def about(self) -> dict[str, Any]:
        """The data in a card: plain values; ``files`` lists each with its ``path``."""


@runtime_checkable
class Describes(Protocol):
    """A data module that tells what its data are; asked for after its ``setup``."""

    @property
    def description(self) -> DataDescription:
        """The description."""


D = TypeVar("D", bound=DataDescription)


def description_of(trainer: Any, kind: type[D]) -> D | None:
    """The description by the data module of a trainer.

    Args:
        trainer: A trainer, with or without a data module.
        kind: The description that is understood.

    Returns:
        The description; None where there is none of that kind.
    """
    data = getattr(trainer, "datamodule", None)  # which Lightning attaches, where there is one
    found = data.description if isinstance(data, Describes) else None
    return found if isinstance(found, kind) else None
