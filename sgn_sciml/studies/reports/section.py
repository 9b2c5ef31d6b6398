"""A part of a report: what it shows is injected by the study's YAML."""

import re
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, field

from matplotlib.figure import Figure

from sgn_sciml.studies.reports.results import Results

__all__ = ["Part", "Section", "Table", "escaped"]


@dataclass(frozen=True)
class Table:
    """A table of text.

    Attributes:
        head: Names of the columns.
        rows: The rows.
    """

    head: Sequence[str]
    rows: Sequence[Sequence[str]]

    def markdown(self) -> str:
        """As Markdown."""
        rows = ["| " + " | ".join(map(_cell, row)) + " |" for row in (self.head, *self.rows)]
        return "\n".join([rows[0], "|" + "---|" * len(self.head), *rows[1:]])


def escaped(text: str) -> str:
    """Text that Markdown shows as it is, but for ``**bold**``: no tags, links or code."""
    text = " ".join(text.split()).replace("\\", "\\\\")
    text = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return re.sub(r"([`\[\]!])", r"\\\1", text)


def _cell(text: str) -> str:
    return escaped(text).replace("|", "\\|")


@dataclass(frozen=True)
class Part:
    """What a section shows.

    Attributes:
        title: Title.
        text: Paragraphs, such as rules and verdicts.
        tables: Tables.
        figures: Figures by the name of their file.
    """

    title: str
    text: Sequence[str] = ()
    tables: Sequence[Table] = ()
    figures: dict[str, Figure] = field(default_factory=dict)


class Section(ABC):
    """Base of the sections."""

    @abstractmethod
    def show(self, results: Results) -> Part:
        """Make the section.

        Args:
            results: Results of the study.

        Raises:
            ValueError: If the study has not what it shows.
        """
