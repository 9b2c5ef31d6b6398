"""Figure of a solution and the cells that it was solved in."""

from collections.abc import Sequence

import numpy as np
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from torch import Tensor

__all__ = ["cells_figure"]


def cells_figure(
    across: Tensor,
    up: Tensor,
    field: Tensor,
    corners: Sequence[tuple[Tensor, Tensor]],
    labels: tuple[str, str, str],
) -> Figure:
    """Draw a field over its two coordinates, and the edges of all cells.

    Args:
        across: The coordinate along the bottom, shape ``(n,)``.
        up: The other one, shape ``(m,)``.
        field: Values, shape ``(n, m)``.
        corners: Of each slab, lower and upper corners of its cells, shape ``(K, 2)`` each.
        labels: Names of the coordinates and the field.

    Returns:
        The figure.
    """
    xs, ys, values = (np.asarray(v.cpu(), dtype=float) for v in (across, up, field))
    figure = Figure(figsize=(7, 5), layout="constrained")
    axis = figure.subplots()
    image = axis.pcolormesh(xs, ys, values.T, shading="auto", rasterized=True, cmap="viridis")
    figure.colorbar(image, ax=axis, label=labels[2])
    outlines = []
    for lower, upper in corners:
        for (x0, y0), (x1, y1) in zip(lower.tolist(), upper.tolist(), strict=True):
            outlines.append([(x0, y0), (x1, y0), (x1, y1), (x0, y1), (x0, y0)])
    axis.add_collection(LineCollection(outlines, colors="white", linewidths=0.5))
    axis.set(title=f"{len(outlines):,} cells", xlabel=labels[0], ylabel=labels[1])
    return figure
