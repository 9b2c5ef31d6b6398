"""Figures of the errors of operators: against time, and on other test sets."""

import re
from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray
from torch import Tensor

__all__ = ["rollout_figure", "transfer_figure"]

DIVERGED = 1e3  # a relative error beyond is drawn as this
SIZE = re.compile(r"(.+)@(\d+)$")  # at the end of a test set's name


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
        spread: The 5 and 95 % quantiles over samples, shape ``(2, sets)``.
        training: Points along an axis of the training grid.

    Returns:
        The figure.
    """
    e, ends = _bounded(errors), None if spread is None else _bounded(spread)
    known = "relative L2 error" + ("" if ends is None else " (mean, 5 to 95 %)")
    parts = [(stem, int(size)) for name in names for stem, size in SIZE.findall(name)]
    if len(parts) == len(names) and len({size for _, size in parts}) > 1:
        figure = Figure(figsize=(6.4, 4), layout="constrained")
        panel = figure.subplots()
        _draw_sweep(panel, parts, e, ends, training)
        panel.set(title="zero-shot resolution", xlabel="points per axis", ylabel=known)
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
    panel.set(xlabel=known, title="test sets, that of training first")
    return figure


def _draw_sweep(
    panel: Axes,
    parts: Sequence[tuple[str, int]],
    e: NDArray[np.floating],
    ends: NDArray[np.floating] | None,
    training: int | None,
) -> None:
    """A line for each file, over the resolutions that it was tested on."""
    for k, file in enumerate(dict.fromkeys(stem for stem, _ in parts)):
        points = sorted((size, i) for i, (stem, size) in enumerate(parts) if stem == file)
        sizes, index = np.array(points).T
        panel.plot(sizes, e[index], f"C{k}o-", label=file)
        if ends is not None:
            low, high = ends[:, index]
            panel.fill_between(sizes, low, high, color=f"C{k}", alpha=0.2, linewidth=0)
    if training is not None:
        panel.axvline(training, color="0.4", linestyle="--", linewidth=1, label="training grid")
    ticks = sorted({size for _, size in parts})
    panel.set_xscale("log", base=2)
    panel.set_xticks(ticks, [str(n) for n in ticks])
    panel.set_xticks([], minor=True)
    known = e if ends is None else ends
    if known.max() > 10 * known.min() > 0:
        panel.set_yscale("log")
    else:
        panel.set_ylim(0, None)
    panel.grid(which="major", color="0.92")
    panel.legend(fontsize="small")


def _bounded(errors: Tensor) -> NDArray[np.floating]:
    values: NDArray[np.floating] = (
        errors.double().nan_to_num(nan=DIVERGED).clamp(max=DIVERGED).numpy(force=True)
    )
    return values
