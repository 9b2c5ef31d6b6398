"""What was measured of a solution, as rows of a table."""

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
            rows.append((key.removeprefix("test/unknown/"), f"{value:.6g}{beside}"))
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
