"""The signal and the network of a run, from its resolved configuration and a checkpoint."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from sgn_sciml.inr.description import Signal
from sgn_sciml.inr.measurements import grid_points
from sgn_sciml.inr.task import INR
from sgn_sciml.networks import CoordinateNetwork
from sgn_sciml.runs.description import Describes
from sgn_sciml.runs.folder import RunFolder
from sgn_sciml.runs.run import Run, task_class

__all__ = ["FittedRun", "open_fitted", "psnr"]


@dataclass(frozen=True)
class FittedRun:
    """A signal and the network that was fitted to it.

    Attributes:
        folder: The run folder.
        checkpoint: The checkpoint.
        step: The step it was written at.
        task: The task, with the checkpoint's weights, on the CPU.
        config: Class path and arguments of the network.
        signal: The signal.
    """

    folder: Path
    checkpoint: Path
    step: int
    task: INR
    config: dict[str, Any]
    signal: Signal

    def psnr(self, network: CoordinateNetwork | None = None) -> float:
        """Peak signal-to-noise ratio of the rendered signal, in dB.

        Args:
            network: A network to render in place of the run's own.
        """
        signal, own = self.signal, self.task.network
        points = grid_points([axis.float() for axis in signal.centres])
        try:
            self.task.network = own if network is None else network
            pred = self.task.render(points)
        finally:
            self.task.network = own
        return psnr(pred.T, signal.values.flatten(1), signal.high - signal.low)


def psnr(pred: Tensor, target: Tensor, span: float) -> float:
    """Peak signal-to-noise ratio in dB: range of the values over root mean square error."""
    mean = (pred.double() - target.double()).square().mean()
    return float(10 * torch.log10(span**2 / mean))


def open_fitted(path: Path, word: str) -> FittedRun:
    """Open what a run fitted; its checkpoint and its signal are read once.

    Args:
        path: A run folder, the folder of all its versions (the newest is taken), or a checkpoint
            in one.
        word: ``best``, ``last`` or the path of a checkpoint.

    Raises:
        FileNotFoundError: If the run, its checkpoint, its configuration or the signal's file is
            not there.
        ValueError: If the run fitted no signal, a file is damaged, or they do not fit together.
    """
    if path.is_file() and RunFolder.holding(path) is None:
        raise ValueError(
            f"{path} lies in no run folder, so its signal is unknown; "
            f"name the run as well: sgn export RUN --ckpt {path}"
        )
    run = Run.open(path, word)
    assert run.checkpoint is not None
    kind = task_class(run.checkpoint)
    if not issubclass(kind, INR):
        raise ValueError(
            f"{run.checkpoint.path} holds a {kind.__name__}; only an INR can be exported"
        )
    task = run.load_task()
    assert isinstance(task, INR)
    signal, network = load_signal(run), task.network
    sizes = (network.in_features, network.out_features)
    if sizes != (len(signal.grid), len(signal.values)):
        raise ValueError(
            f"{run.checkpoint.path} maps {sizes[0]} coordinates to {sizes[1]} channels, but the "
            f"signal of {run.path} has {len(signal.grid)} axes and {len(signal.values)} channels"
        )
    config = run.checkpoint.task["init_args"]["network"]
    return FittedRun(run.path, run.checkpoint.path, run.checkpoint.step, task, config, signal)


def load_signal(run: Run) -> Signal:
    """The signal that a run's configuration names.

    Raises:
        FileNotFoundError: If the signal's file is not there.
        ValueError: If it names no signal.
    """
    config = run.path / "config.yaml"
    try:
        data = run.load_data("test")
    except FileNotFoundError as error:
        raise FileNotFoundError(f"the signal of {config} is not there: {error}") from error
    signal = data.description if isinstance(data, Describes) else None
    if not isinstance(signal, Signal):
        raise ValueError(f"{config} names no signal but a {type(data).__name__}")
    if signal.streamed:
        raise ValueError(
            f"the signal of {config} is large, and export measures a signal as a whole: give "
            "export a run of an ImageData or a VolumeData"
        )
    return signal
