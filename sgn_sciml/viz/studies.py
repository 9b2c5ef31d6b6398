"""Figures of studies: intervals of final numbers, what is learned when, errors per band."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.colors import LogNorm
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, NullFormatter, StrMethodFormatter
from torch import Tensor

from sgn_sciml.viz.colours import beyond

__all__ = ["band_figure", "interval_figure", "learning_figure"]


def interval_figure(
    names: Sequence[str],
    columns: Sequence[str],
    ends: Tensor,
    label: str,
    mark: float | None = None,
) -> Figure:
    """Draw values with intervals, a panel per column, a line per name.

    Args:
        names: Names of the lines.
        columns: Titles of the panels.
        ends: Value, lower and upper end, shape ``(names, columns, 3)``; what is not finite is left
            out, what is a thousand times larger than nine tenths of all is an arrow at the edge.
        label: Name of the value.
        mark: Value to draw a line at.

    Returns:
        The figure.
    """
    data = ends.double().numpy(force=True)
    size = (1.6 + 3.4 * len(columns), 1.1 + 0.3 * len(names))
    figure = Figure(figsize=size, layout="constrained")
    panels = figure.subplots(1, len(columns), squeeze=False, sharex=True, sharey=True)[0]
    rows = np.arange(len(names))
    ranged = data[np.isfinite(data)]
    far = 1e3 * np.quantile(ranged, 0.9) if len(ranged) and ranged.min() > 0 else np.inf
    ranged = ranged[ranged <= far]
    for j, (panel, title) in enumerate(zip(panels, columns, strict=True)):
        value, low, high = data[:, j].T
        known = value <= far
        sides = np.nan_to_num(np.maximum(np.stack([value - low, high - value]), 0))
        panel.errorbar(
            value[known], rows[known], xerr=sides[:, known], fmt="o", capsize=3, markersize=4
        )
        for row in rows[(value > far) & np.isfinite(value)]:
            place = {"transform": panel.get_yaxis_transform(), "clip_on": False, "zorder": 3}
            panel.plot(1, row, ">", color="C0", **place)
        if mark is not None:
            panel.axvline(mark, color="0.5", linewidth=1, zorder=0)
        if len(ranged) and ranged.min() > 0:
            panel.set_xscale("log")
            if ranged.max() < 100 * ranged.min():  # powers of ten alone would be too few
                panel.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
                panel.xaxis.set_major_formatter(StrMethodFormatter("{x:g}"))
            panel.xaxis.set_minor_formatter(NullFormatter())
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
    every = np.concatenate([steps.ravel() for steps in data.values()])
    extend = beyond(every, low, max(high, 2 * low))
    figure.colorbar(image, ax=list(panels), label="steps until learned", extend=extend)
    return figure


def band_figure(
    maps: Mapping[str, tuple[Tensor, Tensor]], wavenumber: Tensor, label: str
) -> Figure:
    """Draw the error per band while training goes on, a map per name.

    Args:
        maps: Per name the steps, increasing, shape ``(s,)``, and the errors, shape ``(s, k)``.
        wavenumber: First wavenumber of each band, increasing, shape ``(k,)``.
        label: What the error is.

    Returns:
        The figure.
    """
    data = [values.double().numpy(force=True) for _, values in maps.values()]
    known = np.concatenate([v[np.isfinite(v) & (v > 0)] for v in data])
    top = float(np.clip(known.max(initial=1e-6), 1e-6, 2))
    bottom = min(max(float(known.min(initial=top)), top * 1e-6), top / 10)
    columns = min(len(maps), 4)
    rows = -(-len(maps) // columns)
    figure = Figure(figsize=(1.5 + 2.6 * columns, 0.6 + 2.1 * rows), layout="constrained")
    panels = figure.subplots(rows, columns, squeeze=False, sharex=True, sharey=True).flatten()
    bands = np.arange(len(wavenumber) + 1) - 0.5
    for panel, (name, (steps, _)), values in zip(panels, maps.items(), data, strict=False):
        # A cell reaches from one look to the next; step 0 has its place left of 1.
        ends = np.maximum(steps.double().numpy(force=True), 0.5)
        edges = np.concatenate([[ends[0] / 2], ends])
        image = panel.pcolormesh(
            edges,
            bands,
            np.clip(values, bottom, None).T,
            norm=LogNorm(bottom, top),
            cmap="magma",
            rasterized=True,
        )
        panel.set_title(name, fontsize="medium")
        panel.set_xscale("log")
    ticks = range(0, len(wavenumber), 1 + len(wavenumber) // 8)
    panels[0].set_yticks(ticks, [f"{wavenumber[i]:g}" for i in ticks])
    for k, panel in enumerate(panels[len(maps) :], start=len(maps)):
        panel.remove()
        panels[k - columns].tick_params(labelbottom=True)
    figure.supxlabel("step")
    figure.supylabel("wavenumber")
    extend = beyond(np.concatenate([values.ravel() for values in data]), bottom, top)
    figure.colorbar(image, ax=list(panels[: len(maps)]), label=label, extend=extend)
    return figure
