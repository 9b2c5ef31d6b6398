"""A fitted signal to look at and to listen to: while and after it trains, and when tested."""

import math
from collections.abc import Mapping
from typing import Any

import torch
from lightning.pytorch import Callback, LightningModule, Trainer
from lightning.pytorch.loggers import TensorBoardLogger
from matplotlib.figure import Figure
from torch import Tensor

from sgn_sciml.inr.description import Signal
from sgn_sciml.inr.large.signal import StoredSignal
from sgn_sciml.inr.signal_task import SignalTask
from sgn_sciml.inr.writer import write_media
from sgn_sciml.metrics import RingCorrelation, SpectralError
from sgn_sciml.runs.loggers import run_folder, send_figure
from sgn_sciml.viz.audio import audio_figure
from sgn_sciml.viz.images import image_figure, line_figure, on_board, plane_figure
from sgn_sciml.viz.volumes import volume_figure

__all__ = ["SignalFigures"]

DRAWN = 3  # axes of a signal, at most
PREVIEW = {2: 768, 3: 96}  # samples along the longest axis of a large one, by axes
MANY = 2**22  # samples of what is not drawn whole when training ends


class SignalFigures(Callback):
    """Show a signal and what the network makes of it.

    At validations it sends the rendered signal to TensorBoard: an image, the middle slice of a
    volume, or a sound to play, the mean of its channels. When training ends it draws target,
    prediction and error in ``figures/image.png``, ``audio.png``, ``volume.png`` or ``field.png``,
    and writes the rendered image or sound in full, ``rendered.png`` or ``rendered.wav``. When
    testing ends it draws the figure again, of the tested checkpoint, with spectra and, of an
    image, the Fourier ring correlation, if the task measures it. A training step costs nothing.
    Signals of more than three axes are not shown, and tasks that fit no signal are left alone. Of
    a large signal every k-th sample is drawn, and nothing else is written; so is one of more than
    four million samples when training ends.

    Args:
        every: Send every how many validations, from the first.

    Raises:
        ValueError: If it is less than one.
    """

    def __init__(self, every: int = 5) -> None:
        if every < 1:
            raise ValueError(f"every must be at least 1, got {every}")
        self.every = every
        self._validations = 0
        self._tested: tuple[Signal, Tensor, Tensor] | None = None
        self._curves: dict[str, Any] = {}

    def on_validation_batch_end(
        self,
        trainer: Trainer,
        pl_module: LightningModule,
        outputs: Any,
        batch: Mapping[str, Tensor],
        batch_idx: int,
        dataloader_idx: int = 0,
    ) -> None:
        if not isinstance(pl_module, SignalTask):
            return
        if trainer.state.fn != "fit" or trainer.sanity_checking:
            return
        signal = pl_module.signal_of(batch)
        if signal.streamed:
            return
        first, due = self._validations == 0, self._validations % self.every == 0
        self._validations += 1
        boards = [b for b in trainer.loggers if isinstance(b, TensorBoardLogger)]
        if due and boards and trainer.is_global_zero and len(signal.axes) <= DRAWN:
            shown = {"prediction": pl_module.rendered(batch, batch["values"][0])}
            if first:
                shown["target"] = batch["values"][0]
            for name, values in shown.items():
                for board in boards:
                    _send(board.experiment, name, values, signal, trainer.global_step)

    def on_fit_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        folder = run_folder(trainer)
        signal = pl_module.description if isinstance(pl_module, SignalTask) else None
        if folder is None or signal is None or len(signal.axes) > DRAWN:
            return
        assert isinstance(pl_module, SignalTask)
        places, target = excerpt(signal)
        device = pl_module.device
        there = {k: v.to(device) for k, v in places.items()}
        found = pl_module.rendered(there, target.to(device)).cpu()
        send_figure(trainer, signal.kind, draw_signal(signal, target, found))
        print(f"wrote {folder / 'figures' / signal.kind}.png")
        if target.shape == signal.values.shape:
            for path in write_media(folder / "rendered", {"values": found}, signal):
                print(f"wrote {path}")

    def on_test_batch_end(
        self,
        trainer: Trainer,
        pl_module: LightningModule,
        outputs: Any,
        batch: Mapping[str, Tensor],
        batch_idx: int,
        dataloader_idx: int = 0,
    ) -> None:
        if not isinstance(pl_module, SignalTask) or run_folder(trainer) is None:
            return
        signal = pl_module.signal_of(batch)
        if isinstance(signal, StoredSignal):
            if batch_idx == 0:
                places, target = excerpt(signal)
                device = pl_module.device
                found = pl_module.rendered({k: v.to(device) for k, v in places.items()})
                self._tested = signal, target, found.cpu()
        elif len(signal.axes) <= DRAWN:
            target = batch["values"][0]
            self._tested = signal, target, pl_module.rendered(batch, target)

    def on_test_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        # Collective: every process takes part.
        if isinstance(pl_module, SignalTask) and pl_module.stage_metrics:
            self._curves = {}
            for metric in pl_module.metrics("test").values():
                if isinstance(metric, SpectralError):
                    self._curves["spectrum"] = metric.spectrum()
                elif isinstance(metric, RingCorrelation):
                    self._curves["rings"] = metric.rings()

    def on_test_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        tested, self._tested = self._tested, None
        if tested is not None:
            send_figure(trainer, tested[0].kind, draw_signal(*tested, **self._curves))


