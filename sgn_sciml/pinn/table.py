"""Measures of a solution, as rows of a table."""

import math
from collections.abc import Mapping
from typing import Any

from sgn_sciml.runs.application import Rows
from sgn_sciml.runs.results import grid_text
from sgn_sciml.runs.table import band_rows

__all__ = ["solution_rows"]

FLOOR = 10  # times the error of a reference: below, it counts


def solution_rows(test: Mapping[str, Any]) -> Rows:
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
    for key, value in test.items():  # of problems with several fields
        if key.startswith("test/relative_l2/"):
            name = key.removeprefix("test/relative_l2/")
            worst = test.get(f"test/max_error/{name}")
            beside = "" if worst is None else f"  (worst point {worst:.2e})"
            rows.append((f"relative L2 of {name}", f"{value:.2e}{beside}"))
    rows += band_rows({key.removeprefix("test/"): value for key, value in test.items()})
    for key, value in test.items():
        if key.startswith("test/unknown/") and not key.endswith("_error"):
            error = test.get(f"{key}_error")
            beside = "" if error is None else f"  (relative error {error:.1e})"
            deviation = test.get(f"{key}_standard_error")
            number = f"{value:.6g}" if deviation is None else with_deviation(value, deviation)
            rows.append((key.removeprefix("test/unknown/"), f"{number}{beside}"))
    data = test.get("data", {})
    if grid := data.get("grid"):
        rows.append(("measured on", grid_text(grid)))
    error = data.get("reference_estimated_error")
    if error is not None:
        by = data.get("reference_solved_by", "its file")
        rows.append(("reference", f"{by}, estimated error {error:.1e}"))
        if test.get("test/relative_l2", error) < FLOOR * error:
            rows.append(("note", "the error of the reference is part of what was measured"))
    return rows


def with_deviation(value: float, deviation: float) -> str:
    """A number and its standard error, to two digits of that.

    Example:
        >>> with_deviation(0.0201342, 0.000091)
        '0.020134 +- 0.000091'
        >>> with_deviation(1234.5, 20.0)
        '1234 +- 20'
    """
    if not 0 < deviation < math.inf:
        return f"{value:.6g} +- {deviation:.1g}"
    digits = 1 - math.floor(math.log10(deviation))
    if not 0 <= digits <= 9:
        return f"{value:.{max(6, min(15, digits))}g} +- {deviation:.1e}"
    return f"{value:.{digits}f} +- {deviation:.{digits}f}"
