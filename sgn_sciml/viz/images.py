"""Figures of an image, or of a field over a line or a plane, beside its prediction."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray
from torch import Tensor

from sgn_sciml.viz.colours import beyond, largest

__all__ = ["image_figure", "line_figure", "on_board", "plane_figure"]

SpectrumCurves = Sequence[Tensor]
RingCurve = tuple[Tensor, Tensor, Tensor | float]

THRESHOLD = 1 / 7
BOARD = 0.85, 0.65  # greys of the squares before which transparent images are shown
SQUARES = 16  # along the shorter side
SHOWN = 0.99  # share of the errors that are not saturated


def image_figure(
    target: Tensor,
    pred: Tensor,
    low: float = 0.0,
    high: float = 1.0,
    spectrum: SpectrumCurves | None = None,
    rings: RingCurve | None = None,
) -> Figure:
    """Draw an image, its prediction, the error made visible, and up to which waves they agree.

    Args:
        target: Image, grey or RGB, shape ``(channels, height, width)``; or either multiplied by
            its opacity, which is the last channel, and drawn before a chequered board.
        pred: Prediction, same shape.
        low: Black.
        high: White.
        spectrum: Wavenumbers in waves per side, and the energy per shell of the error and of the
            target, each of shape ``(k,)``; what follows them is not read.
        rings: Wavenumbers in waves per shorter side, the Fourier ring correlation there, and the
            wavenumber at which it falls below 1/7.

    Returns:
        The figure.

    Raises:
        ValueError: If they are not images of one shape.
    """
    truth, guess = _checked(target, pred)
    if len(truth) not in (1, 2, 3, 4):
        raise ValueError(f"an image has 1 to 4 channels, got {len(truth)}")
    truth, guess = (on_board((u - low) / (high - low)) for u in (truth, guess))
    error = np.abs(guess - truth)
    gain = _gain(float(np.quantile(error, SHOWN)))
    panels = (truth, guess, error * gain)
    # A hundredth of the pixels may be saturated, all of them where an error exceeds the range.
    saturated = 100 * float((panels[2] > 1 + 1e-6).any(0).mean())
    mark = f" ({saturated:.2g} % saturated)" if saturated else ""
    titles = ("target", "prediction", f"|error| x {gain:g}{mark}")
    figure, axes = _layout(truth.shape, spectrum, rings)
    for axis, panel, title in zip(axes, panels, titles, strict=True):
        pixels = np.clip(panel, 0, 1).transpose(1, 2, 0)
        axis.imshow(pixels if len(truth) == 3 else pixels[..., 0], cmap="gray", vmin=0, vmax=1)
        axis.set(title=title, xticks=[], yticks=[])
    return figure


def line_figure(
    target: Tensor, pred: Tensor, axis: str = "x", spectrum: SpectrumCurves | None = None
) -> Figure:
    """Draw a field over a line, its prediction, the error and the spectra.

    Args:
        target: Field, shape ``(channels, n)``; the first channel is drawn.
        pred: Prediction, same shape.
        axis: Name of the axis.
        spectrum: As for :func:`image_figure`.

    Returns:
        The figure.
    """
    truth, guess = (u[0].double().numpy(force=True) for u in (target, pred))
    figure = Figure(figsize=(13, 4), layout="constrained")
    panels = figure.subplots(1, 2 if spectrum is None else 3)
    panels[0].plot(truth, "C0", linewidth=2.6, alpha=0.5, label="target")
    panels[0].plot(guess, "k--", linewidth=0.8, label="prediction")
    panels[0].set(title="field", xlabel=axis)
    panels[0].legend(fontsize="small")
    panels[1].plot(guess - truth, "C3", linewidth=0.8)
    panels[1].set(title="error", xlabel=axis)
    if spectrum is not None:
        _draw_spectrum(panels[2], spectrum, len(truth) / 2)
    return figure


def plane_figure(
    target: Tensor,
    pred: Tensor,
    axes: tuple[str, str] = ("y", "x"),
    spectrum: SpectrumCurves | None = None,
    rings: RingCurve | None = None,
) -> Figure:
    """Draw a field over a plane, its prediction and the error, each with a colour bar.

    Args:
        target: Field, shape ``(channels, n1, n2)``; the first channel is drawn.
        pred: Prediction, same shape.
        axes: Names of the axes: the first one upwards, the second to the right.
        spectrum: As for :func:`image_figure`.
        rings: As for :func:`image_figure`.

    Returns:
        The figure.

    Raises:
        ValueError: If they are not fields over a plane, of one shape.
    """
    truth, guess = (u[0] for u in _checked(target, pred))
    low, high = float(truth.min()), float(truth.max())
    style: dict[str, Any] = {"vmin": low, "vmax": high, "cmap": "viridis"}
    if low < 0 < high:  # white is zero
        reach = max(-low, high)
        style = {"vmin": -reach, "vmax": reach, "cmap": "RdBu_r"}
    error = guess - truth
    reach = float(np.quantile(np.abs(error), SHOWN)) or largest(error)
    signed: dict[str, Any] = {"vmin": -reach, "vmax": reach, "cmap": "RdBu_r"}
    titles = ["target", "prediction", "error"]
    figure, panels = _layout(target.shape, spectrum, rings)
    if len(target) > 1:
        figure.suptitle(f"first of {len(target)} channels")
    for panel, values, title, how in zip(
        panels, (truth, guess, error), titles, (style, style, signed), strict=True
    ):
        shown = panel.imshow(values, origin="lower", aspect="auto", interpolation="nearest", **how)
        figure.colorbar(shown, ax=panel, extend=beyond(values, how["vmin"], how["vmax"]))
        panel.set(title=title, xlabel=axes[1], ylabel=axes[0])
    return figure


def on_board(image: NDArray[np.floating]) -> NDArray[np.floating]:
    """An image before a board of light and dark squares, where it has opacity.

    Args:
        image: Shape ``(channels, height, width)``, from 0 to 1; of 2 or 4 channels the last is
            the opacity, by which the others are multiplied.
    """
    if len(image) in (1, 3):
        return image
    side = max(1, min(image.shape[1:]) // SQUARES)
    row, column = np.indices(image.shape[1:]) // side
    board = np.where((row + column) % 2, *BOARD)
    shown: NDArray[np.floating] = image[:-1] + (1 - image[-1]) * board.astype(image.dtype)
    return shown


def _checked(target: Tensor, pred: Tensor) -> tuple[NDArray[np.floating], NDArray[np.floating]]:
    if target.ndim != 3 or target.shape != pred.shape:
        shapes = tuple(target.shape), tuple(pred.shape)
        raise ValueError(f"two images of one shape are drawn, got {shapes[0]} and {shapes[1]}")
    truth, guess = (u.double().numpy(force=True) for u in (target, pred))
    return truth, guess


def _gain(error: float) -> float:
    """1, 2 or 5 times a power of ten: the largest that leaves an error within the image."""
    error = max(error, 1e-6)
    steps = 10.0 ** np.floor(-np.log10(error)) * np.array([1.0, 2.0, 5.0])
    return float(steps[steps * error <= 1].max(initial=1))


def _layout(
    shape: Sequence[int], spectrum: SpectrumCurves | None, rings: RingCurve | None
) -> tuple[Figure, list[Axes]]:
    """A figure with three empty panels above and, below, those of the curves."""
    tall = 4 * float(np.clip(shape[-2] / shape[-1], 0.25, 1.6))
    curves = (spectrum is not None) + (rings is not None)
    heights = [tall, 3.4] if curves else [tall]
    figure = Figure(figsize=(13, sum(heights) + 0.6), layout="constrained")
    grid = figure.add_gridspec(len(heights), 6, height_ratios=heights)
    below = [grid[1, k * 6 // curves : (k + 1) * 6 // curves] for k in range(curves)]
    if spectrum is not None:
        _draw_spectrum(figure.add_subplot(below[0]), spectrum, max(shape[-2:]) / 2)
    if rings is not None:
        _draw_rings(figure.add_subplot(below[-1]), rings)
    return figure, [figure.add_subplot(grid[0, 2 * k : 2 * k + 2]) for k in range(3)]


def _draw_spectrum(panel: Axes, spectrum: SpectrumCurves, nyquist: float) -> None:
    """Amplitude per shell, without the last one: it holds all that lies above."""
    k, error, target = (u[:-1].double().numpy(force=True) for u in spectrum[:3])
    # Rounding below single precision of the largest wave tells nothing.
    floor = 1e-7 * float(np.sqrt(target.max(initial=0)))
    there = (k > 0) & (k <= nyquist) & (np.sqrt(target) > floor)
    for energy, style, label in ((target, "k", "target"), (error, "C3", "error")):
        panel.loglog(k[there], np.maximum(np.sqrt(energy[there]), floor), style, label=label)
    last = float(k[there].max(initial=2))
    ticks = [2**n for n in range(20) if 2**n <= last]
    panel.set_xticks(ticks, [str(n) for n in ticks])
    panel.set_xticks([], minor=True)
    panel.set(
        title="amplitude per shell", xlabel="wavenumber (waves per side)", ylabel="rms",
        xlim=(1, last),
    )  # fmt: skip
    panel.grid(which="major", color="0.92")
    panel.legend(loc="lower left", fontsize="small")


def _draw_rings(panel: Axes, rings: RingCurve) -> None:
    """Correlation per ring, and where it falls below the threshold."""
    k, correlation = (u.double().numpy(force=True) for u in rings[:2])
    crossing = float(rings[2])
    panel.plot(k, correlation, "C0")
    panel.axhline(THRESHOLD, color="0.5", linewidth=0.8, label="1/7")
    if crossing < k[-1]:
        label = f"agree up to {crossing:.1f} waves"
        panel.axvline(crossing, color="C1", linestyle="--", label=label)
    panel.set(
        title="Fourier ring correlation", xlabel="wavenumber (waves per shorter side)",
        xlim=(0, k[-1]), ylim=(min(-0.05, float(np.nanmin(correlation, initial=0))), 1.05),
    )  # fmt: skip
    panel.grid(color="0.92")
    panel.legend(loc="lower left", fontsize="small")
