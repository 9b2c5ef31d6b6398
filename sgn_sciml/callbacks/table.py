"""The table of a tested run, made from its card: on the screen, as results.md and results.csv."""

import csv
import io
import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

__all__ = ["read_card", "results", "summary", "write_results", "write_whole"]

Rows = list[tuple[str, str]]

HEADLINES = {
    "relative_h1": "relative H1",
    "vrmse": "VRMSE",
    "rmse": "RMSE",
    "max_error": "worst point",
    "loss": "held-out loss",
}
SPREAD = {"median": "median", "p95": "95 % below", "max": "largest"}
OTHER_RMSE = {"nrmse": "normalised", "crmse": "of the mean", "brmse": "on the boundary"}
BANDS = ("low", "mid", "high")
# Names of the metrics' own, and what the table calls them.
SAME = {
    "max": "max_error",
    "conformal/coverage": "coverage/function",
    "conformal/width": "width/function",
    "conformal/point_coverage": "coverage/point",
    "conformal/point_width": "width/point",
}


def read_card(folder: Path) -> dict[str, Any]:
    """The card of a run folder; empty without one."""
    path = folder / "card.json"
    card: dict[str, Any] = json.loads(path.read_text()) if path.is_file() else {}
    return card


def write_whole(path: Path, text: str) -> Path:
    """Write a file in one go, so that a kill leaves the old one."""
    partial = path.with_name(f"{path.name}.partial")
    partial.write_text(text)
    partial.replace(path)
    return path


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


def summary(folder: Path) -> str:
    """A short table of a tested run, from its card."""
    card = read_card(folder)
    test = card.get("test", {})
    operator = "test_sets" in test.get("data", {})
    rows = _operator_rows(card) if operator else _solution_rows(test)
    if "training" in card:
        seconds = card["training"]["wall_seconds"]
        rows.append(("training", f"{card['steps']:,} steps in {seconds:.0f} s"))
        rows.append(("parameters", f"{card['parameters']:,}, {card['precision']}"))
    if "checkpoint" in test:
        rows.append(("checkpoint", test["checkpoint"]))
    rows += [("figure", str(path)) for path in sorted((folder / "figures").glob("*.png"))]
    rows += [("table", str(path)) for path in sorted(folder.glob("results.csv")) if operator]
    rows.append(("card", str(folder / "card.json")))
    width = max(len(label) for label, _ in rows)
    return "\n".join(f"  {label:<{width}}  {value}" for label, value in rows)


def _solution_rows(test: Mapping[str, Any]) -> Rows:
    """Of a solution compared with a reference on its grid."""
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
    rows += _bands({key.removeprefix("test/"): value for key, value in test.items()})
    if grid := test.get("data", {}).get("grid"):
        rows.append(("measured on", _grid(grid)))
    return rows


def _grid(grid: Mapping[str, int]) -> str:
    return " x ".join(f"{n} ({name})" for name, n in grid.items())


def _bands(found: Mapping[str, Any]) -> Rows:
    return [
        (f"error, {band} band", f"{found[key]:.2e}  (relative {found[f'{key}_relative']:.2e})")
        for band in BANDS
        if (key := f"spectral_error/{band}") in found and f"{key}_relative" in found
    ]


