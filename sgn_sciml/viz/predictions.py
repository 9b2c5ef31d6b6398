"""Figures of predicted samples, each beside its input and its truth."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import ScalarFormatter
from numpy.typing import NDArray
from torch import Tensor

from sgn_sciml.viz.colours import beyond, largest

__all__ = ["samples_figure"]


def samples_figure(
    input: Tensor,
    target: Tensor,
    prediction: Tensor,
    errors: Tensor,
    labels: Sequence[str] | None = None,
    names: tuple[Sequence[str], Sequence[str]] = (("input",), ("output",)),
    axes: tuple[str, ...] = ("x", "y"),
    coordinates: Mapping[str, Tensor] | None = None,
) -> Figure:
    """Draw input, truth, prediction and error of some samples, one row each.

    Functions of one axis are curves, those of two are images; truth and prediction share their
    colours. Of three axes the middle of the last is drawn, of several channels the one with the
    largest error. The input may lie on fewer axes than the target, which then are the target's
    last ones: a frame beside the space-time image that follows it.

    Args:
        input: Inputs, shape ``(rows, channels, *space)``.
        target: Truth, shape ``(rows, channels, *axes)``.
        prediction: Prediction, same shape.
        errors: Relative error per row, shape ``(rows,)``.
        labels: What each row is.
        names: Names of the channels of input and output.
        axes: Names of the target's axes; the first of two runs along the horizontal.
        coordinates: Name of an axis to its points; numbered where absent.

    Returns:
        The figure.
    """
    known = {name: points.numpy(force=True) for name, points in (coordinates or {}).items()}
    fields = [_planes(u) for u in (input, target, prediction)]
    worst = np.nan_to_num(np.abs(fields[2] - fields[1]), nan=np.inf, posinf=np.inf)
    channel = int(worst.reshape(*worst.shape[:2], -1).max(-1).max(0).argmax())
    name = _channel(names[1], channel, target.shape[1])
    given = ", ".join(names[0]) if input.ndim < 4 else _channel(names[0], 0, input.shape[1])
    over = axes[: fields[1].ndim - 2]
    flat = len(over) == 1
    columns, height = (3, 2.0) if flat else (4, 2.15)
    figure = Figure(figsize=(12.5, 0.5 + height * len(errors)), layout="constrained")
    grid = figure.subplots(
        len(errors), 1 + columns, squeeze=False, width_ratios=(0.42, *(1,) * columns)
    )
    for k, (row, error) in enumerate(zip(grid, errors.tolist(), strict=True)):
        what = f"{labels[k]}\n\n" if labels else ""
        row[0].text(0, 0.5, f"{what}relative L2\n{error:.2e}", va="center", clip_on=False)
        row[0].set_axis_off()
        a, truth, guess = fields[0][k], fields[1][k, channel], fields[2][k, channel]
        _draw_input(row[1], a, over[len(over) - a.ndim + 1 :], known)
        if flat:
            _draw_curves(row[2:], truth, guess, over[0], known)
        else:
            _draw_images(row[2:], truth, guess, over, known)
        for panel in row[1:] if k < len(errors) - 1 else ():
            panel.tick_params(labelbottom=False)
            panel.set_xlabel("")
    curves = (f"{name}: truth (blue), prediction (dashed)", "error")
    titles = curves if flat else (f"{name}: truth", "prediction", "error")
    for panel, title in zip(grid[0][1:], (f"input {given}", *titles), strict=True):
        panel.set_title(title, fontsize="medium")
    return figure


def _channel(names: Sequence[str], channel: int, channels: int) -> str:
    if len(names) == channels:
        return names[channel]
    return ", ".join(names) + (f", channel {channel + 1}" if channels > 1 else "")


def _planes(u: Tensor) -> NDArray[np.floating]:
    """At most two axes after rows and channels."""
    values: NDArray[np.floating] = u.double().numpy(force=True)
    while values.ndim > 4:
        values = values[..., values.shape[-1] // 2]
    return values


def _points(known: Mapping[str, NDArray[np.floating]], name: str, n: int) -> NDArray[np.floating]:
    points = known.get(name)
    return np.arange(float(n)) if points is None or len(points) != n else points


def _draw_input(
    panel: Axes,
    a: NDArray[np.floating],
    over: tuple[str, ...],
    known: Mapping[str, NDArray[np.floating]],
) -> None:
    if a.ndim == 3:
        _image(panel, a[0], over, known, **_colours(a[0]))
        return
    for values in a[:4]:
        panel.plot(_points(known, over[0], len(values)), values, linewidth=1.2)
    panel.set_xlabel(over[0])
    panel.margins(x=0)


def _draw_curves(
    panels: Sequence[Axes],
    truth: NDArray[np.floating],
    guess: NDArray[np.floating],
    over: str,
    known: Mapping[str, NDArray[np.floating]],
) -> None:
    points = _points(known, over, len(truth))
    panels[0].plot(points, truth, "C0", linewidth=2.4, alpha=0.6)
    panels[0].plot(points, guess, "k--", linewidth=1)
    panels[1].axhline(0, color="0.8", linewidth=0.8)
    panels[1].plot(points, guess - truth, "C3", linewidth=1)
    panels[1].ticklabel_format(axis="y", scilimits=(-3, 3))
    for panel in panels:
        panel.set_xlabel(over)
        panel.margins(x=0)


def _draw_images(
    panels: Sequence[Axes],
    truth: NDArray[np.floating],
    guess: NDArray[np.floating],
    over: tuple[str, ...],
    known: Mapping[str, NDArray[np.floating]],
) -> None:
    error = guess - truth
    size = largest(error)
    shared = _colours(truth)
    _image(panels[0], truth, over, known, bar=False, **shared)
    _image(panels[1], guess, over, known, **shared)
    _image(panels[2], error, over, known, vmin=-size, vmax=size, cmap="PuOr_r")
    for panel in panels[1:]:  # on the same grid as the truth
        panel.tick_params(labelleft=False)
        panel.set_ylabel("")


def _colours(values: NDArray[np.floating]) -> dict[str, Any]:
    """Colours that tell the sign where there are two."""
    low, high = float(values.min()), float(values.max())
    if low >= 0 or high <= 0:
        return {"vmin": low, "vmax": high, "cmap": "viridis"}
    size = max(-low, high)
    return {"vmin": -size, "vmax": size, "cmap": "RdBu_r"}


def _scientific() -> ScalarFormatter:
    ticks = ScalarFormatter()
    ticks.set_powerlimits((-2, 3))
    return ticks


def _image(
    panel: Axes,
    values: NDArray[np.floating],
    over: tuple[str, ...],
    known: Mapping[str, NDArray[np.floating]],
    bar: bool = True,
    **style: Any,
) -> None:
    across, up = (_points(known, a, n) for a, n in zip(over, values.shape, strict=True))
    image = panel.imshow(
        values.T,
        origin="lower",
        aspect="auto" if "t" in over else "equal",
        extent=(float(across[0]), float(across[-1]), float(up[0]), float(up[-1])),
        interpolation="nearest",
        **style,
    )
    panel.set(xlabel=over[0], ylabel=over[1])
    panel.locator_params(nbins=3)
    if bar:
        figure = panel.get_figure()
        assert isinstance(figure, Figure)
        extend = beyond(values, style["vmin"], style["vmax"])
        figure.colorbar(image, ax=panel, format=_scientific(), extend=extend)
