"""The results of a study as a report asks for them: by axis, at the tuned value, over seeds.

A tuned axis, such as the learning rate, is not compared: of its values each combination of the
others takes the one whose geometric mean of the held-out score over all seeds is smallest. One at
which a seed failed, diverged or was not run is out. All combinations have as many trials.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sgn_sciml.studies.engine.cell import Curve
from sgn_sciml.studies.engine.specs import CellSpec, Study
from sgn_sciml.studies.engine.store import Record, StudyFolder
from sgn_sciml.studies.reports.statistics import geometric_mean

__all__ = ["Choice", "Results"]


@dataclass(frozen=True)
class Choice:
    """The cells of one combination of the compared axes, at its tuned value.

    Attributes:
        tuned: The value; empty if nothing is tuned.
        at_edge: Whether it is the first or last of the values tried, so that a better one may lie
            beyond.
        cells: The cells, one per seed.
        records: Their records.
    """

    tuned: str
    at_edge: bool
    cells: Sequence[CellSpec]
    records: Sequence[Record]

    @property
    def fault(self) -> str:
        """Why there is no mean over the cells, where there is none."""
        states = {record.status for record in self.records}
        if "missing" in states:
            return "not run" if len(states) == 1 else "partly run"
        return "failed" if "failed" in states else "diverged"

    def scores(self, name: str) -> list[float]:
        """A number of each cell; infinite where it failed, diverged or was not run."""
        found = []
        for record in self.records:
            value = record.scalars.get(name, math.nan)
            found.append(value if math.isfinite(value) else math.inf)
        return found


class Results:
    """The results of a study.

    Args:
        study: The study.
        folder: Its folder.
        repeats: Axis of repetitions, the seeds.
        tuned: Axis that is tuned, or None.
        score: Number that it is tuned by; smaller is better.

    Raises:
        ValueError: If the study has no such axis, or no cell is done.
    """

    def __init__(
        self,
        study: Study,
        folder: StudyFolder,
        repeats: str = "seed",
        tuned: str | None = None,
        score: str = "val/relative_l2",
    ) -> None:
        for axis in (repeats, *([tuned] if tuned else [])):
            if axis not in study.axes:
                raise ValueError(f"the report asks for the axis {axis}, which the study has not")
        self.study, self.folder = study, folder
        self.repeats, self.tuned, self.score = repeats, tuned, score
        self.records = {spec.id: folder.record(spec) for spec in study.cells}
        if not any(record.status == "done" for record in self.records.values()):
            raise ValueError(f"no cell of {study.name} is done; run it first")
        self.compared = [axis for axis in study.axes if axis not in (repeats, tuned)]

    def choose(self, labels: Mapping[str | None, str]) -> Choice:
        """The cells of a combination of the compared axes.

        Args:
            labels: A value's name for each of some compared axes; all others must be fixed by
                them, or have one value. A report without columns has None for their axis.
        """
        fixed = [(axis, value) for axis, value in labels.items() if axis is not None]
        cells = [c for c in self.study.cells if all(c.labels[a] == v for a, v in fixed)]
        if self.tuned is None:
            return Choice("", False, cells, [self.records[c.id] for c in cells])
        values = list(self.study.axes[self.tuned])
        trials = {v: [c for c in cells if c.labels[self.tuned] == v] for v in values}
        means = {value: self._mean(trial) for value, trial in trials.items()}
        best = min(values, key=lambda value: means[value])
        edge = math.isfinite(means[best]) and len(values) > 1 and best in (values[0], values[-1])
        return Choice(best, edge, trials[best], [self.records[c.id] for c in trials[best]])

    def _mean(self, cells: Sequence[CellSpec]) -> float:
        records = [self.records[c.id] for c in cells]
        return geometric_mean([r.scalars.get(self.score, math.nan) for r in records]).value

    def curves(self, choice: Choice, name: str) -> list[Curve]:
        """A curve of each cell that has it."""
        found = (self.folder.curves(cell).get(name) for cell in choice.cells)
        return [curve for curve in found if curve is not None]

    def about(self) -> dict[str, Any]:
        """Cost, machines and versions of all cells, for the page's card."""
        done = [r for r in self.records.values() if r.status == "done" and r.about]
        abouts = [r.about for r in done if r.about]
        machines = {str(a.get("machine")): a.get("machine") for a in abouts}
        return {
            "study": self.study.name,
            "cells": len(self.study.cells),
            "done": len(done),
            "failed": sum(r.status == "failed" for r in self.records.values()),
            "cpu_seconds": round(sum(a.get("cpu_seconds", 0.0) for a in abouts), 1),
            "written": [min(a["written"] for a in abouts), max(a["written"] for a in abouts)],
            "machines": list(machines.values()),
        }
