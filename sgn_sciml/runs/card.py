"""The card of a run: what a reader needs to trust its numbers. Tables are made from cards only."""

import hashlib
import inspect
import json
import time
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import torch
from lightning.pytorch import Callback, Trainer

from sgn_sciml.networks import count_parameters
from sgn_sciml.runs.loggers import run_folder
from sgn_sciml.runs.results import read_card, write_results, write_whole
from sgn_sciml.runs.table import summary
from sgn_sciml.system.machine import describe_machine

__all__ = ["Card", "read_card", "summary", "write_card"]


def write_card(folder: Path, card: dict[str, Any]) -> Path:
    """Write a card in one go, so that a kill leaves the old one."""
    return write_whole(folder / "card.json", json.dumps(card, indent=2) + "\n")


def file_sha256(path: str | Path) -> str:
    """The sha256 of a file; known without reading while size and time stay the same."""
    about = Path(path).stat()
    return _sha256(str(Path(path).resolve()), about.st_size, about.st_mtime_ns)


@cache
def _sha256(path: str, size: int, time: int) -> str:
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def describe_data(datamodule: Any) -> dict[str, Any]:
    """What a data module was asked for, and the sha256 of its files."""
    found: dict[str, Any] = {}
    if hasattr(datamodule, "describe"):
        found = datamodule.describe()
        for about in found["files"]:
            about["sha256"] = file_sha256(about["path"])
        return found
    for name in inspect.signature(type(datamodule)).parameters:
        value = getattr(datamodule, name, None)
        found[name] = (
            value if value is None or isinstance(value, (int, float, str)) else str(value)
        )
    grid = getattr(datamodule, "grid", None)
    if grid is not None:
        found["grid"] = {name: len(values) for name, values in grid.coordinates.items()}
        found["reference_sha256"] = file_sha256(datamodule.reference)
    return found


class Card(Callback):
    """Write ``card.json`` when training ends and complete it when testing does.

    Times add up over the parts of a resumed run.

    Args:
        seed: Seed of the run.
    """

    def __init__(self, seed: int | None = None) -> None:
        self.seed = seed
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
        problem = getattr(pl_module, "problem", None)
        card.update(
            written=datetime.now(UTC).isoformat(timespec="seconds"),
            run="/".join(folder.parts[-2:]),
            task=type(pl_module).__name__,
            network=pl_module.hparams.get("network") or str(pl_module.network),
            settings={
                k: v for k, v in pl_module.hparams.items() if k not in ("network", "problem")
            },
            found=getattr(pl_module, "found", {}),
            parameters=count_parameters(pl_module),
            precision=str(trainer.precision),
            world_size=trainer.world_size,
            problem={"law": problem.law, **problem.parameters} if problem else None,
            data=describe_data(trainer.datamodule),
            loss_terms=list(getattr(pl_module, "terms", ())),
            seed=self.seed,
            steps=trainer.global_step,
            max_steps=trainer.max_steps,
            machine=describe_machine(trainer.strategy.root_device),
            training={**self._total(), "final": _numbers(trainer)},
        )
        write_card(folder, card)

    def on_test_end(self, trainer: Any, pl_module: Any) -> None:
        folder = run_folder(trainer)
        if folder is not None:
            card = read_card(folder)
            results = _numbers(trainer)
            checkpoint = "none: the weights in memory"
            if trainer.ckpt_path:
                path = Path(str(trainer.ckpt_path))
                saved = torch.load(path, map_location="cpu", weights_only=True)
                checkpoint = f"{path.name} of step {saved['global_step']}"
            card["test"] = {
                "checkpoint": checkpoint,
                "data": describe_data(trainer.datamodule),
                "machine": describe_machine(trainer.strategy.root_device),
                **results,
            }
            write_card(folder, card)
            write_results(folder)

    def state_dict(self) -> dict[str, Any]:
        return self._total()

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        self.spent = dict(state_dict)


def _numbers(trainer: Trainer) -> dict[str, float]:
    found = sorted(trainer.callback_metrics.items())
    return {key: float(value) for key, value in found if not key.startswith("gate/")}
