"""The signal and the network of a run, from its resolved configuration and a checkpoint."""

import os
from dataclasses import dataclass
from pathlib import Path
from pickle import UnpicklingError
from pkgutil import resolve_name
from typing import Any

import torch
import yaml
from torch import Tensor

from sgn_sciml.inr.configured import configured_signal
from sgn_sciml.inr.measurements import grid_points
from sgn_sciml.inr.signals import Signal, cell_centres
from sgn_sciml.inr.task import INR
from sgn_sciml.networks import CoordinateNetwork
from sgn_sciml.runs.folder import RunFolder, find_checkpoint, versions

__all__ = ["Fitted", "find_run", "load_fitted"]


@dataclass(frozen=True)
class Fitted:
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
        points = grid_points([cell_centres(n).float() for n in signal.grid])
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


def find_run(path: Path, word: str) -> tuple[Path, Path]:
    """The folder of a run and one of its checkpoints.

    Args:
        path: A run folder, the folder of all its versions (the newest is taken), or a checkpoint.
        word: ``best``, ``last`` or the path of a checkpoint.

    Raises:
        FileNotFoundError: If there is none.
        ValueError: If a checkpoint lies in no run folder.
    """
    if path.is_file():
        run = RunFolder.holding(path)
        if run is None:
            raise ValueError(
                f"{path} lies in no run folder, so its signal is unknown; "
                f"name the run as well: sgn export RUN --ckpt {path}"
            )
        return Path(os.path.relpath(run.path)), path
    config = path / "config.yaml"
    run = RunFolder.holding(config)
    if run is None:
        found = versions(path.parent, path.name)
        if not found:
            raise FileNotFoundError(
                f"no run {path}; give a folder such as runs/image_inr/version_0"
            )
        return find_run(found[-1].path, word)
    if not run.path.is_dir():
        raise FileNotFoundError(f"no run {path}")
    checkpoint, _ = find_checkpoint(word, run.root, run.name, config)
    return (path if config.is_file() else run.path), checkpoint


def load_fitted(folder: Path, checkpoint: Path) -> Fitted:
    """Load what a run fitted.

    Args:
        folder: The run folder.
        checkpoint: The checkpoint.

    Raises:
        FileNotFoundError: If the configuration or the signal's file is not there.
        ValueError: If the run fitted no signal, a file is damaged, or they do not fit together.
    """
    try:
        content = torch.load(checkpoint, weights_only=True, map_location="cpu")
        step, arguments = int(content["global_step"]), content.get("hyper_parameters", {})
    except (RuntimeError, OSError, EOFError, LookupError, TypeError, UnpicklingError) as error:
        raise ValueError(f"{checkpoint} is damaged or no checkpoint of ours") from error
    path, network = arguments.get("_class_path", ""), arguments.get("network")
    if not path or not isinstance(network, dict):
        raise ValueError(f"{checkpoint} was not trained by `sgn fit`: its network is unknown")
    try:
        kind = resolve_name(path)
        if not (isinstance(kind, type) and issubclass(kind, INR)):
            raise ValueError(f"{checkpoint} holds a {kind.__name__}; only an INR can be exported")
        task = kind.load_from_checkpoint(checkpoint, map_location="cpu", weights_only=True)
    except (RuntimeError, ImportError, AttributeError, LookupError) as error:
        raise ValueError(f"{checkpoint} does not fit this version's {path}: {error}") from error
    signal = load_signal(folder / "config.yaml")
    sizes = (task.network.in_features, task.network.out_features)
    if sizes != (len(signal.grid), len(signal.values)):
        raise ValueError(
            f"{checkpoint} maps {sizes[0]} coordinates to {sizes[1]} channels, but the signal of "
            f"{folder} has {len(signal.grid)} axes and {len(signal.values)} channels"
        )
    return Fitted(folder, checkpoint, step, task.eval(), network, signal)


def load_signal(config: Path) -> Signal:
    """The signal that a resolved configuration names.

    Raises:
        FileNotFoundError: If there is no such configuration, or the signal's file is not there.
        ValueError: If it names no signal.
    """
    if not config.is_file():
        raise FileNotFoundError(f"no {config}, which tells what the signal was")
    try:
        content = yaml.safe_load(config.read_text())
        chosen, seed = content["data"], content.get("seed_everything")
    except (yaml.YAMLError, UnicodeDecodeError, LookupError, TypeError, AttributeError) as error:
        raise ValueError(f"{config} is no configuration of a run") from error
    try:
        return configured_signal(chosen, 0 if isinstance(seed, bool) else seed or 0)
    except FileNotFoundError as error:
        raise FileNotFoundError(f"the signal of {config} is not there: {error}") from error
