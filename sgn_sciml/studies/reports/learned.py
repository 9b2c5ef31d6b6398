"""The section on when each frequency is learned: heat maps, and how many are."""

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray

from sgn_sciml.studies.reports.results import Results
from sgn_sciml.studies.reports.scores import axis
from sgn_sciml.studies.reports.section import Part, Section, Table
from sgn_sciml.viz.studies import learning_figure

__all__ = ["TimeToLearn"]


class TimeToLearn(Section):
    """The step at which each frequency is learned, median over seeds, a map per column's value.

    Args:
        rows: Axis of the rows.
        columns: Axis of which each value has a map, or None.
        curve: Curve of steps over frequencies, NaN for never.
        title: Title.
        learned: When a frequency counts as learned.
    """

    def __init__(
        self,
        rows: str = "activation",
        columns: str | None = None,
        curve: str = "time_to_learn",
        title: str = "Time to learn",
        learned: str = "a tone's amplitude and phase are within 10 %",
    ) -> None:
        self.rows, self.columns, self.curve, self.title = rows, columns, curve, title
        self.learned = learned

    def show(self, results: Results) -> Part:
        names = list(axis(results, self.rows))
        columns = list(axis(results, self.columns)) if self.columns else [""]
        frequencies: Sequence[float] = ()
        maps: dict[str, NDArray[np.floating]] = {}
        body = [[name] for name in names]
        for column in columns:
            lines: list[NDArray[np.floating] | None] = []
            for name, row in zip(names, body, strict=True):
                choice = results.choose({self.rows: name, self.columns: column})
                curves = results.curves(choice, self.curve)
                if not curves:
                    row.append(choice.fault)
                    lines.append(None)
                    continue
                frequencies = next(iter(curves[0].axes.values()))
                steps = median(np.stack([c.values for c in curves]))
                row.append(reached(steps, frequencies))
                lines.append(steps)
            empty = np.full(len(frequencies), np.nan)
            maps[column] = np.stack([empty if line is None else line for line in lines])
        if not len(frequencies):
            raise ValueError(f"no cell has the curve {self.curve}")
        table = Table([self.rows, *(f"{c} learned".strip() for c in columns)], body)
        figure = learning_figure(
            names,
            torch.tensor(frequencies),
            {c or self.title: torch.from_numpy(m) for c, m in maps.items()},
        )
        text = [
            f"First step at which {self.learned}, the median over seeds; white where half of them "
            "never get there. Learned: how many, and the highest up to which all are."
        ]
        return Part(self.title, text, [table], {self.curve: figure})


def median(steps: NDArray[np.floating]) -> NDArray[np.floating]:
    """Median over seeds of steps, where NaN is later than any; NaN for never."""
    late = np.where(np.isnan(steps), np.inf, steps)
    late.sort(axis=0)
    found = late[len(late) // 2]  # the later of two in the middle
    return np.where(np.isinf(found), np.nan, found)


def reached(steps: NDArray[np.floating], frequencies: Sequence[float]) -> str:
    """How many frequencies are learned, and up to which all are."""
    known = ~np.isnan(steps)
    gap = int(np.argmin(known)) if not known.all() else len(known)
    return f"{int(known.sum())} of {len(known)}; all to {frequencies[gap - 1] if gap else 0:g}"
