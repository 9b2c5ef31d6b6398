"""Figures of a field over two coordinates."""

from typing import Any

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.colors import LogNorm
from matplotlib.figure import Figure
from torch import Tensor

__all__ = ["field_figure"]

Array = npt.NDArray[np.floating]


def field_figure(
    x: Tensor,
    t: Tensor,
    reference: Tensor,
    predicted: Tensor,
    residual: Tensor | None = None,
    labels: tuple[str, str, str] = ("x", "t", "u"),
    profiles: int = 5,
) -> Figure:
    """Draw reference, prediction, error, residual and profiles.

    Args:
        x: First coordinate, shape ``(nx,)``.
        t: Second coordinate, shape ``(nt,)``.
        reference: Reference solution, shape ``(nt, nx)``.
        predicted: Prediction, same shape.
        residual: Size of the residual, same shape, or None.
        labels: Names of x, t and the field.
        profiles: Number of profiles over x, evenly spaced in t.

    Returns:
        The figure.
    """
    xs, ts = x.numpy(force=True), t.numpy(force=True)
    truth, guess = reference.numpy(force=True), predicted.numpy(force=True)
    first, second, name = labels
    error = np.abs(guess - truth)
    figure = Figure(figsize=(13, 6.4), layout="constrained")
    axes = figure.subplots(2, 3)
    low, high = float(truth.min()), float(truth.max())
    signed = {"vmin": low, "vmax": high, "cmap": "RdBu_r"}
    panels: list[tuple[Axes, Array, str, dict[str, Any]]] = [
        (axes[0, 0], truth, f"reference {name}", signed),
        (axes[0, 1], guess, f"predicted {name}", signed),
        (axes[0, 2], error, "|error|", _logarithmic(error)),
    ]
    if residual is not None:
        size = residual.abs().numpy(force=True)
        panels.append((axes[1, 2], size, "|residual|", _logarithmic(size)))
    else:
        axes[1, 2].set_axis_off()
    for axis, values, title, style in panels:
        image = axis.pcolormesh(ts, xs, values.T, shading="auto", rasterized=True, **style)
        figure.colorbar(image, ax=axis)
        axis.set(title=title, xlabel=second, ylabel=first)
    frames = sorted({round(i) for i in np.linspace(0, len(ts) - 1, profiles)})
    bottom = _top(error) * 1e-6
    for k, i in enumerate(frames):
        color = f"C{k}"
        axes[1, 0].plot(xs, truth[i], color=color, label=f"{second} = {float(ts[i]):.2g}")
        axes[1, 0].plot(xs, guess[i], "k--", linewidth=0.8)
        axes[1, 1].semilogy(xs, np.maximum(error[i], bottom), color=color)
    axes[1, 0].set(title=f"{name}: reference (colour), prediction (dashed)", xlabel=first)
    axes[1, 0].legend(loc="upper right", fontsize="small")
    axes[1, 1].set(title="|error|", xlabel=first, ylim=(bottom, None))
    return figure


def _logarithmic(values: Array) -> dict[str, object]:
    """Six decades below the largest value."""
    top = _top(values)
    return {"norm": LogNorm(top * 1e-6, top, clip=True), "cmap": "viridis"}


def _top(values: Array) -> float:
    return max(float(values.max()), 1e-15)
