"""Figures of kernels: eigenvalues before and after training, and maps of a number per row."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.colors import LogNorm, Normalize
from matplotlib.figure import Figure
from torch import Tensor

from sgn_sciml.viz.colours import beyond

__all__ = ["eigenvalue_figure", "row_figure"]


def eigenvalue_figure(spectra: Mapping[str, tuple[Tensor, Tensor]], floor: float) -> Figure:
    """Draw eigenvalues over their sum, a panel per name.

    Args:
        spectra: Per name the eigenvalues at the start and after training, from the largest on,
            each of shape ``(seeds, N)``; a line per seed.
        floor: Lowest share that is shown.

    Returns:
        The figure.
    """
    columns = min(len(spectra), 4)
    rows = -(-len(spectra) // columns)
    size = (1.0 + 2.4 * columns, 0.8 + 1.7 * rows)
    figure = Figure(figsize=size, layout="constrained")
    panels = figure.subplots(rows, columns, squeeze=False, sharex=True, sharey=True).flatten()
    for panel, (name, stages) in zip(panels, spectra.items(), strict=False):
        for each, color in zip(stages, ("0.55", "C3"), strict=True):
            values = each.double().numpy(force=True)
            shares = values / values.sum(axis=1, keepdims=True)
            panel.plot(np.arange(1, shares.shape[1] + 1), shares.T, color=color, linewidth=1)
        panel.set_title(name, fontsize="medium")
        panel.grid(color="0.92")
        panel.set_axisbelow(True)
    panels[0].set(xscale="log", yscale="log", ylim=(floor, 1.5))
    lines = panels[0].lines
    figure.legend(
        [lines[0], lines[-1]],
        ["start", "after training"],
        loc="outside upper center",
        ncols=2,
        frameon=False,
    )
    for k, panel in enumerate(panels[len(spectra) :], start=len(spectra)):
        panel.remove()
        panels[k - columns].tick_params(labelbottom=True)
    figure.supxlabel("eigenvalue, from the largest on")
    figure.supylabel("share of the trace")
    return figure


def row_figure(
    names: Sequence[str],
    coordinate: tuple[str, Tensor],
    maps: Mapping[str, Tensor],
    label: str,
    limits: tuple[float, float],
    logarithmic: bool = False,
    mark: float | None = None,
) -> Figure:
    """Draw heat maps side by side, a line per name.

    Args:
        names: Names of the lines.
        coordinate: Name and points of the horizontal axis, increasing, shape ``(k,)``.
        maps: Values by title, shape ``(names, k)``; NaN stays white.
        label: What the values are.
        limits: Ends of the colours; what is beyond has that of the end, and the colour bar an
            arrow.
        logarithmic: Colours go with the logarithm.
        mark: Where a line divides the horizontal axis, or None.

    Returns:
        The figure.
    """
    title, points = coordinate
    k = points.double().numpy(force=True)
    edges = np.concatenate([[k[0] - 0.5], (k[1:] + k[:-1]) / 2, [k[-1] + 0.5]])
    size = (2.2 + 3.6 * len(maps), 1.2 + 0.28 * len(names))
    figure = Figure(figsize=size, layout="constrained")
    panels = figure.subplots(1, len(maps), squeeze=False, sharey=True)[0]
    for panel, (name, values) in zip(panels, maps.items(), strict=True):
        image = panel.pcolormesh(
            edges,
            np.arange(len(names) + 1) - 0.5,
            np.clip(values.double().numpy(force=True), *limits),
            norm=LogNorm(*limits) if logarithmic else Normalize(*limits),
            cmap="viridis",
            rasterized=True,
        )
        if mark is not None:
            panel.axvline(mark, color="white", linestyle="--", linewidth=1)
        panel.set_yticks(range(len(names)), names)
        panel.set(title=name, xlabel=title, ylim=(len(names) - 0.5, -0.5))
    every = np.concatenate([u.double().numpy(force=True).ravel() for u in maps.values()])
    figure.colorbar(image, ax=list(panels), label=label, extend=beyond(every, *limits))
    return figure
