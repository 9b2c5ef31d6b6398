"""The section of final numbers: a table with intervals over seeds, and verdicts."""

import math
from collections.abc import Sequence

import torch

from sgn_sciml.studies.reports.results import Choice, Results
from sgn_sciml.studies.reports.section import Part, Section, Table
from sgn_sciml.studies.reports.statistics import Interval, geometric_mean, ratio, verdict
from sgn_sciml.viz.studies import interval_figure

__all__ = ["Scores"]


class Scores(Section):
    """Geometric means of a number over seeds, a row per value of one axis, a column per other.

    Args:
        metric: Number that is shown; smaller is better.
        rows: Axis of the rows.
        columns: Axis of the columns, or None.
        ours: Names of the rows that are ours; each column's best of them is judged against the
            best of the others. Without any, the best row is judged against the second.
        title: Title.
    """

    def __init__(
        self,
        metric: str = "val/relative_l2",
        rows: str = "activation",
        columns: str | None = None,
        ours: Sequence[str] = (),
        title: str = "Final errors",
    ) -> None:
        self.metric, self.rows, self.columns = metric, rows, columns
        self.ours, self.title = tuple(ours), title

    def show(self, results: Results) -> Part:
        names = list(axis(results, self.rows))
        columns = list(axis(results, self.columns)) if self.columns else [""]
        choices = {
            (name, column): results.choose({self.rows: name, self.columns: column})
            for name in names
            for column in columns
        }
        means = {key: geometric_mean(c.scores(self.metric)) for key, c in choices.items()}
        text = [rule(results)]
        text += [
            f"{c + ': ' if c else ''}{self._judge(names, c, choices, means)}" for c in columns
        ]
        edges = [" ".join(filter(None, key)) for key, c in choices.items() if c.at_edge]
        if edges:
            text.append(f"Best {results.tuned} at the end of those tried: {', '.join(edges)}.")
        table = self._table(names, columns, choices, means, results)
        ends = torch.tensor(
            [[[m.value, m.low, m.high] for c in columns if (m := means[n, c])] for n in names]
        )
        figure = interval_figure(names, [c or self.metric for c in columns], ends, self.metric)
        name = self.metric.replace("/", "_")
        return Part(self.title, text, [table], {name: figure})

    def _table(
        self,
        names: Sequence[str],
        columns: Sequence[str],
        choices: dict[tuple[str, str], Choice],
        means: dict[tuple[str, str], Interval],
        results: Results,
    ) -> Table:
        best = {c: min(means[n, c].value for n in names) for c in columns}
        head = [self.rows, "parameters"]
        for column in columns:
            head.append(f"{column} {self.metric}".strip())
            head += [f"{results.tuned}"] if results.tuned else []
        rows = []
        for name in names:
            records = [r for c in columns for r in choices[name, c].records]
            sizes = {
                int(p)
                for r in records
                if math.isfinite(p := r.scalars.get("parameters", math.nan))
            }
            row = [f"**{name}**" if name in self.ours else name, span(sizes)]
            for column in columns:
                mean = means[name, column]
                cell = shown(mean, choices[name, column])
                row.append(f"**{cell}**" if mean.value == best[column] < math.inf else cell)
                row += [choices[name, column].tuned] if results.tuned else []
            rows.append(row)
        return Table(head, rows)

    def _judge(
        self,
        names: Sequence[str],
        column: str,
        choices: dict[tuple[str, str], Choice],
        means: dict[tuple[str, str], Interval],
    ) -> str:
        order = sorted(names, key=lambda name: means[name, column].value)
        if self.ours:
            mine = [name for name in order if name in self.ours]
            others = [name for name in order if name not in self.ours]
        else:
            mine, others = order[:1], order[1:]
        if not mine or not others:
            return "nothing to compare"
        pair = [choices[name, column].scores(self.metric) for name in (mine[0], others[0])]
        return verdict(mine[0], others[0], ratio(*pair))


def axis(results: Results, name: str | None) -> Sequence[str]:
    """The names of an axis' values.

    Raises:
        ValueError: If it is none of those compared.
    """
    if name not in results.compared:
        has = ", ".join(results.compared)
        raise ValueError(f"the report asks for the axis {name}; the study compares {has}")
    return results.study.axes[name]


def rule(results: Results) -> str:
    """How means, intervals and tuned values are found."""
    count = len(results.study.axes[results.repeats])
    text = f"Geometric mean over {count} seeds with its bootstrap interval (95 %, percentiles)."
    if count < 10:
        text += " Of so few seeds intervals are too short rather than too long."
    if results.tuned:
        tries = len(results.study.axes[results.tuned])
        text += (
            f" Of {tries} values of {results.tuned} each row takes the one with the smallest mean "
            f"{results.score} over the seeds; one at which a seed diverged is out."
        )
    return text


def shown(mean: Interval, choice: Choice) -> str:
    """A mean with its interval, or why there is none."""
    if not math.isfinite(mean.value):
        return choice.fault
    ends = "" if math.isnan(mean.low) else f" ({mean.low:.2g}, {mean.high:.2g})"
    return f"{mean.value:.2e}{ends}"


def span(sizes: set[int]) -> str:
    """A number of parameters, or the smallest and largest."""
    ends = sorted({min(sizes), max(sizes)}) if sizes else []
    return " to ".join(f"{n:,}" for n in ends)
