"""The table of a tested run on the screen, made from its card."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from sgn_sciml.runs.application import Rows
from sgn_sciml.runs.results import read_card

__all__ = ["BANDS", "band_rows", "summary", "table_text"]

BANDS = ("low", "mid", "high")
# Names of the metrics' own, and what the table calls them.
SAME = {
    "max": "max_error",
    "conformal/coverage": "coverage/function",
    "conformal/width": "width/function",
    "conformal/point_coverage": "coverage/point",
    "conformal/point_width": "width/point",
}


def summary(
    folder: Path,
    rows_of: Callable[[Mapping[str, Any]], Rows],
    card: Mapping[str, Any] | None = None,
) -> str:
    """A short table of a tested run, from its card.

    Args:
        folder: The run folder.
        rows_of: What was measured, as rows; see :meth:`Application.rows`.
        card: The card; that of the folder when None.
    """
    card = read_card(folder) if card is None else card
    test = card.get("test", {})
    rows = rows_of(card)
    if "training" in card:
        seconds = card["training"]["wall_seconds"]
        rows.append(("training", f"{card['steps']:,} steps in {seconds:.0f} s"))
        rows.append(("parameters", f"{card['parameters']:,}, {card['precision']}"))
    if "checkpoint" in test:
        rows.append(("checkpoint", test["checkpoint"]))
    rows += [("figure", str(path)) for path in sorted((folder / "figures").glob("*.png"))]
    if "test_sets" in test.get("data", {}):  # too many numbers for a screen
        rows += [("table", str(path)) for path in sorted(folder.glob("results.csv"))]
    rows.append(("card", str(folder / "card.json")))
    return table_text(rows)


def table_text(rows: Rows) -> str:
    """Labels and values in two columns."""
    width = max(len(label) for label, _ in rows)
    return "\n".join(f"  {label:<{width}}  {value}" for label, value in rows)


def band_rows(left: dict[str, Any]) -> Rows:
    """Rows of the errors per band of wavenumbers, which are taken out of ``left``."""
    rows = []
    for band in BANDS:
        key = f"spectral_error/{band}"
        error, relative = left.pop(key, None), left.pop(f"{key}_relative", None)
        if error is not None and relative is not None:
            rows.append((f"error, {band} band", f"{error:.2e}  (relative {relative:.2e})"))
    return rows
