"""Checkpoints: read once, written whole or not at all."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from pickle import UnpicklingError
from typing import Any

import torch
from lightning.pytorch.plugins.io import TorchCheckpointIO

from sgn_sciml.system.archives import refuse_damaged_archive
from sgn_sciml.system.writing import whole_file

__all__ = ["AtomicCheckpointIO", "Checkpoint", "require_task"]

DAMAGE = (RuntimeError, OSError, EOFError, LookupError, TypeError, ValueError, UnpicklingError)


@dataclass(frozen=True)
class Checkpoint:
    """A checkpoint that was read.

    Attributes:
        path: Where it lies.
        content: What is in it, on the CPU.
    """

    path: Path
    content: dict[str, Any]

    @classmethod
    def read(cls, path: Path) -> "Checkpoint":
        """Read a file, plain values and tensors only.

        Raises:
            ValueError: If it is not a whole checkpoint.
        """
        try:
            refuse_damaged_archive(path)
            found = cls(path, torch.load(path, weights_only=True, map_location="cpu"))
            int(found.content["global_step"])
        except DAMAGE as error:
            raise ValueError(f"{path} is damaged or no checkpoint of ours") from error
        return found

    @property
    def step(self) -> int:
        """The step it was written at."""
        return int(self.content["global_step"])

    @property
    def task(self) -> dict[str, Any]:
        """Class path and arguments of its task; empty if it was not trained by ``sgn fit``."""
        found = dict(self.content.get("hyper_parameters", {}))
        found.pop("_instantiator", None)
        path = found.pop("_class_path", None)
        return {} if path is None else {"class_path": path, "init_args": found}

    def __str__(self) -> str:
        return f"{self.path.name} of step {self.step}"


def require_task(checkpoint: Checkpoint, model: Mapping[str, Any] | None) -> None:
    """Refuse a checkpoint of another task than a configuration names.

    Args:
        checkpoint: The checkpoint.
        model: Class path and arguments of the task; None if the configuration names none.

    Raises:
        ValueError: If the classes differ.
    """
    found, wanted = checkpoint.task.get("class_path"), (model or {}).get("class_path")
    if found is not None and wanted is not None and found != wanted:
        names = [path.rpartition(".")[2] for path in (found, wanted)]
        names = names if names[0] != names[1] else [found, wanted]
        raise ValueError(
            f"the checkpoint {checkpoint.path} is of the task {names[0]}, the configuration is of "
            f"{names[1]}: take a checkpoint of this configuration's run, or the configuration "
            "beside that checkpoint"
        )


class AtomicCheckpointIO(TorchCheckpointIO):
    """Write a checkpoint beside its place and move it there; do not read again what was read.

    Lightning's own way starts in the folder of temporary files; on another disk its move is a
    copy, which a kill or a full disk cuts short after the old checkpoint is gone.

    Args:
        known: A checkpoint that was read already; it is handed out once.
    """

    def __init__(self, known: Checkpoint | None = None) -> None:
        super().__init__()
        self.known = known

    def load_checkpoint(self, path: Any, *args: Any, **kwargs: Any) -> dict[str, Any]:
        known, self.known = self.known, None
        if known is not None and known.path == Path(path):
            return known.content
        found: dict[str, Any] = super().load_checkpoint(path, *args, **kwargs)
        return found

    def save_checkpoint(
        self, checkpoint: dict[str, Any], path: Any, storage_options: Any | None = None
    ) -> None:
        try:
            with whole_file(path) as partial, partial.open("wb") as file:
                torch.save(checkpoint, file)
        except RuntimeError as error:
            cause = error.__context__  # torch hides a write that failed behind an error of its own
            if not isinstance(cause, OSError):
                raise
            raise OSError(cause.errno, cause.strerror, str(path)) from error
