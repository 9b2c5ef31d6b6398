"""Figures of spectra: the error per wavenumber while training goes on, and of test sets."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LogNorm
from matplotlib.figure import Figure
from torch import Tensor

from sgn_sciml.viz.colours import beyond, largest

__all__ = ["spectra_figure", "spectral_error_figure"]

STYLES: dict[str, dict[str, Any]] = {
    "truth": {"color": "C0", "linewidth": 2.6, "alpha": 0.5},
    "prediction": {"color": "k", "linewidth": 1.0},
    "error": {"color": "C3", "linewidth": 1.3},
}


def spectral_error_figure(
    steps: Tensor, wavenumber: Tensor, error: Tensor, target: Tensor, empty: float = 0.0
) -> Figure:
    """Draw the spectral error as a heat map (wavenumber by step) and its last state.

    Args:
        steps: Training steps, increasing, shape ``(s,)``.
        wavenumber: Wavenumbers, shape ``(k,)``.
        error: Mean squared error per wavenumber and step, shape ``(s, k)``.
        target: Mean square of the target per wavenumber, shape ``(k,)``.
        empty: Mean square up to which a shell of the target holds no more than rounding.

    Returns:
        The figure.
    """
    k = wavenumber.numpy(force=True)
    amplitude, errors = (u.double().sqrt().numpy(force=True) for u in (target, error))
    tiny = 1e-20 * largest(np.append(amplitude, errors))
    # A shell that the target leaves empty has no relative error: it stays grey.
    full = (amplitude > 1e-10 * amplitude.max()) & (amplitude > empty**0.5)
    relative = np.where(full, errors / np.where(full, amplitude, 1), np.nan)
    known = relative[np.isfinite(relative)]
    figure = Figure(figsize=(12, 4.2), layout="constrained")
    left, right = figure.subplots(1, 2, width_ratios=(3, 2))
    top = float(np.clip(known.max(initial=0), 1e-6, 10))
    bottom = min(max(float(known.min(initial=top)), top * 1e-8), top / 10)
    # A cell reaches from one evaluation to the next.
    ends = steps.numpy(force=True)
    edges = np.concatenate([[2 * ends[0] - ends[1] if len(ends) > 1 else ends[0] - 1], ends])
    image = left.pcolormesh(
        edges,
        np.append(k - 0.5, k[-1] + 0.5),
        np.maximum(relative, bottom).T,
        norm=LogNorm(bottom, top),
        cmap="magma",
        rasterized=True,
    )
    extend = beyond(relative, bottom, top)
    figure.colorbar(image, ax=left, label="relative error", extend=extend)
    left.set_facecolor("0.85")
    note = "" if full.all() else " (grey: none in the target)"
    left.set(title=f"spectral error during training{note}", xlabel="step", ylabel="wavenumber")
    left.set_yscale("symlog", linthresh=4)
    left.set_yticks(ticks := [n for n in (0, 1, 2, 4, 8, 16, 32, 64, 128, 256) if n <= k[-1]])
    left.set_yticklabels([str(n) for n in ticks])
    left.minorticks_off()
    for values, style, label in (
        (amplitude, "k", "target"),
        (errors[0], "C1:", "error, first"),
        (errors[-1], "C0", "error, last"),
    ):
        right.loglog(k + 1, np.maximum(values, tiny), style, label=label)
    # A shell that the target leaves empty would stretch the axis down to rounding.
    bottom = max(float(errors.min()) / 10, tiny)
    right.set(
        title="amplitude per shell", xlabel="wavenumber + 1", ylabel="rms", ylim=(bottom, None)
    )
    right.legend(loc="lower left", fontsize="small")
    return figure


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
    # Rounding below single precision of the largest wave tells nothing.
    positive = np.concatenate([c[c > 0] for c in curves])
    top = float(positive.max(initial=0)) or 1.0
    bottom = max(float(positive.min(initial=top)), top * 1e-15) / 3
    figure = Figure(figsize=(max(6.2, 4.4 * count), 4.2), layout="constrained")
    panels = figure.subplots(1, count, squeeze=False, sharey=True)[0]
    for i, panel in enumerate(panels):
        for curve, (label, style) in zip(curves, STYLES.items(), strict=True):
            there = np.isfinite(curve[i])
            panel.loglog(k[there], np.maximum(curve[i][there], bottom), label=label, **style)
        last = float(k[np.isfinite(curves[0][i])].max(initial=1))
        _mark_limits(panel, last, nyquist, cutoff)
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


def _mark_limits(panel: Axes, last: float, nyquist: float | None, cutoff: float | None) -> None:
    if nyquist is not None and nyquist <= last:
        panel.axvline(nyquist, color="C1", linewidth=1, label="training Nyquist")
        if nyquist < last:
            panel.axvspan(nyquist, last, color="C1", alpha=0.1, linewidth=0)
    if cutoff is not None and cutoff <= last:
        panel.axvline(cutoff, color="C2", linestyle=":", linewidth=1.4, label="mode cut-off")