def excerpt(signal: Signal) -> tuple[dict[str, Tensor], Tensor]:
    """What is drawn of a signal: all samples or, of many, every k-th along each axis.

    Returns:
        The coordinates, ``axis0``, ..., and the values, ``(channels, *grid)``.
    """
    grid = signal.grid
    if isinstance(signal, StoredSignal):
        return signal.preview(PREVIEW[len(grid)])
    many = len(grid) > 1 and math.prod(grid) > MANY
    stride = -(-max(grid) // PREVIEW[len(grid)]) if many else 1
    thinned = tuple(slice(min(stride // 2, n - 1), None, stride) for n in grid)
    places = {
        f"axis{k}": axis[cut].float()
        for k, (axis, cut) in enumerate(zip(signal.centres, thinned, strict=True))
    }
    return places, signal.values[(slice(None), *thinned)]


def draw_signal(signal: Signal, target: Tensor, pred: Tensor, **curves: Any) -> Figure:
    """The figure of a signal of any kind.

    Args:
        signal: What it is.
        target: Its values, shape ``(channels, *grid)``.
        pred: Prediction, same shape.
        curves: Spectra of images and fields, see :func:`sgn_sciml.viz.image_figure`.
    """
    if signal.kind == "audio" and signal.rate is not None:
        return audio_figure(target, pred, signal.rate)
    if signal.kind == "image":
        return image_figure(target, pred, signal.low, signal.high, **curves)
    a, b, c = (*signal.axes, "", "")[:3]
    if len(signal.axes) == 1:
        return line_figure(target, pred, a, curves.get("spectrum"))
    if len(signal.axes) == 2:
        return plane_figure(target, pred, (a, b), **curves)
    place, lengths = signal.placement, None
    names: tuple[str, ...] = (a, b, c)
    if place is not None and place.known and min(target.shape[1:]) > 1:
        names = (a, b, c) if place.unit is None else tuple(f"{k} ({place.unit})" for k in names)
        # what is drawn may be every k-th sample of the same box
        sides = zip(place.spacing, signal.grid, target.shape[1:], strict=True)
        lengths = [(torch.arange(shown) + 0.5) * step * n / shown for step, n, shown in sides]
    return volume_figure(target[0], pred[0], names, coordinates=lengths)


def _send(board: Any, name: str, values: Tensor, signal: Signal, step: int) -> None:
    """Add a sound or an image to TensorBoard."""
    if signal.kind == "audio" and signal.rate is not None:
        mean = values.float().mean(0, keepdim=True).clamp(-1, 1)
        board.add_audio(name, mean, step, sample_rate=round(signal.rate))
    elif len(signal.axes) > 1:
        grey = ((values - signal.low) / (signal.high - signal.low)).clamp(0, 1)
        if signal.opacity:
            grey = torch.from_numpy(on_board(grey.numpy(force=True)))
        if signal.kind != "image":  # the first axis goes upwards in our figures
            grey = grey[:1, grey.shape[1] // 2] if grey.ndim == 4 else grey[:1]
            grey = grey.flip(-2)
        board.add_image(name, grey.float(), step)
