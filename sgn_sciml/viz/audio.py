"""Figures of a sound: waveforms and spectrograms."""

import numpy as np
import torch
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray
from torch import Tensor

from sgn_sciml.viz.colours import beyond

__all__ = ["audio_figure"]

RANGE = 80  # dB below the loudest that a spectrogram shows
ROUNDING = -120  # dB: of single precision; less is not an error
SILENCE = -300  # dB: the least that is told from zero
COLUMNS = 1000  # of a figure: what is finer is not seen
ZOOM = 0.02  # seconds


def audio_figure(target: Tensor, pred: Tensor, rate: float) -> Figure:
    """Draw waveforms, the loudest 20 ms of them, and the spectrograms of both and of the error.

    The spectrograms of target and prediction share one colour scale, down to 80 dB below the
    target's loudest; that of the error has its own, relative to the same level.

    Args:
        target: Sound, shape ``(n,)`` or ``(channels, n)``; the first channel is drawn.
        pred: Prediction, same shape.
        rate: Samples per second.

    Returns:
        The figure.
    """
    channels = 1 if target.ndim == 1 else len(target)
    truth, guess = (
        each.detach().double().cpu().reshape(channels, -1)[0] for each in (target, pred)
    )
    figure = Figure(figsize=(13, 6.4), layout="constrained")
    if channels > 1:
        figure.suptitle(f"first of {channels} channels")
    grid = figure.add_gridspec(2, 6)
    _draw_waves(figure.add_subplot(grid[0, :4]), truth, guess, rate)
    _draw_zoom(figure.add_subplot(grid[0, 4:]), truth, guess, rate)
    spectrograms = [_spectrogram(each, rate) for each in (truth, guess, guess - truth)]
    loudest = float(np.nanmax(spectrograms[0], initial=SILENCE))
    worst = float(np.nanmax(spectrograms[2] - loudest, initial=ROUNDING))
    panels = [figure.add_subplot(grid[1, 2 * k : 2 * k + 2]) for k in range(3)]
    titles = ("target", "prediction", "error")
    tops = (0.0, 0.0, worst)
    for panel, levels, title, top in zip(panels, spectrograms, titles, tops, strict=True):
        image = panel.imshow(
            levels - loudest,
            origin="lower",
            aspect="auto",
            extent=(0, len(truth) / rate, 0, rate / 2000),
            vmin=top - RANGE,
            vmax=top,
            cmap="magma",
            interpolation="nearest",
        )
        panel.set(title=title, xlabel="t / s", ylabel="frequency / kHz")
        if title != "target":  # that of the prediction is the target's as well
            extend = beyond(levels - loudest, top - RANGE, top)
            figure.colorbar(image, ax=panel, label="dB", extend=extend)
    return figure


def _draw_waves(panel: Axes, truth: Tensor, guess: Tensor, rate: float) -> None:
    for values, color, label in ((truth, "C0", "target"), (guess - truth, "C3", "error")):
        t, low, high = _envelope(values.numpy(), rate)
        panel.fill_between(t, low, high, color=color, linewidth=0.5, label=label)
    panel.margins(x=0)
    panel.set(title="waveform", xlabel="t / s")
    panel.legend(loc="upper right", fontsize="small")


def _draw_zoom(panel: Axes, truth: Tensor, guess: Tensor, rate: float) -> None:
    n = len(truth)
    size = min(n, max(2, round(ZOOM * rate)))
    energy = torch.cat([torch.zeros(1), truth.square().cumsum(0)])
    first = int((energy[size:] - energy[:-size]).argmax())
    t = (first + np.arange(size) + 0.5) / rate
    panel.plot(
        t, truth[first : first + size].numpy(), "C0", linewidth=2.6, alpha=0.5, label="target"
    )
    panel.plot(t, guess[first : first + size].numpy(), "k--", linewidth=0.8, label="prediction")
    panel.margins(x=0)
    panel.set(title="loudest 20 ms", xlabel="t / s")
    panel.legend(loc="upper right", fontsize="small")


def _envelope(
    values: NDArray[np.floating], rate: float
) -> tuple[NDArray[np.floating], NDArray[np.floating], NDArray[np.floating]]:
    """Times, least and greatest value of each column of a figure."""
    n = len(values)
    starts = np.unique(np.linspace(0, n, min(n, COLUMNS), endpoint=False).astype(int))
    low, high = (f.reduceat(values, starts) for f in (np.minimum, np.maximum))
    return (starts + 0.5) / rate, low, high


def _spectrogram(sound: Tensor, rate: float) -> NDArray[np.floating]:
    """Power in dB by frequency and time: Hann windows of about 32 ms, a quarter apart."""
    n = len(sound)
    window = 2 ** int(np.log2(max(2, min(n, rate / 31))))
    hop = max(1, window // 4, n // COLUMNS)
    shape = torch.hann_window(window, periodic=False, dtype=sound.dtype)
    wave = torch.stft(sound, window, hop, window=shape, return_complex=True)
    power: NDArray[np.floating] = (20 * wave.abs().clamp(min=10 ** (SILENCE / 20)).log10()).numpy()
    return power
