"""The section of shares: means in percent, which may be zero."""

from collections.abc import Sequence

import numpy as np

from sgn_sciml.studies.reports.results import Results
from sgn_sciml.studies.reports.scores import axis
from sgn_sciml.studies.reports.section import Part, Section, Table

__all__ = ["Shares"]


class Shares(Section):
    """Arithmetic means of numbers between 0 and 1 over seeds, at the tuned value, in percent.

    Args:
        metrics: The numbers.
        rows: Axis of the rows.
        columns: Axis of the columns, each of which has all the numbers.
        title: Title.
        text: What they are.
    """

    def __init__(
        self,
        metrics: Sequence[str],
        rows: str = "activation",
        columns: str | None = None,
        title: str = "Shares",
        text: str = "",
    ) -> None:
        self.metrics, self.rows, self.columns = tuple(metrics), rows, columns
        self.title, self.text = title, text

    def show(self, results: Results) -> Part:
        columns = list(axis(results, self.columns)) if self.columns else [""]
        body = []
        for name in axis(results, self.rows):
            row = [name]
            for column in columns:
                choice = results.choose({self.rows: name, self.columns: column})
                row += [percent(choice.scores(metric)) for metric in self.metrics]
            body.append(row)
        head = [self.rows, *(f"{c} {m}".strip() for c in columns for m in self.metrics)]
        return Part(self.title, [self.text] if self.text else [], [Table(head, body)])


def percent(shares: Sequence[float]) -> str:
    """The mean of shares in percent; empty if one is unknown.

    Example:
        >>> percent([0.1, 0.35]), percent([0.0]), percent([float("inf")])
        ('22 %', '0 %', '')
    """
    mean = float(np.mean(shares))
    return f"{100 * mean:.2g} %" if np.isfinite(mean) else ""