def _operator_rows(card: Mapping[str, Any]) -> Rows:
    """Of an operator: the first test set in full, a line for each further one, warnings."""
    test, (first, *further) = card["test"], results(card).items()
    about = test["data"]["test_sets"][0]
    found = {_plain_name(metric): value for metric, value in first[1].items()}
    rows = [("test set", f"{first[0]}: {about['samples']:,} samples on {_grid(about['grid'])}")]
    shown = {"relative_l2", *(f"relative_l2/{key}" for key in SPREAD), *HEADLINES, *OTHER_RMSE}
    if "relative_l2" in found:
        parts = _listed(found, "relative_l2/", SPREAD)
        rows.append(("relative L2", f"{found['relative_l2']:.2e}{parts}"))
    for metric, label in HEADLINES.items():
        if metric in found:
            parts = _listed(found, "", OTHER_RMSE) if metric == "rmse" else ""
            rows.append((label, f"{found[metric]:.2e}{parts}"))
    rows += _bands(found)
    shown |= {f"spectral_error/{band}{kind}" for band in BANDS for kind in ("", "_relative")}
    waves = [
        f"{value:.2e} {band}"
        for band in BANDS
        if not math.isnan(value := found.get(f"frmse/{band}", math.nan))  # beyond the grid
    ]
    rows += [("fRMSE", ", ".join(waves))] if waves else []
    shown |= {f"frmse/{band}" for band in BANDS}
    for kind, what in (("function", "samples"), ("point", "points")):
        if (covered := found.get(f"coverage/{kind}")) is not None:
            width = f", width {w:.2e}" if (w := found.get(f"width/{kind}")) is not None else ""
            rows.append((f"band per {kind}", f"covers {covered:.1%} of the {what}{width}"))
            shown |= {f"coverage/{kind}", f"width/{kind}"}
    for metric in [m for m in found if m.startswith("physics/") and not m.endswith("_truth")]:
        truth = found.get(f"{metric}_truth")
        beside = "" if truth is None else f"  (truth {truth:.2e})"
        rows.append(
            (metric.removeprefix("physics/").replace("_", " "), f"{found[metric]:.2e}{beside}")
        )
        shown |= {metric, f"{metric}_truth"}
    frames = sorted((m for m in found if m.startswith("rollout/")), key=_frame)
    if frames:
        text = ", ".join(f"{found[m]:.2e} at {m.removeprefix('rollout/')}" for m in frames)
        rows.append(("rollout", text))
    shown |= {*frames, "beyond_training_nyquist"}
    rows += [(m, f"{value:.2e}") for m, value in found.items() if m not in shown]
    rows += [(name, _compared(values, first[1])) for name, values in further]
    return rows + [("note", note) for note in notes(test)]


def _plain_name(metric: str) -> str:
    """What the table calls a metric."""
    metric = metric.removeprefix("pdebench/").replace("frmse_", "frmse/")
    if metric.startswith("physics/"):
        metric = metric.removesuffix("/prediction").replace("/target", "_truth")
    return SAME.get(metric, metric)


def _listed(found: Mapping[str, float], prefix: str, labels: Mapping[str, str]) -> str:
    known = {label: found.get(prefix + key) for key, label in labels.items()}
    parts = [f"{label} {value:.2e}" for label, value in known.items() if value is not None]
    return f"  ({', '.join(parts)})" if parts else ""


def _frame(metric: str) -> tuple[int, float]:
    """Order of the frames of a rollout: by number, else as they come."""
    try:
        return 1, float(metric.removeprefix("rollout/"))
    except ValueError:
        words = ("first", "quarter", "half", "last")
        word = metric.removeprefix("rollout/")
        return 0, words.index(word) if word in words else len(words)


def _compared(values: Mapping[str, float], first: Mapping[str, float]) -> str:
    """The line of a further test set."""
    if "relative_l2" not in values:
        return ", ".join(f"{metric} {value:.2e}" for metric, value in values.items())
    error, parts = values["relative_l2"], []
    if (p95 := values.get("relative_l2/p95")) is not None:
        parts.append(f"95 % below {p95:.2e}")
    if base := first.get("relative_l2"):
        parts.append(f"{error / base:.2f} times the first")
    return f"relative L2 {error:.2e}" + (f"  ({', '.join(parts)})" if parts else "")


def notes(test: Mapping[str, Any]) -> Sequence[str]:
    """Warnings of test sets on other grids than that of training."""
    data = test.get("data", {})
    grid = data.get("grid", {})
    finer, coarser = [], []
    for about, values in zip(
        data.get("test_sets", []), results({"test": test}).values(), strict=False
    ):
        if any(n > grid.get(axis, n) for axis, n in about["grid"].items()):
            share = values.get("beyond_training_nyquist")
            beyond = "" if share is None else f" ({share:.1e} of its amplitude)"
            finer.append(about["name"] + beyond)
        elif any(n < grid.get(axis, n) for axis, n in about["grid"].items()):
            coarser.append(about["name"])
    found = []
    if finer:
        waves = min(grid.values()) // 2
        found.append(f"above the training Nyquist ({waves} waves): {', '.join(finer)}")
    if coarser:
        found.append(f"coarser than in training ({_grid(grid)}): {', '.join(coarser)}")
    return found
