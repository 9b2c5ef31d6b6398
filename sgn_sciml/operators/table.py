"""Measures of an operator, as rows of a table."""

import math
from collections.abc import Mapping
from typing import Any

from sgn_sciml.operators.breakeven.measuring import breakeven_rows
from sgn_sciml.runs.application import Rows
from sgn_sciml.runs.results import grid_text, notes, results
from sgn_sciml.runs.table import BANDS, band_rows

__all__ = ["operator_rows"]

HEADLINES = {
    "relative_l2": "relative L2",
    "relative_h1": "relative H1",
    "vrmse": "VRMSE",
    "rmse": "RMSE",
    "max_error": "worst point",
    "loss": "held-out loss",
}
DETAILS = {
    "relative_l2": {
        "relative_l2/median": "median",
        "relative_l2/p95": "95 % below",
        "relative_l2/max": "largest",
    },
    "rmse": {"nrmse": "normalised", "crmse": "of the mean", "brmse": "on the boundary"},
}
# Names of the metrics' own, and what the table calls them.
SAME = {
    "max": "max_error",
    "conformal/coverage": "coverage/function",
    "conformal/width": "width/function",
    "conformal/point_coverage": "coverage/point",
    "conformal/point_width": "width/point",
}


def operator_rows(card: Mapping[str, Any]) -> Rows:
    """Of an operator: the first test set in full, a line for each further one, warnings."""
    test, ((name, first), *further) = card["test"], results(card).items()
    if not test.get("data", {}).get("test_sets"):  # of a data module that does not describe them
        return _measures(first)
    about = test["data"]["test_sets"][0]
    samples = f"{name}: {about['samples']:,} samples on {grid_text(about['grid'])}"
    rows = [("test set", samples), *_measures(first)]
    rows += [(name, _compared(values, first)) for name, values in further]
    rows += breakeven_rows(card)
    return rows + [("note", note) for note in notes(test)]


def _measures(values: Mapping[str, float]) -> Rows:
    """Of one test set; what has no row of its own comes last, by its name."""
    left = {_plain_name(metric): value for metric, value in values.items()}
    left.pop("beyond_training_nyquist", None)  # part of a note
    rows = []
    for metric, label in HEADLINES.items():
        beside = _listed(left, DETAILS.get(metric, {}))
        if (value := left.pop(metric, None)) is not None:
            rows.append((label, f"{value:.2e}{beside}"))
    rows += band_rows(left)
    waves = {band: left.pop(f"frmse/{band}", math.nan) for band in BANDS}
    known = [f"{value:.2e} {band}" for band, value in waves.items() if not math.isnan(value)]
    rows += [("fRMSE", ", ".join(known))] if known else []  # nan beyond the grid
    for kind, what in (("function", "samples"), ("point", "points")):
        if (covered := left.pop(f"coverage/{kind}", None)) is not None:
            width = left.pop(f"width/{kind}", None)
            beside = "" if width is None else f", width {width:.2e}"
            rows.append((f"band per {kind}", f"covers {covered:.1%} of the {what}{beside}"))
    for metric in [m for m in left if m.startswith("physics/") and not m.endswith("_truth")]:
        truth = left.pop(f"{metric}_truth", None)
        beside = "" if truth is None else f"  (truth {truth:.2e})"
        label = metric.removeprefix("physics/").replace("_", " ")
        rows.append((label, f"{left.pop(metric):.2e}{beside}"))
    frames = sorted((m for m in left if m.startswith("rollout/")), key=_frame)
    errors = [f"{left.pop(m):.2e} at {m.removeprefix('rollout/')}" for m in frames]
    rows += [("rollout", ", ".join(errors))] if errors else []
    return rows + [(metric, f"{value:.2e}") for metric, value in left.items()]


def _plain_name(metric: str) -> str:
    """What the table calls a metric."""
    metric = metric.removeprefix("pdebench/").replace("frmse_", "frmse/")
    if metric.startswith("physics/"):
        metric = metric.removesuffix("/prediction").replace("/target", "_truth")
    return SAME.get(metric, metric)


def _listed(left: dict[str, float], labels: Mapping[str, str]) -> str:
    """The details of a metric, in brackets."""
    parts = [f"{label} {left.pop(key):.2e}" for key, label in labels.items() if key in left]
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
