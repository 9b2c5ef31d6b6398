"""``sgn solve`` on the problems of the tests' gallery, 140 as users state them.

``python benchmarks/local_solver/gallery.py run`` solves each to 1e-6 in a process of one thread
and keeps a row; ``table`` writes ``gallery.md``, with what is refused and why.
"""

import argparse
import importlib
import inspect
import multiprocessing
import pkgutil
import sys
from pathlib import Path
from typing import Any

import torch

from kept import Kept, format_error, limited

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parents[1]))
TOLERANCE = 1e-6
LIMIT = 40  # CPU seconds for a problem
POINTS = 2000


def problems() -> dict[tuple[str, str], Any]:
    """The classes of the gallery by file and name."""
    from sgn_sciml.pde import Problem

    gallery = importlib.import_module("tests.local_solver.gallery")
    found = {}
    for module in pkgutil.iter_modules(gallery.__path__):
        content = vars(importlib.import_module(f"{gallery.__name__}.{module.name}"))
        for name, each in content.items():
            mine = inspect.isclass(each) and each.__module__.endswith(module.name)
            if mine and issubclass(each, Problem) and hasattr(each, "law"):
                found[module.name, name] = each
    return found


def row(key: tuple[str, str]) -> dict[str, Any]:
    """Solve one."""
    from sgn_sciml.local_solver import solve

    torch.set_num_threads(1)
    problem = problems()[key]()

    def make() -> tuple[dict[str, Any], Any]:
        try:
            solution = solve(problem, TOLERANCE)
        except ValueError as error:  # what was wrong is said in one line
            return {"refused": str(error)}, None
        cells = [len(part.cells) for part in solution.parts]
        return {"estimate": solution.estimate, "cells": sum(cells), "slabs": len(cells)}, solution

    found, solution = limited(LIMIT, make)
    if solution is not None:
        unit = torch.rand(POINTS, len(problem.coordinates), dtype=torch.float64)
        points = problem.box_points(unit)
        try:
            truth = problem.exact(points)
        except NotImplementedError:
            return found
        norm = truth.norm(dim=0)
        norm = torch.where(norm > 1e-11 * norm.max(), norm, norm.max().clamp(min=1e-300))
        found["relative_l2"] = float(((solution(points) - truth).norm(dim=0) / norm).max())
    return found


def table(kept: Kept) -> str:
    """All rows: solved ones with the estimate beside the error, then refused ones."""
    solved = [
        "| problem | relative L2 | estimate | estimate / error | CPU s | cells | slabs |",
        "|---|---|---|---|---|---|---|",
    ]
    refused = ["| problem | what is said | CPU s |", "|---|---|---|"]
    for (file, name), each in kept.rows.items():
        seconds = f"{each['cpu_seconds']:.1f}"
        if "refused" in each:
            said = each["refused"].replace("|", "\\|")
            refused.append(f"| {file}: {name} | {said} | {seconds} |")
            continue
        error = each.get("relative_l2")
        shown = ["not known", ""] if error is None else [format_error(error), ""]
        if error is not None and error > 1e-14:
            shown[1] = f"{each['estimate'] / error:.1f}"
        cells = f"{each['cells']:,} | {each['slabs']}"
        solved.append(
            f"| {file}: {name} | {shown[0]} | {each['estimate']:.1e} | {shown[1]} | {seconds} | "
            f"{cells} |"
        )
    return "\n".join(
        [
            f"{len(kept.rows)} of {len(problems())} problems. Solved by local least "
            f"squares to {TOLERANCE:.0e}, one thread, CPU seconds (at most {LIMIT}); "
            f"errors at {POINTS} random points, of the worst field:",
            "",
            *solved,
            "",
            "Refused, most of them since they have no solution, or not only one:",
            "",
            *refused,
            "",
        ]
    )


def main() -> None:
    """Run a command."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("verb", choices=["run", "table"])
    verb = parser.parse_args().verb
    kept = Kept(HERE / "gallery.jsonl", ("file", "name"))
    if verb == "run":
        for key in problems():
            if key not in kept.rows:
                with multiprocessing.get_context("spawn").Pool(1) as pool:
                    kept.keep(key, pool.apply(row, (key,)))
    else:
        (HERE / "gallery.md").write_text(table(kept))
        print(table(kept))


if __name__ == "__main__":
    main()
