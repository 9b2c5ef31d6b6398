"""Figures of studies: intervals of final numbers, and which frequency is learned when."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.colors import LogNorm
from matplotlib.figure import Figure
from torch import Tensor

__all__ = ["interval_figure", "learning_figure"]


def interval_figure(
    names: Sequence[str], columns: Sequence[str], ends: Tensor, label: str
) -> Figure:
    """Draw values with intervals, a panel per column, a line per name.

    Args:
        names: Names of the lines.
        columns: Titles of the panels.
        ends: Value, lower and upper end, shape ``(names, columns, 3)``; what is not finite is left
            out.
        label: Name of the value.

    Returns:
        The figure.
    """
    data = ends.double().numpy(force=True)
    size = (1.6 + 3.4 * len(columns), 1.1 + 0.3 * len(names))
    figure = Figure(figsize=size, layout="constrained")
    panels = figure.subplots(1, len(columns), squeeze=False, sharey=True)[0]
    rows = np.arange(len(names))
    for j, (panel, title) in enumerate(zip(panels, columns, strict=True)):
        value, low, high = data[:, j].T
        known = np.isfinite(value)
        sides = np.nan_to_num(np.maximum(np.stack([value - low, high - value]), 0))
        panel.errorbar(
            value[known], rows[known], xerr=sides[:, known], fmt="o", capsize=3, markersize=4
        )
        if (value[known] > 0).all() and known.any():
            panel.set_xscale("log")
        panel.set_yticks(rows, names)
        panel.set(title=title, xlabel=label, ylim=(len(names) - 0.5, -0.5))
        panel.grid(axis="both", color="0.92")
        panel.set_axisbelow(True)
    return figure


def learning_figure(
    names: Sequence[str], frequencies: Tensor, maps: Mapping[str, Tensor]
) -> Figure:
    """Draw the step at which each frequency is learned as heat maps, early ones dark.

    Args:
        names: Names of the lines.
        frequencies: Frequencies, increasing, shape ``(k,)``.
        maps: Steps by title, shape ``(names, k)``; NaN, never, stays white.

    Returns:
        The figure.
    """
    k = frequencies.double().numpy(force=True)
    edges = np.concatenate([[k[0] - 0.5], (k[1:] + k[:-1]) / 2, [k[-1] + 0.5]])
    data = {title: steps.double().numpy(force=True) for title, steps in maps.items()}
    known = np.concatenate([steps[np.isfinite(steps)] for steps in data.values()])
    low, high = max(known.min(initial=1), 1), max(known.max(initial=1), 2)
    if len(known):
        low = max(float(known.min()), 1)
    size = (2.2 + 3.6 * len(data), 1.2 + 0.28 * len(names))
    figure = Figure(figsize=size, layout="constrained")
    panels = figure.subplots(1, len(data), squeeze=False, sharey=True)[0]
    for panel, (title, steps) in zip(panels, data.items(), strict=True):
        image = panel.pcolormesh(
            edges,
            np.arange(len(names) + 1) - 0.5,
            np.maximum(steps, low),
            norm=LogNorm(low, max(high, 2 * low)),
            cmap="viridis",
            rasterized=True,
        )
        panel.set_yticks(range(len(names)), names)
        panel.set(title=title, xlabel="frequency", ylim=(len(names) - 0.5, -0.5))
    figure.colorbar(image, ax=list(panels), label="steps until learned")
    return figure
