"""Figures of ratios over two axes."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.colors import LogNorm
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from torch import Tensor

__all__ = ["ratio_figure"]


def ratio_figure(
    maps: Mapping[str, Tensor],
    widths: Sequence[str],
    batches: Sequence[str],
    label: str,
    threshold: float,
    columns: int = 3,
) -> Figure:
    """Draw ratios as maps with their numbers; red is above the threshold, blue below it.

    Args:
        maps: Ratios by title, shape ``(widths, batches)``; what is not finite stays empty.
        widths: Names of the rows.
        batches: Names of the columns.
        label: What the ratio is.
        threshold: Where the colours part; places at it or above have a frame.
        columns: Panels side by side.

    Returns:
        The figure.
    """
    data = {title: values.double().numpy(force=True) for title, values in maps.items()}
    known = np.concatenate([values[np.isfinite(values)] for values in data.values()])
    ratios = np.concatenate([known, [threshold]]) / threshold
    reach = max(float(np.exp(np.abs(np.log(ratios)).max())), 1.1)
    norm = LogNorm(threshold / reach, threshold * reach)
    rows = -(-len(data) // columns)
    size = (1.6 + (0.9 + 0.62 * len(batches)) * columns, 0.8 + (0.7 + 0.42 * len(widths)) * rows)
    figure = Figure(figsize=size, layout="constrained")
    panels = figure.subplots(rows, columns, squeeze=False, sharex=True, sharey=True).flatten()
    for panel, (title, values) in zip(panels, data.items(), strict=False):
        image = panel.imshow(values, norm=norm, cmap="RdBu_r", aspect="auto")
        for (i, j), value in np.ndenumerate(values):
            if np.isfinite(value):
                pale = abs(np.log(value / threshold)) < 0.6 * np.log(reach)
                panel.text(
                    j,
                    i,
                    f"{value:.3g}",
                    ha="center",
                    va="center",
                    fontsize="small",
                    color="black" if pale else "white",
                )
            if value >= threshold:
                panel.add_patch(Rectangle((j - 0.48, i - 0.46), 0.96, 0.92, fill=False))
        panel.set_title(title, fontsize="medium")
        panel.set_xticks(range(len(batches)), batches)
        panel.set_yticks(range(len(widths)), widths)
    for panel in panels[len(data) :]:
        panel.remove()
    figure.supxlabel("batch")
    figure.supylabel("width")
    figure.colorbar(image, ax=list(panels[: len(data)]), label=label)
    return figure
