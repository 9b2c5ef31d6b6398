"""The section on errors per band of wavenumbers: maps over training, and what is left."""

from collections.abc import Mapping, Sequence
from itertools import pairwise

import numpy as np
import torch
from numpy.typing import NDArray

from sgn_sciml.studies.reports.results import Choice, Results
from sgn_sciml.studies.reports.scores import axis
from sgn_sciml.studies.reports.section import Part, Section, Table
from sgn_sciml.viz.studies import band_figure

__all__ = ["BandErrors"]

MEANING = {
    "band_error": "Error over target in bands of wavenumbers, named by their first, while "
    "training goes on; geometric mean over seeds. 1 is what a zero prediction scores. The table "
    "has the last step.",
    "spectral_error": "Error in bands of wavenumbers, named by their first, over the whole "
    "target, while training goes on; geometric mean over seeds. The squares add up to that of "
    "the relative L2 error. The table has the last step.",
}


class BandErrors(Section):
    """Errors per band over training, a map per row; the geometric mean over seeds.

    Args:
        rows: Axis of the rows.
        columns: Axis of which each value has a figure and a table, or None.
        curve: Curve over steps and wavenumbers: ``band_error``, relative to the target in the
            band, or ``spectral_error``, relative to the whole target.
        title: Title.

    Raises:
        ValueError: For another curve.
    """

    def __init__(
        self,
        rows: str = "activation",
        columns: str | None = None,
        curve: str = "band_error",
        title: str = "Error per band over training",
    ) -> None:
        if curve not in MEANING:
            raise ValueError(f"curve is one of {', '.join(MEANING)}, got {curve!r}")
        self.rows, self.columns, self.curve, self.title = rows, columns, curve, title

    def show(self, results: Results) -> Part:
        columns = list(axis(results, self.columns)) if self.columns else [""]
        names = list(axis(results, self.rows))
        tables, figures = [], {}
        for column in columns:
            chosen = {n: results.choose({self.rows: n, self.columns: column}) for n in names}
            found = {name: self._mean(results, choice) for name, choice in chosen.items()}
            maps = {name: each for name, each in found.items() if each is not None}
            if not maps:
                raise ValueError(f"no cell has the curve {self.curve} at all its seeds")
            starts = next(iter(maps.values()))[1]
            key = "_".join(filter(None, (self.curve, column)))
            figures[key] = band_figure(
                {name: (torch.tensor(s), torch.from_numpy(v)) for name, (s, _, v) in maps.items()},
                torch.tensor(starts),
                " ".join(filter(None, (column, self.curve.replace("_", " ")))),
            )
            last = {name: values[-1] for name, (_, _, values) in maps.items()}
            tables.append(table(f"{column} {self.rows}".strip(), chosen, starts, last))
        return Part(self.title, [MEANING[self.curve]], tables, figures)

    def _mean(
        self, results: Results, choice: Choice
    ) -> tuple[Sequence[float], Sequence[float], NDArray[np.floating]] | None:
        """Steps, first wavenumbers, and errors ``(steps, bands)``; None if a seed has none."""
        curves = results.curves(choice, self.curve)
        if not curves or len(curves) < len(choice.cells):
            return None
        steps, starts = curves[0].axes.values()
        logs = np.log10(np.maximum([c.values for c in curves], 1e-30))
        return steps, starts, 10 ** logs.mean(0)


def table(
    corner: str,
    chosen: Mapping[str, Choice],
    starts: Sequence[float],
    last: dict[str, NDArray[np.floating]],
) -> Table:
    """Errors at the last step, a column per band, the smallest bold."""
    ends = [f"to {b - 1:g}" if b - a > 1 else "" for a, b in pairwise(starts)]
    head = [corner, *(f"{a:g} {b}".strip() for a, b in zip(starts, [*ends, "up"], strict=True))]
    finite = [v for v in last.values() if np.isfinite(v).all()]
    best = np.min(finite, axis=0) if finite else np.zeros(len(starts))
    rows = []
    for name, choice in chosen.items():
        values = last.get(name)
        if values is None or not np.isfinite(values).all():
            rows.append([name, *([choice.fault] + [""] * (len(starts) - 1))])
            continue
        cells = [f"{value:.2g}" for value in values]
        bold = [f"**{c}**" if v == b else c for c, v, b in zip(cells, values, best, strict=True)]
        rows.append([name, *bold])
    return Table(head, rows)
