"""Figures of spectral gates while training goes on."""

from collections.abc import Mapping

from matplotlib.figure import Figure
from torch import Tensor

__all__ = ["gate_figure"]


def gate_figure(
    history: Mapping[str, Tensor], initial: Mapping[str, Tensor], final: Mapping[str, Tensor]
) -> Figure:
    """Draw gate values, spectral share and learned frequencies, one row per gate.

    Gates without a base path have no share, and the figure no column for it if all are such.

    Args:
        history: Per gate, rows of (step, the 0, 25, 50, 75 and 100 % quantiles of the gate value
            over channels, share), shape ``(s, 7)``.
        initial: Per gate, the magnitudes of its frequencies before training, any length.
        final: The same after training.

    Returns:
        The figure.
    """
    figure = Figure(figsize=(13, 2.6 * len(history)), layout="constrained")
    shared = any(table[:, 6].isfinite().any() for table in history.values())
    rows = figure.subplots(len(history), 3 if shared else 2, squeeze=False)
    for (name, table), (values, *share, frequencies) in zip(history.items(), rows, strict=True):
        step, q0, q25, q50, q75, q100, ratio = table.numpy(force=True).T
        values.fill_between(step, q0, q100, alpha=0.2, label="all channels")
        values.fill_between(step, q25, q75, alpha=0.4, label="middle half")
        values.plot(step, q50, label="median")
        values.set(title=f"{name}: gate value", xlabel="step")
        for axes in share:
            axes.semilogy(step, ratio)
            axes.set(title="rms gated path / rms base path", xlabel="step")
        both = [v.numpy(force=True) for v in (initial[name], final[name])]
        frequencies.hist(both, bins=20, label=["before", "after"])
        frequencies.set(title="frequencies", xlabel="|frequency| (radians per unit)")
    if len(rows):
        rows[0][0].legend(loc="upper right", fontsize="small")
        rows[0][-1].legend(loc="upper right", fontsize="small")
    return figure
