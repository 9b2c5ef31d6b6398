"""``sgn solve``: the problem of a PINN's configuration solved by local least squares."""

import argparse
import json
import shutil
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from sgn_sciml.app.dialect import hyphenated
from sgn_sciml.app.solve_progress import Recorder
from sgn_sciml.app.workflow import read_problem, reference_of
from sgn_sciml.benchmark_data.solution import reference as exact_on_grid
from sgn_sciml.layouts.grid_fields import (
    GridFields,
    plain_constants,
    read_grid,
    write_grid,
)
from sgn_sciml.local_solver import LocalSolution, solve
from sgn_sciml.local_solver.dictionary import DICTIONARIES
from sgn_sciml.local_solver.on_grid import on_grid
from sgn_sciml.local_solver.storage import load_slabs
from sgn_sciml.pde import Problem
from sgn_sciml.pinn.description import origin
from sgn_sciml.pinn.figures import solution_figure
from sgn_sciml.pinn.solution import frame_metrics
from sgn_sciml.pinn.table import solution_rows
from sgn_sciml.runs.card import file_sha256, write_card
from sgn_sciml.runs.folder import RunFolder, new_run, versions
from sgn_sciml.runs.results import read_card, write_results
from sgn_sciml.runs.table import table_text
from sgn_sciml.system.classes import instantiate
from sgn_sciml.system.machine import describe_machine
from sgn_sciml.system.writing import write_whole
from sgn_sciml.viz import cells_figure

__all__ = ["solve_command"]

SETTINGS = "solve.json"  # what a run that goes on must share with the one that was stopped


def solve_command(args: Sequence[str]) -> None:
    """Run the command.

    Args:
        args: Words of the command line.

    Raises:
        ValueError: If the configuration names no problem, or the problem cannot be solved.
    """
    options = parsed(args)
    config, data = read_problem(options.config)
    problem = instantiate(Problem, data["problem"], "problem")  # type: ignore[type-abstract]
    if options.threads:
        torch.set_num_threads(options.threads)
    settings = {
        "problem": {"law": problem.law, **problem.parameters},
        "tolerance": options.tolerance,
        "dictionary": options.dictionary,
        "degree": options.degree,
    }
    settings = json.loads(json.dumps(settings, default=str))
    root, name = Path(options.runs), options.name or config.get("name") or name_of(options.config)
    run = unfinished(root, name, settings) if options.resume else begun_run(root, name, settings)
    recorder = Recorder(run.path / "slabs", problem, options.tolerance)
    begun = load_slabs(run.path / "slabs")
    recorder.begin(begun)
    started = time.perf_counter(), time.process_time()
    try:
        solution = solve(
            problem,
            options.tolerance,
            DICTIONARIES[options.dictionary],
            options.degree,
            recorder,
            begun,
        )
    except (ValueError, OSError, KeyboardInterrupt) as error:
        if not recorder.slabs:
            shutil.rmtree(run.path)
            run.discard()
        elif isinstance(error, ValueError):
            raise ValueError(f"{error} ({recorder.slabs} slabs are kept in {run.path})") from error
        else:
            print(f"slabs kept: {recorder.slabs}, in {run.path}; --resume goes on with them")
        raise
    finally:
        recorder.close()
    spent = {
        "wall_seconds": round(recorder.before[0] + time.perf_counter() - started[0], 2),
        "cpu_seconds": round(recorder.before[1] + time.process_time() - started[1], 2),
    }
    shutil.copyfile(options.config, run.path / "config.yaml")
    reference = reference_of(data)  # one that this solver makes would only show itself
    report(run, solution, Path(reference) if isinstance(reference, str) else None, settings, spent)


def parsed(args: Sequence[str]) -> argparse.Namespace:
    """The options of the command line."""
    parser = argparse.ArgumentParser(
        "sgn solve",
        description="Solve the problem of a PINN's configuration by local least squares: no "
        "network, nothing is trained. Cells are placed by the solution, and the estimate of the "
        "error is printed beside the tolerance.",
        allow_abbrev=False,
    )
    parser.add_argument("--config", required=True, help="configuration of a PINN, or of a problem")
    parser.add_argument("--tolerance", type=float, default=1e-8, help="relative error (1e-8)")
    parser.add_argument(
        "--dictionary",
        choices=sorted(DICTIONARIES),
        default="chebyshev",
        help="functions of the cells: polynomials (default), or drawn ones",
    )
    parser.add_argument("--degree", type=int, help="their degree (default: by the tolerance)")
    parser.add_argument("--name", help="name of the run (default: the configuration's file name)")
    parser.add_argument("--runs", default="runs", help="folder of all runs (default: runs)")
    parser.add_argument(
        "--resume", action="store_true", help="go on with the last unfinished run of the name"
    )
    parser.add_argument("--threads", type=int, help="CPU threads (default: torch's choice)")
    options = parser.parse_args(hyphenated(args))
    if options.degree is not None and not 4 <= options.degree <= 40:
        raise ValueError(f"--degree must lie between 4 and 40, got {options.degree}")
    if options.name is not None and Path(options.name).name != options.name:
        raise ValueError(f"--name names a folder within --runs, not a path: {options.name!r}")
    if options.threads is not None and options.threads < 1:
        raise ValueError(f"--threads must be at least 1, got {options.threads}")
    return options


def name_of(config: str) -> str:
    """The name of a run from the name of its configuration."""
    return f"{Path(config).stem.removesuffix('_pinn')}_solve"


def begun_run(root: Path, name: str, settings: dict[str, Any]) -> RunFolder:
    """A new run folder that says what it solves."""
    run = new_run(root, name)
    write_whole(run.path / SETTINGS, json.dumps(settings, indent=2) + "\n")
    return run


def unfinished(root: Path, name: str, settings: dict[str, Any]) -> RunFolder:
    """The last run of a name, which must not have ended and must solve the same.

    Raises:
        ValueError: If there is none, it has ended, or it solves something else.
    """
    runs = [run for run in versions(root, name) if (run.path / SETTINGS).is_file()]
    if not runs:
        raise ValueError(f"nothing to resume: no run of sgn solve under {root / name}")
    run = runs[-1]
    if read_card(run.path):
        raise ValueError(f"nothing to resume: {run.path} has ended")
    there = json.loads((run.path / SETTINGS).read_text())
    for key, value in settings.items():
        if there.get(key) != value:
            raise ValueError(
                f"{run.path} was begun with {key} {there.get(key)}, now it is {value}: "
                "leave --resume out to begin anew"
            )
    print(f"going on with {run.path}")
    return run


# -- what is left behind --------------------------------------------------------------------


def report(
    run: RunFolder,
    solution: LocalSolution,
    reference: Path | None,
    settings: dict[str, Any],
    spent: dict[str, float],
) -> None:
    """Write prediction, card, table and figures, and print the table."""
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
        "slabs": len(solution.parts) if problem.evolving else None,
        "cells": sum(cells),
        "most_cells": max(cells),
        "unknowns": sum(cells) * len(problem.fields) * solution.dictionary.size,
        "machine": describe_machine(torch.device("cpu")),
        "solving": spent,
        "test": test,
    }
    write_card(folder, card)
    write_results(folder)
    draw(folder / "figures", solution, axes, fields, residual, truth)
    print(table_text(rows_of(card, folder)))


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


def rows_of(card: dict[str, Any], folder: Path) -> list[tuple[str, str]]:
    """The table on the screen."""
    slabs = "" if card["slabs"] is None else f" in {card['slabs']} slabs of time"
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
        figure.savefig(folder / f"{name}.png", dpi=150)
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
        figure.savefig(folder / "cells.png", dpi=150)
