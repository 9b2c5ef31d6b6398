"""The card of a run: what a reader needs to trust its numbers. Tables are made from cards only."""

import hashlib
import inspect
import json
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

from lightning.pytorch import Callback, Trainer

from sgn_sciml.networks import count_parameters
from sgn_sciml.runs.description import DataDescription, description_of
from sgn_sciml.runs.loggers import run_folder
from sgn_sciml.runs.results import read_card, write_results
from sgn_sciml.runs.task import BaseTask
from sgn_sciml.system.machine import describe_machine
from sgn_sciml.system.writing import write_whole

__all__ = ["Card", "read_card", "write_card"]


def write_card(folder: Path, card: dict[str, Any]) -> Path:
    """Write a card in one go, so that a kill leaves the old one."""
    return write_whole(folder / "card.json", json.dumps(card, indent=2) + "\n")


def file_sha256(path: str | Path) -> str:
    """The sha256 of a file; known without reading while size and time stay the same.

    That of a folder is :func:`files_sha256` of the files below it.
    """
    if Path(path).is_dir():
        found = [each for each in sorted(Path(path).rglob("*")) if each.is_file()]
        return files_sha256({each.relative_to(path).as_posix(): each for each in found})
    about = Path(path).stat()
    return _sha256(str(Path(path).resolve()), about.st_size, about.st_mtime_ns)


def files_sha256(files: Mapping[str, Path]) -> str:
    """The sha256 of the list that ``sha256sum`` prints of files, by the names that it prints."""
    listed = "".join(f"{file_sha256(path)}  {name}\n" for name, path in files.items())
    return hashlib.sha256(listed.encode()).hexdigest()


@cache
def _sha256(path: str, size: int, time: int) -> str:
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def describe_data(trainer: Any) -> dict[str, Any]:
    """The data of a trainer, and the sha256 of their files.

    Of a data module that does not describe them, its class and its plain settings.
    """
    description = description_of(trainer, DataDescription)  # type: ignore[type-abstract]
    if description is not None:
        found = description.about()
        for about in found.get("files", []):
            several = {name: Path(name) for name in about.get("files", [])}
            about["sha256"] = files_sha256(several) if several else file_sha256(about["path"])
        return found
    module = trainer.datamodule
    if module is None:
        return {}
    names = inspect.signature(type(module)).parameters
    settings = {name: vars(module).get(name) for name in names}
    plain = {k: v for k, v in settings.items() if isinstance(v, (int, float, str))}
    return {"module": type(module).__name__, **plain}


class Card(Callback):
    """Write ``card.json`` when training ends and complete it when testing does.

    Times add up over the parts of a resumed run.

    Args:
        seed: Seed of the run.
        read_only: Folder of a run that cannot be written; what a test finds is left in ``card``.

    Attributes:
        card: The card as a test has completed it.
    """

    def __init__(self, seed: int | None = None, read_only: Path | None = None) -> None:
        self.seed = seed
        self.read_only = read_only
        self.card: dict[str, Any] | None = None
        self.spent = {"wall_seconds": 0.0, "cpu_seconds": 0.0}
        self._start: tuple[float, float] | None = None

    def _total(self) -> dict[str, float]:
        now = (time.perf_counter(), time.process_time())
        start = self._start or now
        return {
            key: round(value + b - a, 2)
            for (key, value), a, b in zip(self.spent.items(), start, now, strict=True)
        }

    def on_fit_start(self, trainer: Trainer, pl_module: Any) -> None:
        self._start = (time.perf_counter(), time.process_time())

    def on_fit_end(self, trainer: Any, pl_module: Any) -> None:
        folder = run_folder(trainer)
        if folder is None:
            return
        card = read_card(folder)
        ours = pl_module.about() if isinstance(pl_module, BaseTask) else {}
        card.update(
            written=datetime.now(UTC).isoformat(timespec="seconds"),
            run="/".join(folder.parts[-2:]),
            task=type(pl_module).__name__,
            **ours,
            parameters=count_parameters(pl_module),
            precision=str(trainer.precision),
            world_size=trainer.world_size,
            data=describe_data(trainer),
            seed=self.seed,
            steps=trainer.global_step,
            max_steps=trainer.max_steps,
            machine=describe_machine(trainer.strategy.root_device),
            training={**self._total(), "final": _numbers(trainer)},
        )
        write_card(folder, card)

    def on_test_end(self, trainer: Any, pl_module: Any) -> None:
        folder = self.read_only or run_folder(trainer)
        if folder is not None and trainer.is_global_zero:
            self.card = card = read_card(folder)
            results = _numbers(trainer)
            checkpoint = "none: the weights in memory"
            if trainer.ckpt_path:
                checkpoint = Path(str(trainer.ckpt_path)).name
                if isinstance(pl_module, BaseTask) and pl_module.restored_step is not None:
                    checkpoint += f" of step {pl_module.restored_step}"
            card["test"] = {
                "checkpoint": checkpoint,
                "data": describe_data(trainer),
                "machine": describe_machine(trainer.strategy.root_device),
                **results,
                **(pl_module.tested() if isinstance(pl_module, BaseTask) else {}),
            }
            if self.read_only is None:
                write_card(folder, card)
                write_results(folder)

    def state_dict(self) -> dict[str, Any]:
        return self._total()

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        self.spent = dict(state_dict)


def _numbers(trainer: Trainer) -> dict[str, float]:
    found = sorted(trainer.callback_metrics.items())
    return {key: float(value) for key, value in found if not key.startswith("gate/")}
