"""The numbers of a tested run, taken from its card: results.csv and results.md."""

import csv
import io
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sgn_sciml.system.writing import write_whole

__all__ = ["grid_text", "notes", "read_card", "results", "write_results"]


def read_card(folder: Path) -> dict[str, Any]:
    """The card of a run folder; empty without one."""
    path = folder / "card.json"
    card: dict[str, Any] = json.loads(path.read_text()) if path.is_file() else {}
    return card


def results(card: Mapping[str, Any]) -> dict[str, dict[str, float]]:
    """The numbers of a tested run: test set to metric to value, the first test set first."""
    test = card.get("test", {})
    data = test.get("data", {})
    names = [about["name"] for about in data.get("test_sets", [])]
    first = names[0] if names else Path(data.get("reference") or "test").stem
    found: dict[str, dict[str, float]] = {name: {} for name in [first, *names]}
    for key, value in test.items():
        if key.startswith("test/"):
            metric = key.removeprefix("test/")
            # The longest name: one may begin with another.
            owners = [name for name in found if metric.startswith(f"{name}/")]
            name = max(owners, key=len, default=first)
            found[name][metric.removeprefix(f"{name}/") if owners else metric] = value
    return found


def write_results(folder: Path) -> None:
    """Write ``results.csv`` and ``results.md`` of a run folder: test set, metric, value."""
    card = read_card(folder)
    rows = [(s, m, v) for s, values in results(card).items() for m, v in values.items()]
    if not rows:
        return
    text = io.StringIO(newline="")
    table = csv.writer(text, lineterminator="\n")
    table.writerow(("test set", "metric", "value"))
    table.writerows((s, m, repr(v)) for s, m, v in rows)
    write_whole(folder / "results.csv", text.getvalue())
    lines = [f"# {card.get('run', folder.name)}", ""]
    lines += [f"Checkpoint: {card['test'].get('checkpoint')}. Numbers come from card.json.", ""]
    lines += [line for note in notes(card["test"]) for line in (f"Note: {note}.", "")]
    lines += ["| test set | metric | value |", "| :--- | :--- | ---: |"]
    lines += [f"| {s} | {m} | {v:.4g} |" for s, m, v in rows]
    write_whole(folder / "results.md", "\n".join(lines) + "\n")


def notes(test: Mapping[str, Any]) -> list[str]:
    """Warnings of test sets on other grids than that of training."""
    data = test.get("data", {})
    grid = data.get("grid", {})
    grids = data.get("training_grids") or [grid]
    found, finer, coarser = results({"test": test}), [], []
    for about in data.get("test_sets", []):
        name, points = about["name"], about["grid"]
        if points in grids:
            continue
        if any(n > grid.get(axis, n) for axis, n in points.items()):
            share = found[name].get("beyond_training_nyquist")
            finer.append(name + ("" if share is None else f" ({share:.1e} of its amplitude)"))
        elif any(n < grid.get(axis, n) for axis, n in points.items()):
            coarser.append(name)
    lines = []
    if finer:
        waves = min(grid.values()) // 2
        lines.append(f"above the training Nyquist ({waves} waves): {', '.join(finer)}")
    if coarser:
        lines.append(f"coarser than in training ({grid_text(grid)}): {', '.join(coarser)}")
    return lines


def grid_text(grid: Mapping[str, int]) -> str:
    """Points along each axis, for people."""
    return " x ".join(f"{n} ({name})" for name, n in grid.items())
