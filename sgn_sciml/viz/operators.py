"""Figures of tested operators: samples, spectra, rollouts and transfer to other test sets."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import ScalarFormatter
from torch import Tensor

__all__ = ["rollout_figure", "samples_figure", "spectra_figure", "transfer_figure"]

Array = npt.NDArray[np.floating]
DIVERGED = 1e3  # a relative error beyond is drawn as this


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


def _planes(u: Tensor) -> Array:
    """At most two axes after rows and channels."""
    values: Array = u.numpy(force=True)
    while values.ndim > 4:
        values = values[..., values.shape[-1] // 2]
    return values


def _points(known: Mapping[str, Array], name: str, n: int) -> Array:
    points = known.get(name)
    return np.arange(float(n)) if points is None or len(points) != n else points


def _draw_input(panel: Axes, a: Array, over: tuple[str, ...], known: Mapping[str, Array]) -> None:
    if a.ndim == 3:
        _image(panel, a[0], over, known, **_colours(a[0]))
        return
    for values in a[:4]:
        panel.plot(_points(known, over[0], len(values)), values, linewidth=1.2)
    panel.set_xlabel(over[0])
    panel.margins(x=0)


def _draw_curves(
    panels: Sequence[Axes], truth: Array, guess: Array, over: str, known: Mapping[str, Array]
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
    truth: Array,
    guess: Array,
    over: tuple[str, ...],
    known: Mapping[str, Array],
) -> None:
    error = guess - truth
    size = float(np.abs(error[np.isfinite(error)]).max(initial=1e-30))
    shared = _colours(truth)
    _image(panels[0], truth, over, known, bar=False, **shared)
    _image(panels[1], guess, over, known, **shared)
    _image(panels[2], error, over, known, vmin=-size, vmax=size, cmap="PuOr_r")
    for panel in panels[1:]:  # on the same grid as the truth
        panel.tick_params(labelleft=False)
        panel.set_ylabel("")


def _colours(values: Array) -> dict[str, Any]:
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
    values: Array,
    over: tuple[str, ...],
    known: Mapping[str, Array],
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
        figure.colorbar(image, ax=panel, format=_scientific())


def spectra_figure(
    wavenumber: Tensor,
    prediction: Tensor,
    target: Tensor,
    error: Tensor,
    titles: Sequence[str] | None = None,
    nyquist: float | None = None,
    cutoff: float | None = None,
) -> Figure:
    """Draw the energy of prediction, truth and error by wavenumber, one panel per test set.

    Args:
        wavenumber: Wavenumbers in waves per domain, shape ``(k,)``; zero is left out.
        prediction: Energies of the prediction, shape ``(k,)`` or ``(sets, k)``; nan where a set
            has no such wavenumber.
        target: Energies of the truth, same shape.
        error: Energies of the error, same shape.
        titles: Name of each set.
        nyquist: Highest wavenumber of the training grid; what lies above is shaded.
        cutoff: Highest wavenumber on which the network acts with weights of its own.

    Returns:
        The figure.
    """
    k = wavenumber.numpy(force=True)
    waves = k > 0
    curves = [np.atleast_2d(e.numpy(force=True))[:, waves] for e in (target, prediction, error)]
    k, count = k[waves], len(curves[0])
    figure = Figure(figsize=(max(6.2, 4.4 * count), 4.2), layout="constrained")
    panels = figure.subplots(1, count, squeeze=False, sharey=True)[0]
    # Rounding below single precision of the largest wave tells nothing.
    positive = np.concatenate([c[c > 0] for c in curves] or [np.ones(1)])
    top = float(positive.max(initial=1e-30))
    bottom = max(float(positive.min(initial=top)), top * 1e-15) / 3
    for i, panel in enumerate(panels):
        styles = (
            ("C0", 2.6, 0.5, "truth"),
            ("k", 1.0, 1.0, "prediction"),
            ("C3", 1.3, 1, "error"),
        )
        for curve, (colour, width, alpha, label) in zip(curves, styles, strict=True):
            there = np.isfinite(curve[i])
            panel.loglog(
                k[there], np.maximum(curve[i][there], bottom), colour, linewidth=width,
                alpha=alpha, label=label,
            )  # fmt: skip
        last = float(k[np.isfinite(curves[0][i])].max(initial=1))
        if nyquist is not None and nyquist <= last:
            panel.axvline(nyquist, color="C1", linewidth=1, label="training Nyquist")
            if nyquist < last:
                panel.axvspan(nyquist, last, color="C1", alpha=0.1, linewidth=0)
        if cutoff is not None and cutoff <= last:
            panel.axvline(cutoff, color="C2", linestyle=":", linewidth=1.4, label="mode cut-off")
        panel.set(xlabel="wavenumber (waves per domain)", ylim=(bottom, top * 3), xlim=(1, last))
        ticks = [2**n for n in range(20) if 2**n <= last]
        panel.set_xticks(ticks, [str(n) for n in ticks])
        panel.set_xticks([], minor=True)
        if titles:
            panel.set_title(titles[i], fontsize="medium")
        panel.grid(which="major", color="0.92")
        panel.set_axisbelow(True)
    panels[0].set_ylabel("energy per shell")
    panels[-1].legend(loc="lower left", fontsize="small")
    return figure


def rollout_figure(time: Tensor, errors: Tensor, label: str = "t") -> Figure:
    """Draw the relative error of rollouts against time: median, 5-95 % and largest.

    Args:
        time: Times of the frames, shape ``(frames,)``.
        errors: Relative error per sample and frame, shape ``(samples, frames)``.
        label: Name of the time axis.

    Returns:
        The figure.
    """
    t, e = time.numpy(force=True), _bounded(errors)
    low, middle, high = np.quantile(e, (0.05, 0.5, 0.95), axis=0)
    diverged = int((e.max(1) >= DIVERGED).sum())
    title = f"error of rollouts, {len(e)} samples" + (f", {diverged} diverged" * (diverged > 0))
    figure = Figure(figsize=(6.4, 4), layout="constrained")
    panel = figure.subplots()
    panel.fill_between(t, low, high, color="C0", alpha=0.25, linewidth=0, label="5 to 95 %")
    panel.plot(t, middle, "C0", linewidth=1.8, label="median")
    panel.plot(t, e.max(0), "C3:", linewidth=1.2, label="largest")
    panel.set_yscale("log")
    panel.margins(x=0)
    panel.set(title=title, xlabel=label, ylabel="relative L2 error")
    panel.grid(which="major", color="0.92")
    panel.legend(loc="lower right", fontsize="small")
    return figure


def _bounded(errors: Tensor) -> Array:
    values: Array = errors.double().nan_to_num(nan=DIVERGED).clamp(max=DIVERGED).numpy(force=True)
    return values


def transfer_figure(
    names: Sequence[str],
    errors: Tensor,
    spread: Tensor | None = None,
    training: int | None = None,
) -> Figure:
    """Draw the error of each test set: over resolution if all names end in it, as bars otherwise.

    Args:
        names: Names of the test sets, such as ``burgers@512``.
        errors: Relative error per test set, shape ``(sets,)``.
        spread: Lower and upper ends of their spread over samples, shape ``(2, sets)``.
        training: Points along an axis of the training grid.

    Returns:
        The figure.
    """
    e, ends = _bounded(errors), None if spread is None else _bounded(spread)
    parts = [name.rpartition("@") for name in names]
    sweep = all(part[0] and part[2].isdigit() for part in parts)
    if sweep and len({part[2] for part in parts}) > 1:
        figure = Figure(figsize=(6.4, 4), layout="constrained")
        _draw_sweep(figure.subplots(), parts, e, ends, training)
        return figure
    figure = Figure(figsize=(7.2, 1.4 + 0.42 * len(names)), layout="constrained")
    panel = figure.subplots()
    rows = np.arange(len(names))
    bars = None if ends is None else np.maximum(np.stack([e - ends[0], ends[1] - e]), 0)
    colours = ["C0", *["0.7"] * (len(names) - 1)]
    panel.barh(rows, e, 0.6, xerr=bars, color=colours, ecolor="0.3", capsize=3)
    panel.set_yticks(rows, names)
    panel.invert_yaxis()
    panel.axvline(float(e[0]), color="C0", linestyle=":", linewidth=1)
    panel.set(xlabel="relative L2 error" + _bars(ends), title="test sets, that of training first")
    return figure


def _bars(ends: Array | None) -> str:
    return "" if ends is None else " (mean, 5 to 95 %)"


def _draw_sweep(
    panel: Axes,
    parts: Sequence[tuple[str, str, str]],
    e: Array,
    ends: Array | None,
    training: int | None,
) -> None:
    for k, stem in enumerate(dict.fromkeys(part[0] for part in parts)):
        chosen = [i for i, part in enumerate(parts) if part[0] == stem]
        index = np.array(sorted(chosen, key=lambda i: int(parts[i][2])))
        sizes = np.array([int(parts[i][2]) for i in index])
        panel.plot(sizes, e[index], f"C{k}o-", label=stem)
        if ends is not None:
            panel.fill_between(
                sizes, ends[0][index], ends[1][index], color=f"C{k}", alpha=0.2, linewidth=0
            )
    ticks = sorted({int(part[2]) for part in parts})
    if training is not None:
        panel.axvline(training, color="0.4", linestyle="--", linewidth=1, label="training grid")
    panel.set_xscale("log", base=2)
    panel.set_xticks(ticks, [str(n) for n in ticks], minor=False)
    panel.set_xticks([], minor=True)
    known = e if ends is None else ends
    if known.max() > 10 * known.min() > 0:
        panel.set_yscale("log")
    else:
        panel.set_ylim(0, None)
    panel.set(
        title="zero-shot resolution",
        xlabel="points per axis",
        ylabel="relative L2 error" + _bars(ends),
    )
    panel.grid(which="major", color="0.92")
    panel.legend(fontsize="small")
