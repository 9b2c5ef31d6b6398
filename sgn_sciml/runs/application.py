"""Additions of an application to a run, so that what trains a task knows none of them."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

from lightning.pytorch import Callback

from sgn_sciml.runs.description import DataDescription

__all__ = ["Application", "Rows"]

Rows = list[tuple[str, str]]


class Application:
    """Base of the applications, and what a task of none has.

    Attributes:
        data_first: Whether the configuration of a task has gaps that its data fill, which are
            made and read before it then.
    """

    data_first: ClassVar[bool] = False

    def complete(self, model: Any, data: DataDescription | None) -> None:
        """Fill the gaps.

        Args:
            model: Configuration of the task, ``class_path`` and ``init_args``, to be changed.
            data: What its data are; None where they do not come first, or do not tell.
        """

    def writers(self, path: Path) -> Sequence[Callback]:
        """Callbacks that write what ``predict`` returns.

        Args:
            path: HDF5 file to write; others are named after it.
        """
        return ()

    def rows(self, card: Mapping[str, Any]) -> Rows:
        """Rows of the table of a tested run: a label and a text each.

        Args:
            card: Its card.
        """
        test = card.get("test", {})
        found = {k.removeprefix("test/"): v for k, v in test.items() if k.startswith("test/")}
        return [(metric, f"{value:.2e}") for metric, value in found.items()]
