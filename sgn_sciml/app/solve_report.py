"""Files that ``sgn solve`` leaves in the folder of a run: predictions, figures, card and table."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import torch
from matplotlib.figure import Figure
from torch import Tensor

from sgn_sciml.benchmark_data.solution import reference as exact_on_grid
from sgn_sciml.layouts.grid_fields import GridFields, plain_constants, read_grid, write_grid
from sgn_sciml.local_solver import LocalSolution
from sgn_sciml.local_solver.on_grid import on_grid
from sgn_sciml.pde import Problem
from sgn_sciml.pinn.description import origin
from sgn_sciml.pinn.figures import solution_figure
from sgn_sciml.pinn.solution import frame_metrics
from sgn_sciml.pinn.table import solution_rows
from sgn_sciml.runs.card import file_sha256, write_card
from sgn_sciml.runs.folder import RunFolder
from sgn_sciml.runs.results import write_results
from sgn_sciml.runs.table import table_text
from sgn_sciml.system.machine import describe_machine
from sgn_sciml.system.writing import whole_file
from sgn_sciml.viz import cells_figure

__all__ = ["report"]


def report(
    run: RunFolder,
    solution: LocalSolution,
    marched: bool,
    reference: Path | None,
    settings: dict[str, Any],
    spent: dict[str, float],
) -> None:
    """Write prediction, figures, card and table, and print the table.

    The card says that a run has ended: it comes after all that may find the disk full.
    """
    problem, folder = solution.problem, run.path
    truth, source = truth_of(problem, reference)
    axes = truth.coordinates if truth is not None else problem.axes()
    found = on_grid(solution, axes)
    points, fields = found.points, found.fields
    residual = solution.residual(points.flatten(0, -2)).reshape(points.shape[:-1])
    whole = replace(found, fields={**fields, "residual": residual})
    print(f"wrote {write_grid(folder / 'predictions.h5', whole)}")
    cells = [len(part.cells) for part in solution.parts]
    test: dict[str, Any] = {} if truth is None else measured(problem, fields, truth)
    test["data"] = {"grid": {name: len(v) for name, v in axes.items()}, "reference": source}
    if reference is not None and truth is not None and source == str(reference):
        test["data"] |= {"sha256": file_sha256(reference), **origin(truth)}
    card = {
        "written": datetime.now(UTC).isoformat(timespec="seconds"),
        "run": "/".join(folder.parts[-2:]),
        "task": "local least squares",
        **settings,
        "dictionary": solution.dictionary.name,
        "degree": solution.dictionary.degree,
        "estimate": solution.estimate,
        "slabs": len(solution.parts) if marched else None,
        "cells": sum(cells),
        "most_cells": max(cells),
        "unknowns": sum(cells) * len(problem.fields) * solution.dictionary.size,
        "machine": describe_machine(torch.device("cpu")),
        "solving": spent,
        "test": test,
    }
    draw(folder / "figures", solution, axes, fields, residual, truth)
    write_card(folder, card)
    write_results(folder)
    print(table_text(rows_of(card, folder, problem.coordinates[-1])))


def truth_of(problem: Problem, reference: Path | None) -> tuple[GridFields | None, str | None]:
    """What to compare with: the reference file, else the exact solution; or nothing."""
    if reference is not None and reference.is_file():
        grid = read_grid(str(reference))
        ours = (problem.law, plain_constants(problem.parameters), problem.coordinates)
        if (grid.law, dict(grid.parameters), tuple(grid.coordinates)) == ours:
            return grid.within(*problem.domain), str(reference)
        print(f"{reference} is of another problem and is not compared with")
    if type(problem).exact is Problem.exact:
        return None, None
    shape = tuple(len(values) for values in problem.axes().values())
    return exact_on_grid(problem, shape), "exact solution"


def measured(
    problem: Problem, fields: Mapping[str, Tensor], truth: GridFields
) -> dict[str, float]:
    """The metrics of a PINN's test."""
    metrics = frame_metrics(problem)
    stacked = [torch.stack([v[name] for name in problem.fields]) for v in (fields, truth.fields)]
    frames = [v.movedim(-1, 0) if problem.evolving else v[None] for v in stacked]
    metrics.update(*(frame.double() for frame in frames))
    return {f"test/{name}": float(value) for name, value in metrics.compute().items()}


def rows_of(card: dict[str, Any], folder: Path, along: str) -> list[tuple[str, str]]:
    """The table on the screen."""
    of = "of time" if along == "t" else f"of {along}"
    slabs = "" if card["slabs"] is None else f" in {card['slabs']} slabs {of}"
    seconds = card["solving"]["cpu_seconds"]
    rows = [("solved by", f"local least squares, {card['dictionary']} of degree {card['degree']}")]
    rows.append(("estimated error", f"{card['estimate']:.1e} (asked: {card['tolerance']:.1e})"))
    rows += solution_rows(card["test"])
    rows.append(("cells", f"{card['cells']:,}{slabs}, {card['unknowns']:,} unknowns"))
    rows.append(("solving", f"{seconds:.1f} CPU s"))
    rows += [("figure", str(path)) for path in sorted((folder / "figures").glob("*.png"))]
    rows.append(("card", str(folder / "card.json")))
    return rows


def draw(
    folder: Path,
    solution: LocalSolution,
    axes: Any,
    fields: Mapping[str, Tensor],
    residual: Tensor,
    truth: GridFields | None,
) -> None:
    """Figures of each field as for a PINN, and of the cells."""
    problem = solution.problem
    if len(axes) > 2:
        return
    folder.mkdir(parents=True, exist_ok=True)
    values = list(axes.values())
    for name, found in fields.items():
        if truth is None:
            continue
        known = truth.fields[name].double()
        figure = solution_figure(problem, values, known, found, residual, name)
        save(figure, folder / f"{name}.png")
    if len(values) == 2:
        order = [1, 0] if problem.evolving else [0, 1]  # time along the bottom, as above
        across, up = order
        name = problem.fields[0]
        corners = [
            (part.cells.lower[:, order], part.cells.upper[:, order]) for part in solution.parts
        ]
        labels = (problem.coordinates[across], problem.coordinates[up], name)
        field = fields[name].permute(*order)
        figure = cells_figure(values[across], values[up], field, corners, labels)
        save(figure, folder / "cells.png")


def save(figure: Figure, path: Path) -> None:
    """Write a figure, whole or not at all."""
    with whole_file(path) as partial:
        figure.savefig(partial, dpi=150)
