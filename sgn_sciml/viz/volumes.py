"""Figures of a volume: slices through its middle."""

from typing import Any

import numpy as np
from matplotlib.figure import Figure
from torch import Tensor

from sgn_sciml.viz.colours import beyond, logarithmic

__all__ = ["volume_figure"]


def volume_figure(
    target: Tensor, pred: Tensor, axes: tuple[str, str, str] = ("x", "y", "z")
) -> Figure:
    """Draw the three middle slices of target, prediction and error.

    All target and prediction panels share one scale, and all error panels another one, six
    decades below the largest error in the slices.

    Args:
        target: True volume, shape ``(n1, n2, n3)``.
        pred: Predicted volume, same shape.
        axes: Names of the axes.

    Returns:
        The figure; rows are target, prediction and error, columns the slices across the third,
        second and first axis.

    Raises:
        ValueError: If they are not volumes of one shape.
    """
    if target.ndim != 3 or target.shape != pred.shape:
        shapes = tuple(target.shape), tuple(pred.shape)
        raise ValueError(f"slices are of two volumes of one shape, got {shapes[0]}, {shapes[1]}")
    truth, guess = (u.double().numpy(force=True) for u in (target, pred))
    low, high = float(truth.min()), float(truth.max())
    cuts = [(k, truth.shape[k] // 2) for k in (2, 1, 0)]
    rows = [
        [values.take(at, axis=k) for k, at in cuts]
        for values in (truth, guess, np.abs(guess - truth))
    ]
    signed: dict[str, Any] = {"vmin": low, "vmax": high, "cmap": "viridis"}
    if low < 0 < high:  # white is zero, the surface where values are distances
        reach = max(-low, high)
        signed = {"vmin": -reach, "vmax": reach, "cmap": "RdBu_r"}
    shown = np.concatenate([cut.ravel() for cut in rows[1]])
    bars: list[dict[str, Any]] = [{}, {"extend": beyond(shown, signed["vmin"], signed["vmax"])}]
    errors, bar = logarithmic(np.concatenate([cut.ravel() for cut in rows[2]]))
    styles, bars = [signed, signed, errors], [*bars, bar]
    figure = Figure(figsize=(10.5, 9), layout="constrained")
    panels = figure.subplots(3, 3)
    for row, (title, style, bar) in enumerate(
        zip(("target", "prediction", "|error|"), styles, bars, strict=True)
    ):
        for column, (k, _) in enumerate(cuts):
            across, up = (name for i, name in enumerate(axes) if i != k)
            # The first axis of a slice runs to the right, the second one upwards.
            image = panels[row, column].imshow(
                rows[row][column].T, origin="lower", interpolation="nearest", **style
            )
            panels[row, column].set(
                title=f"{title}, middle of {axes[k]}", xlabel=across, ylabel=up
            )
        figure.colorbar(image, ax=panels[row, :].tolist(), shrink=0.9, **bar)
    return figure
