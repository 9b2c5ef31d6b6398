"""A fitted signal to look at and to listen to: while it trains, and when testing ends."""

from collections.abc import Mapping
from typing import Any

from lightning.pytorch import Callback
from lightning.pytorch.loggers import TensorBoardLogger
from matplotlib.figure import Figure
from torch import Tensor

from sgn_sciml.inr.signals import Signal
from sgn_sciml.runs.loggers import run_folder, send_figure
from sgn_sciml.viz import line_figure, picture_figure, plane_figure
from sgn_sciml.viz.sounds import sound_figure
from sgn_sciml.viz.volumes import volume_figure

__all__ = ["SignalFigures"]


class SignalFigures(Callback):
    """Show a signal and what the network makes of it.

    In training it sends the rendered signal to TensorBoard: a picture, the middle slice of a
    volume, or a sound to play, the mean of its channels. When testing ends it draws
    ``figures/picture.png``, ``sound.png``, ``shape.png`` or ``field.png``: target, prediction,
    error and spectra; of a picture also the Fourier ring correlation, if the task measures it.

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
        self._tested: tuple[Tensor, Tensor] | None = None
        self._curves: dict[str, Any] = {}

    def on_validation_batch_end(
        self,
        trainer: Any,
        pl_module: Any,
        outputs: Any,
        batch: Mapping[str, Tensor],
        batch_idx: int,
        dataloader_idx: int = 0,
    ) -> None:
        signal = _signal(trainer)
        if signal is None or trainer.state.fn != "fit" or trainer.sanity_checking:
            return
        first, due = self._validations == 0, self._validations % self.every == 0
        self._validations += 1
        boards = [b for b in trainer.loggers if isinstance(b, TensorBoardLogger)]
        if due and boards and trainer.is_global_zero:
            shown = {"prediction": pl_module.rendered(batch)}
            if first:
                shown["target"] = batch["values"][0]
            for name, values in shown.items():
                for board in boards:
                    _send(board.experiment, name, values, signal, trainer.global_step)

    def on_test_batch_end(
        self,
        trainer: Any,
        pl_module: Any,
        outputs: Any,
        batch: Mapping[str, Tensor],
        batch_idx: int,
        dataloader_idx: int = 0,
    ) -> None:
        if _signal(trainer) is not None and run_folder(trainer) is not None:
            self._tested = batch["values"][0], pl_module.rendered(batch)

    def on_test_epoch_end(self, trainer: Any, pl_module: Any) -> None:
        if _signal(trainer) is not None:  # collective: every process takes part
            metrics = pl_module.metrics("test")
            self._curves = {"spectrum": metrics["spectral"].spectrum()}
            if "rings" in metrics:
                self._curves["rings"] = metrics["rings"].rings()

    def on_test_end(self, trainer: Any, pl_module: Any) -> None:
        signal, tested, self._tested = _signal(trainer), self._tested, None
        if signal is not None and tested is not None:
            send_figure(trainer, signal.kind, draw_signal(signal, *tested, **self._curves))


def draw_signal(signal: Signal, target: Tensor, pred: Tensor, **curves: Any) -> Figure:
    """The figure of a signal of any kind.

    Args:
        signal: What it is.
        target: Its values, shape ``(channels, *grid)``.
        pred: Prediction, same shape.
        curves: Spectra of pictures and fields, see :func:`sgn_sciml.viz.picture_figure`.
    """
    if signal.kind == "sound" and signal.rate is not None:
        return sound_figure(target, pred, signal.rate)
    if signal.kind == "picture":
        return picture_figure(target, pred, signal.low, signal.high, **curves)
    a, b, c = (*signal.axes, "", "")[:3]
    if len(signal.axes) == 1:
        return line_figure(target, pred, a, curves.get("spectrum"))
    if len(signal.axes) == 2:
        return plane_figure(target, pred, (a, b), **curves)
    return volume_figure(target[0], pred[0], (a, b, c))


def _signal(trainer: Any) -> Signal | None:
    signal: Signal | None = getattr(getattr(trainer, "datamodule", None), "signal", None)
    return signal


def _send(board: Any, name: str, values: Tensor, signal: Signal, step: int) -> None:
    """Add a sound or a picture to TensorBoard."""
    if signal.kind == "sound" and signal.rate is not None:
        mean = values.float().mean(0, keepdim=True).clamp(-1, 1)
        board.add_audio(name, mean, step, sample_rate=round(signal.rate))
    elif len(signal.axes) > 1:
        grey = ((values - signal.low) / (signal.high - signal.low)).clamp(0, 1)
        if signal.kind != "picture":  # the first axis goes upwards in our figures
            grey = grey[:1, grey.shape[1] // 2] if grey.ndim == 4 else grey[:1]
            grey = grey.flip(-2)
        board.add_image(name, grey.float(), step)
