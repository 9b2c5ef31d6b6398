"""Figures of a field beside its reference: over a line, over a plane, and over a line in time."""

from typing import Any

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray
from torch import Tensor

from sgn_sciml.viz.colours import beyond, largest, logarithmic

__all__ = ["curve_figure", "field_figure", "map_figure"]

Colours = tuple[dict[str, Any], dict[str, Any]]


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
        reference: Reference solution, shape ``(nx, nt)``.
        predicted: Prediction, same shape.
        residual: Size of the residual, same shape, or None.
        labels: Names of x, t and the field.
        profiles: Number of profiles over x, evenly spaced in t.

    Returns:
        The figure.
    """
    xs, ts, truth, guess = _arrays(x, t, reference, predicted)
    first, second, name = labels
    error = np.abs(guess - truth)
    figure = Figure(figsize=(13, 6.4), layout="constrained")
    axes = figure.subplots(2, 3)
    for axis, (values, title, (style, bar)) in zip(
        (*axes[0], axes[1, 2]), _panels(truth, guess, residual, name), strict=False
    ):
        image = axis.pcolormesh(ts, xs, values, shading="auto", rasterized=True, **style)
        figure.colorbar(image, ax=axis, **bar)
        axis.set(title=title, xlabel=second, ylabel=first)
    if residual is None:
        axes[1, 2].set_axis_off()
    frames = sorted({round(i) for i in np.linspace(0, len(ts) - 1, profiles)})
    bottom = largest(error) * 1e-6
    for k, i in enumerate(frames):
        color = f"C{k}"
        axes[1, 0].plot(xs, truth[:, i], color=color, label=f"{second} = {float(ts[i]):.2g}")
        axes[1, 0].plot(xs, guess[:, i], "k--", linewidth=0.8)
        axes[1, 1].semilogy(xs, np.maximum(error[:, i], bottom), color=color)
    axes[1, 0].set(title=f"{name}: reference (colour), prediction (dashed)", xlabel=first)
    axes[1, 0].legend(loc="upper right", fontsize="small")
    axes[1, 1].set(title="|error|", xlabel=first, ylim=(bottom, None))
    return figure


def map_figure(
    x: Tensor,
    y: Tensor,
    reference: Tensor,
    predicted: Tensor,
    residual: Tensor | None = None,
    labels: tuple[str, str, str] = ("x", "y", "u"),
) -> Figure:
    """Draw maps of reference, prediction, error and residual over a plane.

    Args:
        x: First coordinate, to the right, shape ``(nx,)``.
        y: Second coordinate, upwards, shape ``(ny,)``.
        reference: Reference solution, shape ``(nx, ny)``.
        predicted: Prediction, same shape.
        residual: Size of the residual, same shape, or None.
        labels: Names of x, y and the field.

    Returns:
        The figure.
    """
    xs, ys, truth, guess = _arrays(x, y, reference, predicted)
    panels = _panels(truth, guess, residual, labels[2])
    figure = Figure(figsize=(4.3 * len(panels), 3.6), layout="constrained")
    row = figure.subplots(1, len(panels))
    for axis, (values, title, (style, bar)) in zip(row, panels, strict=True):
        image = axis.pcolormesh(xs, ys, values.T, shading="auto", rasterized=True, **style)
        figure.colorbar(image, ax=axis, **bar)
        axis.set(title=title, xlabel=labels[0], ylabel=labels[1], aspect="equal")
    return figure


def curve_figure(
    x: Tensor,
    reference: Tensor,
    predicted: Tensor,
    residual: Tensor | None = None,
    labels: tuple[str, str] = ("x", "u"),
) -> Figure:
    """Draw reference and prediction over a line, and below them error and residual.

    Args:
        x: Coordinate, shape ``(n,)``.
        reference: Reference solution, same shape.
        predicted: Prediction, same shape.
        residual: Size of the residual, same shape, or None.
        labels: Names of x and the field.

    Returns:
        The figure.
    """
    xs, truth, guess = _arrays(x, reference, predicted)
    figure = Figure(figsize=(10, 6.4), layout="constrained")
    axes = figure.subplots(2 if residual is None else 3, 1, sharex=True)
    axes[0].plot(xs, truth, color="C0", label="reference")
    axes[0].plot(xs, guess, "k--", linewidth=0.8, label="prediction")
    axes[0].legend(loc="upper right", fontsize="small")
    axes[0].set(ylabel=labels[1])
    for axis, (values, title, _) in zip(
        axes[1:], _panels(truth, guess, residual, labels[1])[2:], strict=True
    ):
        bottom = largest(values) * 1e-6
        axis.semilogy(xs, np.maximum(values, bottom), linewidth=0.8)
        axis.set(ylabel=title, ylim=(bottom, None))
    axes[-1].set(xlabel=labels[0])
    return figure


def _arrays(*tensors: Tensor) -> list[NDArray[np.floating]]:
    return [tensor.double().numpy(force=True) for tensor in tensors]


def _panels(
    truth: NDArray[np.floating], guess: NDArray[np.floating], residual: Tensor | None, name: str
) -> list[tuple[NDArray[np.floating], str, Colours]]:
    """What is shown of a field: values, title, and options of the image and its colour bar."""
    low, high = float(np.nanmin(truth)), float(np.nanmax(truth))  # nan outside a geometry
    signed = {"vmin": low, "vmax": high, "cmap": "RdBu_r"}
    error = np.abs(guess - truth)
    panels: list[tuple[NDArray[np.floating], str, Colours]] = [
        (truth, f"reference {name}", (signed, {})),
        (guess, f"predicted {name}", (signed, {"extend": beyond(guess, low, high)})),
        (error, "|error|", logarithmic(error)),
    ]
    if residual is not None:
        size = residual.double().abs().numpy(force=True)
        panels.append((size, "|residual|", logarithmic(size)))
    return panels
