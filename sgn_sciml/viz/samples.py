"""Figures of what is in a data file: samples and spectra of its fields."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from sgn_sciml.viz.colours import largest

__all__ = ["samples_figure", "spectrum"]


def spectrum(values: NDArray[Any], mirror: bool = False) -> tuple[NDArray[Any], NDArray[Any]]:
    """Mean energy per wavenumber, over samples.

    Args:
        values: Fields over an interval or a square, shape ``(samples, *space)``.
        mirror: Mirror them at their ends first: jumps at the edges of what is not periodic would
            look like high frequencies.

    Returns:
        Wavenumbers, in waves per domain, without zero; and energies.
    """
    unit, dimensions = 1.0, values.ndim - 1
    if mirror:
        for axis in range(1, 1 + dimensions):
            values = np.concatenate([values, np.flip(values, axis)], axis)
        unit = 0.5
    axes = tuple(range(1, 1 + dimensions))
    energy = (np.abs(np.fft.fftn(values, axes=axes, norm="forward")) ** 2).mean(0)
    waves = np.meshgrid(*(np.fft.fftfreq(n, 1 / n) for n in energy.shape), indexing="ij")
    shell = np.rint(np.sqrt(sum(k**2 for k in waves))).astype(int)
    count = min(energy.shape) // 2
    total = np.bincount(shell.ravel(), energy.ravel())
    return unit * np.arange(1, count), total[1:count]


def samples_figure(
    fields: Mapping[str, NDArray[Any]],
    axes: Mapping[str, tuple[str, ...]],
    coordinates: Mapping[str, NDArray[Any]],
    title: str,
) -> Figure:
    """Draw two samples of each field, and the fields' spectra over all samples given.

    Args:
        fields: Field to values, shape ``(samples, *axes)``.
        axes: Field to its axes after the sample axis, of ``time``, ``x``, ``y``.
        coordinates: ``t``, ``x``, ``y`` to values, where known.
        title: Title of the figure.

    Returns:
        The figure.
    """
    figure = Figure(figsize=(3.6 * (len(fields) + 1), 5.4), layout="constrained")
    figure.suptitle(title)
    columns = figure.add_gridspec(2, len(fields) + 1)
    energies = figure.add_subplot(columns[:, -1])
    for column, (name, values) in enumerate(fields.items()):
        for row in range(min(2, len(values))):
            panel = figure.add_subplot(columns[row, column])
            _draw(panel, values[row], axes[name], coordinates)
            when = ", last frame" if {"time", "y"} <= set(axes[name]) else ""
            panel.set_title(f"{name}, sample {row}{when}", fontsize="medium")
        frames = {"": values}
        if "time" in axes[name]:
            frames = {" first": values[:, 0], " last": values[:, -1]}
        for when, frame in frames.items():
            # Two dimensions without time are flow through a medium, between walls.
            k, energy = spectrum(frame.astype(float), mirror=axes[name] == ("x", "y"))
            energies.loglog(k, np.maximum(energy, 1e-30 * largest(energy)), label=name + when)
    energies.set(title="spectra", xlabel="wavenumber", ylabel="energy")
    low, high = energies.get_ylim()
    energies.set_ylim(max(low, high * 1e-16), high)
    energies.legend(loc="lower left")  # "best" is slow where there is much data
    return figure


def _draw(
    panel: Axes,
    values: NDArray[Any],
    axes: tuple[str, ...],
    coordinates: Mapping[str, NDArray[Any]],
) -> None:
    if "y" in axes and "time" in axes:
        values, axes = values[-1], axes[1:]
    known = {"time": coordinates.get("t"), **coordinates}
    points = [
        grid if (grid := known.get(axis)) is not None else np.arange(n)
        for axis, n in zip(axes, values.shape, strict=True)
    ]
    if len(axes) == 1:
        panel.plot(points[0], values)
        panel.set_xlabel(axes[0])
        return
    # Time runs along the horizontal axis, as do x and y as a map.
    rows, across = (points[1], points[0])
    image = panel.imshow(
        values.T,
        origin="lower",
        aspect="equal" if "y" in axes else "auto",
        extent=(across[0], across[-1], rows[0], rows[-1]),
        cmap="viridis" if values.min() >= 0 else "RdBu_r",
    )
    panel.set(xlabel="t" if axes[0] == "time" else axes[0], ylabel=axes[1])
    figure = panel.get_figure()
    assert isinstance(figure, Figure)
    figure.colorbar(image, ax=panel)
