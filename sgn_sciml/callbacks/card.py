"""The card of a run: what a reader needs to trust its numbers. Tables are made from cards only."""

import hashlib
import inspect
import json
import os
import platform
import subprocess
import time
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import torch
from lightning.pytorch import Callback, Trainer

from sgn_sciml.callbacks.send import run_folder
from sgn_sciml.networks import count_parameters

__all__ = ["Card", "read_card", "summary", "write_card"]

PACKAGES = ("sgn-sciml", "torch", "lightning", "numpy", "scipy")


def read_card(folder: Path) -> dict[str, Any]:
    """The card of a run folder; empty without one."""
    path = folder / "card.json"
    card: dict[str, Any] = json.loads(path.read_text()) if path.is_file() else {}
    return card


def write_card(folder: Path, card: dict[str, Any]) -> Path:
    """Write a card in one go, so that a kill leaves the old one."""
    path = folder / "card.json"
    partial = path.with_suffix(".partial")
    partial.write_text(json.dumps(card, indent=2) + "\n")
    partial.replace(path)
    return path


def describe_data(datamodule: Any) -> dict[str, Any]:
    """What a data module was asked for, and the sha256 of its file."""
    found: dict[str, Any] = {}
    for name in inspect.signature(type(datamodule)).parameters:
        value = getattr(datamodule, name, None)
        found[name] = (
            value if value is None or isinstance(value, (int, float, str)) else str(value)
        )
    grid = getattr(datamodule, "grid", None)
    if grid is not None:
        found["grid"] = {name: len(values) for name, values in grid.coordinates.items()}
        content = Path(datamodule.reference).read_bytes()
        found["reference_sha256"] = hashlib.sha256(content).hexdigest()
    return found


def git_commit() -> str | None:
    """The commit of the checkout that this package runs from, if it does and there is git."""
    root = Path(__file__).parents[2]
    if not (root / ".git").exists():
        return None
    command = ["git", "describe", "--always", "--dirty", "--abbrev=12"]
    try:
        done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
    except OSError:
        return None
    return done.stdout.strip() or None


def describe_machine(device: torch.device) -> dict[str, Any]:
    """Versions and hardware."""
    gpu = torch.cuda.get_device_name(device) if device.type == "cuda" else None
    return {
        "git": git_commit(),
        "python": platform.python_version(),
        "packages": {name: version(name) for name in PACKAGES},
        "device": gpu or f"{device.type} ({platform.machine()}, {os.cpu_count()} cores)",
        "threads": torch.get_num_threads(),
    }


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
            step = torch.load(str(trainer.ckpt_path), weights_only=True)["global_step"]
            checkpoint = f"{Path(str(trainer.ckpt_path)).name} of step {step}"
            card["test"] = {
                "checkpoint": checkpoint,
                "data": describe_data(trainer.datamodule),
                "machine": describe_machine(trainer.strategy.root_device),
                **results,
            }
            write_card(folder, card)

    def state_dict(self) -> dict[str, Any]:
        return self._total()

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        self.spent = dict(state_dict)


def _numbers(trainer: Trainer) -> dict[str, float]:
    return {k: float(v) for k, v in sorted(trainer.callback_metrics.items()) if "gate/" not in k}


def summary(folder: Path) -> str:
    """A short table of a tested run, from its card."""
    card = read_card(folder)
    test = card.get("test", {})
    rows = [
        (label, f"{test[key]:.2e}")
        for label, key in (
            ("relative L2", "test/relative_l2"),
            ("relative H1 in space", "test/relative_h1"),
            ("worst point", "test/max_error"),
            ("held-out loss", "test/loss"),
        )
        if key in test
    ]
    for band in ("low", "mid", "high"):
        key = f"test/spectral_error/{band}"
        if key in test:
            value, relative = test[key], test[f"{key}_relative"]
            rows.append((f"error, {band} band", f"{value:.2e}  (relative {relative:.2e})"))
    if grid := test.get("data", {}).get("grid"):
        rows.append(("measured on", " x ".join(f"{n} ({name})" for name, n in grid.items())))
    if "training" in card:
        seconds = card["training"]["wall_seconds"]
        rows.append(("training", f"{card['steps']:,} steps in {seconds:.0f} s"))
        rows.append(("parameters", f"{card['parameters']:,}, {card['precision']}"))
    if "checkpoint" in test:
        rows.append(("checkpoint", test["checkpoint"]))
    rows += [("figure", str(path)) for path in sorted((folder / "figures").glob("*.png"))]
    rows.append(("card", str(folder / "card.json")))
    width = max(len(label) for label, _ in rows)
    return "\n".join(f"  {label:<{width}}  {value}" for label, value in rows)
