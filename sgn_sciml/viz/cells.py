"""Figure of a solution and the cells that it was solved in."""

from collections.abc import Sequence

import numpy as np
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from torch import Tensor

__all__ = ["cells_figure"]

Corners = tuple[Sequence[Sequence[float]], Sequence[Sequence[float]]]


def cells_figure(
    first: Tensor,
    second: Tensor,
    field: Tensor,
    boxes: Sequence[Corners],
    labels: tuple[str, str, str],
) -> Figure:
    """Draw a field over its two coordinates, and the edges of all cells.

    Args:
        first: First coordinate, shape ``(n,)``.
        second: Second coordinate, shape ``(m,)``, drawn along the bottom.
        field: Values, shape ``(n, m)``.
        boxes: Of each slab, lower and upper corners of its cells.
        labels: Names of the coordinates and the field.

    Returns:
        The figure.
    """
    xs, ts, values = (np.asarray(v.cpu(), dtype=float) for v in (first, second, field))
    figure = Figure(figsize=(7, 5), layout="constrained")
    axis = figure.subplots()
    image = axis.pcolormesh(ts, xs, values, shading="auto", rasterized=True, cmap="viridis")
    figure.colorbar(image, ax=axis, label=labels[2])
    outlines = []
    for lowers, uppers in boxes:
        for (x0, t0), (x1, t1) in zip(lowers, uppers, strict=True):
            outlines.append([(t0, x0), (t1, x0), (t1, x1), (t0, x1), (t0, x0)])
    axis.add_collection(LineCollection(outlines, colors="white", linewidths=0.5))
    count = len(outlines)
    axis.set(title=f"{count:,} cells", xlabel=labels[1], ylabel=labels[0])
    return figure
