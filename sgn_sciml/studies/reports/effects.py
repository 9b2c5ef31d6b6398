"""The section on what choices cost: each one's error over that of the reference choice."""

import math

import torch

from sgn_sciml.studies.reports.results import Results
from sgn_sciml.studies.reports.scores import axis, rule, shown
from sgn_sciml.studies.reports.section import Part, Section, Table
from sgn_sciml.studies.reports.statistics import Interval, geometric_mean, ratio
from sgn_sciml.viz.studies import interval_figure

__all__ = ["Effects"]


class Effects(Section):
    """Errors of all values of an axis over that of one of them, a column per other value.

    Args:
        reference: Name of the value that the others are compared with.
        metric: Number that is compared; smaller is better.
        rows: Axis of the rows.
        columns: Axis of the columns, or None.
        title: Title.
    """

    def __init__(
        self,
        reference: str,
        metric: str = "val/relative_l2",
        rows: str = "choice",
        columns: str | None = None,
        title: str = "What each choice costs",
    ) -> None:
        self.reference, self.metric, self.title = reference, metric, title
        self.rows, self.columns = rows, columns

    def show(self, results: Results) -> Part:
        names = list(axis(results, self.rows))
        if self.reference not in names:
            raise ValueError(f"the axis {self.rows} has no {self.reference}")
        columns = list(axis(results, self.columns)) if self.columns else [""]
        head = [self.rows, "width"]
        body = [[f"**{name}**" if name == self.reference else name] for name in names]
        ends = torch.full((len(names), len(columns), 3), math.nan)
        text = [
            rule(results),
            f"Each row over {self.reference}: below 1 the choice gains, above 1 it costs, and "
            "there is no gain where the interval holds 1. Of twenty intervals of choices that "
            "change nothing, one leaves out 1.",
        ]
        for j, column in enumerate(columns):
            head += [f"{column} {self.metric}".strip(), f"over {self.reference}", ""]
            choices = {n: results.choose({self.rows: n, self.columns: column}) for n in names}
            edges = [name for name, choice in choices.items() if choice.at_edge]
            if edges:
                where = f" ({column})" if column else ""
                text.append(
                    f"Best {results.tuned} at the end of those tried{where}: {', '.join(edges)}."
                )
            base = choices[self.reference].scores(self.metric)
            for i, (row, name) in enumerate(zip(body, names, strict=True)):
                scores = choices[name].scores(self.metric)
                found = ratio(scores, base)
                if j == 0:
                    widths = {r.scalars["width"] for r in choices[name].records if r.scalars}
                    row.append(" ".join(f"{width:g}" for width in sorted(widths)))
                row.append(shown(geometric_mean(scores), choices[name]))
                if name == self.reference:
                    row += ["1", ""]
                    ends[i, j, 0] = 1.0
                else:
                    row += judged(found)
                    ends[i, j] = torch.tensor(found[:3])
        titles = [column or self.metric for column in columns]
        figure = interval_figure(names, titles, ends, f"error over {self.reference}", mark=1)
        name = f"effects_{self.metric.replace('/', '_')}"
        return Part(self.title, text, [Table(head, body)], {name: figure})


def judged(found: Interval) -> list[str]:
    """A ratio with its interval, and what it says.

    Example:
        >>> judged(Interval(0.5, 0.4, 0.6, 5))
        ['0.5 (0.4, 0.6)', 'gain']
    """
    if not math.isfinite(found.value):
        return ["", "not comparable"]
    if math.isnan(found.low):
        return [f"{found.value:.3g}", "one seed"]
    text = f"{found.value:.3g} ({found.low:.3g}, {found.high:.3g})"
    if found.low <= 1 <= found.high:
        return [text, "no gain"]
    return [text, "gain" if found.value < 1 else "cost"]
