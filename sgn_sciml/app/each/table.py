"""One table of many fitted signals, made from their cards."""

import csv
import io
import statistics
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sgn_sciml.inr.table import SIGNALS
from sgn_sciml.system.writing import write_whole

__all__ = ["brief", "write_table"]

Cards = Mapping[str, Mapping[str, Any]]


def brief(card: Mapping[str, Any]) -> str:
    """The first measure of a card, and the seconds of its training."""
    found = [(key, value) for key, value in measures(card).items() if key in SIGNALS]
    label, form = SIGNALS[found[0][0]] if found else ("", "")
    told = f"{label} {form.format(found[0][1])}, " if found else ""
    return f"{told}{card['training']['wall_seconds']:.0f} s"


def measures(card: Mapping[str, Any]) -> dict[str, float]:
    """What a test measured, in the order of the table on the screen."""
    test = card.get("test", {})
    found = {k.removeprefix("test/"): float(v) for k, v in test.items() if k.startswith("test/")}
    return {k: found[k] for k in (*SIGNALS, *found) if k in found}


def write_table(folder: Path, cards: Cards) -> str:
    """Write ``results.csv``, all numbers, and ``results.md``, the table.

    Args:
        folder: Where.
        cards: Of tested runs, by the name of their files.

    Returns:
        The table: a row for each file, then mean and standard deviation of what all have.
    """
    each = {name: measures(card) for name, card in cards.items()}
    every = list(dict.fromkeys(key for found in each.values() for key in found))
    text = io.StringIO(newline="")
    rows = csv.writer(text, lineterminator="\n")
    rows.writerow(["file", "run", "parameters", "cpu_seconds", *every])
    for name, found in each.items():
        card = cards[name]
        about = [card["run"], card["parameters"], card["training"]["cpu_seconds"]]
        rows.writerow([name, *about, *(repr(found[k]) if k in found else "" for k in every)])
    write_whole(folder / "results.csv", text.getvalue())
    shown = [key for key in SIGNALS if key in every]
    forms = {key: SIGNALS[key][1].partition(" ")[0] for key in shown}
    after = {key: SIGNALS[key][1].split(" ")[1:2] for key in shown}
    units = {key: f", {after[key][0]}" if after[key] else "" for key in shown}
    lines = [["file", "samples", *(SIGNALS[key][0] + units[key] for key in shown), "CPU s"]]
    for name, found in each.items():
        grid = " x ".join(map(str, cards[name]["data"]["grid"].values()))
        cells = [forms[k].format(found[k]) if k in found else "-" for k in shown]
        lines.append([name, grid, *cells, f"{cards[name]['training']['cpu_seconds']:.0f}"])
    if len(each) > 1:
        for label, measure in (("mean", statistics.mean), ("deviation", statistics.stdev)):
            cells = [
                forms[k].format(measure([found[k] for found in each.values()]))
                if all(k in found for found in each.values())
                else "-"
                for k in shown
            ]
            lines.append([label, "", *cells, ""])
    widths = [max(len(line[k]) for line in lines) for k in range(len(lines[0]))]
    rule = [":" + "-" * (widths[0] - 1), *("-" * (width - 1) + ":" for width in widths[1:])]
    padded = [
        "| " + " | ".join([line[0].ljust(widths[0]), *map(str.rjust, line[1:], widths[1:])]) + " |"
        for line in (lines[0], rule, *lines[1:])
    ]
    write_whole(folder / "results.md", "\n".join(padded) + "\n")
    return "\n".join(padded)
