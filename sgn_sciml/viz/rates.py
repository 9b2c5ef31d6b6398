"""Figures of rate and distortion: what a signal costs, against how close it comes."""

import math
from collections.abc import Mapping, Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, NullFormatter
from torch import Tensor

__all__ = ["rate_figure"]

CLOSE = 0.035  # of the panel's width, between two words


def rate_figure(
    curves: Mapping[str, Tensor],
    unit: str,
    labels: Mapping[str, Sequence[str]] | None = None,
    raw: tuple[str, float] | None = None,
    best: float | None = None,
) -> Figure:
    """Draw the peak signal-to-noise ratio over the rate, a curve for each way to store a signal.

    Args:
        curves: Rows of (rate, PSNR in dB) per way, shape ``(n, 2)``, drawn in this order; one row
            is a point.
        unit: Unit of the rate.
        labels: Words beside the points of a curve.
        raw: Name and rate of the samples as they are.
        best: PSNR that no coarser weights can reach, in dB.

    Returns:
        The figure.
    """
    figure = Figure(figsize=(6.4, 4.4), layout="constrained")
    panel = figure.subplots()
    for k, (name, rows) in enumerate(curves.items()):
        rate, psnr = rows.double().numpy(force=True).T
        style = "o-" if labels and name in labels else ".-"
        panel.plot(rate, psnr, style, color=f"C{k}", markersize=5, linewidth=1.4, label=name)
    if best is not None:
        panel.axhline(best, color="C0", linestyle=":", linewidth=1, label="weights as trained")
    if raw is not None:
        panel.axvline(raw[1], color="0.4", linestyle="--", linewidth=1, label=raw[0])
    panel.set_xscale("log")
    panel.xaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
    panel.xaxis.set_major_formatter("{x:g}")
    panel.xaxis.set_minor_formatter(NullFormatter())
    for name, words in (labels or {}).items():
        _label(panel, curves[name], words)
    panel.set(xlabel=unit, ylabel="PSNR (dB)", title="rate and distortion")
    panel.grid(which="both", color="0.93")
    panel.set_axisbelow(True)
    panel.legend(fontsize="small")
    return figure


def _label(panel: Axes, rows: Tensor, words: Sequence[str]) -> None:
    """Words beside points, but for those that would lie on the word before."""
    (left, right), (bottom, top) = panel.get_xlim(), panel.get_ylim()
    last = (-1.0, -1.0)
    for (rate, psnr), word in zip(rows.tolist(), words, strict=True):
        place = (math.log(rate / left) / math.log(right / left), (psnr - bottom) / (top - bottom))
        if math.dist(place, last) > CLOSE:
            panel.annotate(
                word, (rate, psnr), (4, -9), textcoords="offset points", fontsize="x-small"
            )
            last = place
