"""Figures of spectra: error per wavenumber while training goes on."""

import numpy as np
from matplotlib.colors import LogNorm
from matplotlib.figure import Figure
from torch import Tensor

__all__ = ["spectral_error_figure"]


def spectral_error_figure(
    steps: Tensor, wavenumber: Tensor, error: Tensor, target: Tensor
) -> Figure:
    """Draw the spectral error as a heat map (wavenumber by step) and its last state.

    Args:
        steps: Training steps, increasing, shape ``(s,)``.
        wavenumber: Wavenumbers, shape ``(k,)``.
        error: Mean squared error per wavenumber and step, shape ``(s, k)``.
        target: Mean square of the target per wavenumber, shape ``(k,)``.

    Returns:
        The figure.
    """
    tiny = 1e-20
    k, amplitude = wavenumber.numpy(force=True), target.sqrt().numpy(force=True)
    errors = error.sqrt().numpy(force=True)
    # A shell that the target leaves empty has no relative error: it stays white.
    full = amplitude > 1e-10 * amplitude.max()
    relative = np.where(full, errors / np.where(full, amplitude, 1), np.nan)
    figure = Figure(figsize=(12, 4.2), layout="constrained")
    left, right = figure.subplots(1, 2, width_ratios=(3, 2))
    top = float(np.clip(np.nanmax(relative), 1e-6, 10))
    bottom = max(float(np.nanmin(relative)), top * 1e-8)
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
    figure.colorbar(image, ax=left, label="relative error")
    left.set(title="spectral error during training", xlabel="step", ylabel="wavenumber")
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
