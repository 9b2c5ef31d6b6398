"""A run on its way through commands: what one of them has read, the next one is given."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml
from jsonargparse import ArgumentError
from lightning.pytorch import LightningDataModule

from sgn_sciml.runs.checkpoint import Checkpoint
from sgn_sciml.runs.folder import RunFolder, find_checkpoint, find_run
from sgn_sciml.runs.task import BaseTask
from sgn_sciml.system.blame import first_cause
from sgn_sciml.system.classes import class_of, instantiate, parser_of

__all__ = ["Run"]


@dataclass
class Run:
    """A run.

    Attributes:
        settings: Its configuration, plain values; resolved once a command has run.
        folder: Its folder; None until it is made, or if the run leaves nothing.
        checkpoint: The checkpoint in use, as it was read; commands that need none leave it.
        data: Its data module, set up by the command before.
        task: Its task, with the weights of the command before.
    """

    settings: dict[str, Any] = field(default_factory=dict)
    folder: RunFolder | None = None
    checkpoint: Checkpoint | None = None
    data: LightningDataModule | None = None
    task: BaseTask | None = None

    @classmethod
    def open(cls, path: Path, word: str | None = None) -> "Run":
        """Open a run of earlier: its configuration and a checkpoint, each read once.

        Args:
            path: A run folder, the folder of all its versions (the newest is taken), or a
                checkpoint in one.
            word: ``best``, ``last`` or the path of a checkpoint.

        Raises:
            FileNotFoundError: If there is no such run, configuration or checkpoint.
            ValueError: If a file is damaged, or a checkpoint lies in no run folder.
        """
        folder, checkpoint = find_run(path, word)
        config = folder.path / "config.yaml"
        if not config.is_file():
            raise FileNotFoundError(f"no {config}, which tells what the run was")
        try:
            settings = yaml.safe_load(config.read_text())
        except (yaml.YAMLError, UnicodeDecodeError) as error:
            raise ValueError(f"{config} is not a configuration of a run") from error
        if not isinstance(settings, dict):
            raise ValueError(f"{config} is not a configuration of a run")
        return cls(settings, folder, Checkpoint.read(checkpoint))

    @property
    def path(self) -> Path:
        """Its folder.

        Raises:
            ValueError: If it leaves none.
        """
        if self.folder is None:
            raise ValueError("this needs run folders: leave trainer.logger as it is")
        return self.folder.path

    def best(self) -> Path:
        """The best checkpoint; the last if nothing was validated.

        Raises:
            FileNotFoundError: If there is none.
        """
        assert self.folder is not None
        return find_checkpoint(None, self.folder.root, self.folder.name, self.folder)[0]

    def load_data(self, stage: str) -> LightningDataModule:
        """Its data module, set up; made from the configuration if no command has left one.

        Raises:
            FileNotFoundError: If a file of the data is not there.
            ValueError: If the configuration names no data, or they cannot be used.
        """
        if self.data is None:
            settings = self.settings.get("data")
            if not isinstance(settings, dict) or "class_path" not in settings:
                raise ValueError("the configuration names no data: data.class_path is missing")
            self.data = make_data(settings, self.settings.get("seed_everything"))
        self.data.setup(stage)
        return self.data

    def load_task(self) -> BaseTask:
        """Its task on the CPU, with the weights of its checkpoint.

        Raises:
            ValueError: If the checkpoint does not fit this version, or was not trained by
                ``sgn fit``.
        """
        if self.task is None:
            assert self.checkpoint is not None
            self.task = restore(self.checkpoint)
        return self.task


def make_data(settings: dict[str, Any], seed: Any) -> LightningDataModule:
    """A data module from its class path and arguments; a ``seed`` it takes is that of the run."""
    parser = parser_of(LightningDataModule, "data")
    parser.add_argument("--seed", type=int)
    parser.link_arguments("seed", "data.init_args.seed")  # of a class that takes one
    seed = 0 if isinstance(seed, bool) or seed is None else seed
    try:
        parsed = parser.parse_object({"seed": seed, "data": dict(settings)})
        made = parser.instantiate_classes(parsed).data
    except ArgumentError as error:
        raise ValueError(first_cause(error)) from error
    assert isinstance(made, LightningDataModule)
    return made


def restore(checkpoint: Checkpoint) -> BaseTask:
    """The task of a checkpoint, on the CPU, for evaluation.

    Raises:
        ValueError: If it does not fit this version, or was not trained by ``sgn fit``.
    """
    settings = checkpoint.task
    if not settings or not isinstance(settings["init_args"].get("network"), dict):
        raise ValueError(f"{checkpoint.path} was not trained by `sgn fit`: its network is unknown")
    path = settings["class_path"]
    try:
        task = instantiate(BaseTask, settings, "model")
        task.on_load_checkpoint(checkpoint.content)
        task.load_state_dict(checkpoint.content["state_dict"])
    except (RuntimeError, ImportError, AttributeError, LookupError) as error:
        raise ValueError(
            f"{checkpoint.path} does not fit this version's {path}: {error}"
        ) from error
    return task.eval()


def task_class(checkpoint: Checkpoint) -> type:
    """The class of a checkpoint's task.

    Raises:
        ValueError: If it was not trained by ``sgn fit``.
    """
    path = checkpoint.task.get("class_path")
    if path is None:
        raise ValueError(f"{checkpoint.path} was not trained by `sgn fit`: its task is unknown")
    return class_of(path)
