"""Figures of a volume: slices through its middle."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray
from torch import Tensor

from sgn_sciml.viz.colours import beyond, logarithmic

__all__ = ["volume_figure"]


def volume_figure(
    target: Tensor,
    pred: Tensor,
    axes: tuple[str, ...] = ("x", "y", "z"),
    residual: Tensor | None = None,
    coordinates: Sequence[Tensor] | None = None,
) -> Figure:
    """Draw the three middle slices of target, prediction, error and residual.

    All target and prediction panels share one scale, and all error panels another one, six
    decades below the largest error in the slices. What is nan stays white.

    Args:
        target: True volume, shape ``(n1, n2, n3)``.
        pred: Predicted volume, same shape.
        axes: Names of the axes.
        residual: Size of the residual, same shape, or None.
        coordinates: Even values along each axis, which the slices are then labelled by, or None.

    Returns:
        The figure; rows are target, prediction, error and residual, columns the slices across the
        third, second and first axis.

    Raises:
        ValueError: If they are not volumes of one shape.
    """
    if target.ndim != 3 or target.shape != pred.shape:
        shapes = tuple(target.shape), tuple(pred.shape)
        raise ValueError(f"slices are of two volumes of one shape, got {shapes[0]}, {shapes[1]}")
    truth, guess = (u.double().numpy(force=True) for u in (target, pred))
    low, high = float(np.nanmin(truth)), float(np.nanmax(truth))
    cuts = [(k, truth.shape[k] // 2) for k in (2, 1, 0)]
    rows = [
        [values.take(at, axis=k) for k, at in cuts]
        for values in (truth, guess, np.abs(guess - truth), *sizes(residual))
    ]
    signed: dict[str, Any] = {"vmin": low, "vmax": high, "cmap": "viridis"}
    if low < 0 < high:  # white is zero, the surface where values are distances
        reach = max(-low, high)
        signed = {"vmin": -reach, "vmax": reach, "cmap": "RdBu_r"}
    shown = np.concatenate([cut.ravel() for cut in rows[1]])
    bars: list[dict[str, Any]] = [{}, {"extend": beyond(shown, signed["vmin"], signed["vmax"])}]
    scales = [logarithmic(np.concatenate([cut.ravel() for cut in row])) for row in rows[2:]]
    styles = [signed, signed, *(style for style, _ in scales)]
    bars += [bar for _, bar in scales]
    figure = Figure(figsize=(10.5, 3 * len(rows)), layout="constrained")
    panels = figure.subplots(len(rows), 3)
    titles = ("target", "prediction", "|error|", "|residual|")[: len(rows)]
    for row, (title, style, bar) in enumerate(zip(titles, styles, bars, strict=True)):
        for column, (k, at) in enumerate(cuts):
            across, up = (name for i, name in enumerate(axes) if i != k)
            # The first axis of a slice runs to the right, the second one upwards.
            where = f"middle of {axes[k]}"
            if coordinates is not None:
                where = f"{axes[k]} = {float(coordinates[k][at]):.3g}"
            image = panels[row, column].imshow(
                rows[row][column].T,
                origin="lower",
                interpolation="nearest",
                extent=extent(coordinates, k),
                **style,
            )
            panels[row, column].set(title=f"{title}, {where}", xlabel=across, ylabel=up)
        figure.colorbar(image, ax=panels[row, :].tolist(), shrink=0.9, **bar)
    return figure


def sizes(residual: Tensor | None) -> list[NDArray[Any]]:
    """The size of a residual, if there is one."""
    return [] if residual is None else [residual.double().abs().numpy(force=True)]


def extent(
    coordinates: Sequence[Tensor] | None, across: int
) -> tuple[float, float, float, float] | None:
    """Where the pixels of a slice begin and end, half a step around their values."""
    if coordinates is None:
        return None
    ends = []
    for values in (c.double() for i, c in enumerate(coordinates) if i != across):
        half = float(values[1] - values[0]) / 2
        ends += [float(values[0]) - half, float(values[-1]) + half]
    return ends[0], ends[1], ends[2], ends[3]
