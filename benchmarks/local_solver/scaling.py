"""Errors against degree, strips and slabs; seconds and memory against strips, boxes and degree.

``python benchmarks/local_solver/scaling.py run`` solves on equal cells, each row in a process of
its own whose memory it reports beside that of the imports; ``table`` writes ``scaling.md``, with
exponents of straight lines through the logarithms of the last two rows of a study.
"""

import argparse
import math
import multiprocessing
import resource
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch

from kept import Kept, format_error, limited
from layouts import Exact, solve_on
from sgn_sciml import pde
from sgn_sciml.local_solver import Polynomials
from sgn_sciml.local_solver.cells import Cells
from sgn_sciml.local_solver.problem_rows import ProblemRows

HERE = Path(__file__).parent
NAMES = ("study", "size")
LIMIT = 60  # CPU seconds for a row
BURGERS = pde.Burgers(nu=0.01)

# Of each study: the problem, the part of its time that is solved, and of a size how many cells lie
# along x and along the second axis (slabs, where there is time), and the degree.
Study = tuple[pde.Problem, float, dict[int, tuple[int, int, int]]]
ERRORS: dict[str, Study] = {
    "degree, 32 strips, 8 slabs": (BURGERS, 1.0, {p: (32, 8, p) for p in (6, 9, 12, 15, 18)}),
    "strips, 8 slabs, degree 9": (BURGERS, 1.0, {n: (n, 8, 9) for n in (8, 16, 32, 64)}),
    "slabs, 32 strips, degree 12": (BURGERS, 1.0, {n: (32, n, 12) for n in (2, 4, 8, 16)}),
}
COSTS: dict[str, Study] = {
    "strips of a slab, degree 12": (
        BURGERS,
        0.01,
        {n: (n, 1, 12) for n in (16, 32, 64, 128, 256)},
    ),
    "degree, 32 strips of a slab": (BURGERS, 0.01, {p: (32, 1, p) for p in (6, 9, 12, 18, 24)}),
    "boxes, all alike, degree 12": (
        pde.Poisson2D((4, 8, 12, 16)),
        1.0,
        {n * n: (n, n, 12) for n in (4, 8, 16, 24)},
    ),
    "boxes, all different, degree 12": (
        pde.Darcy(),
        1.0,
        {n * n: (n, n, 12) for n in (4, 8, 16, 24)},
    ),
}


def layout(problem: pde.Problem, until: float, across: int, along: int) -> list[Cells]:
    """Equal strips of equal slabs, or equal boxes."""
    lower, upper = problem.domain
    x = torch.linspace(lower[0], upper[0], across + 1, dtype=torch.float64)
    end = lower[1] + until * (upper[1] - lower[1])
    y = torch.linspace(lower[1], end, along + 1, dtype=torch.float64)
    periodic = ProblemRows.of(problem).periodic
    if not problem.evolving:
        return [Cells.grid([x, y], periodic)]
    return [Cells.grid([x, y[i : i + 2]], periodic) for i in range(along)]


def solved(study: Study, size: int, judged: bool) -> dict[str, Any]:
    """Solve once; in a process of its own."""
    problem, until, sizes = study
    across, along, degree = sizes[size]
    cells = layout(problem, until, across, along)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

    def make() -> tuple[dict[str, Any], Any]:
        return {}, solve_on(problem, cells, Polynomials(degree, 2))

    row, solution = limited(LIMIT, make)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    row |= {"peak_mb": round((peak - before) / 1024, 1), "cells": sum(map(len, cells))}
    row["degree"] = degree
    if judged and solution is not None:
        exact = Exact(problem)
        row["relative_l2"] = exact.error(solution(exact.points))
    return row


def run(kept: Kept) -> None:
    """Make the rows that are not there."""
    torch.set_num_threads(1)
    for name, study in (ERRORS | COSTS).items():
        for size in study[2]:
            if (name, size) in kept.rows:
                continue
            with multiprocessing.get_context("fork").Pool(1) as pool:
                row = pool.apply(solved, (study, size, name in ERRORS))
            kept.keep((name, size), row)


# -- table ----------------------------------------------------------------------------------


def exponent(sizes: list[int], values: list[float]) -> str:
    """The slope of a straight line through the last two points, in logarithms."""
    (a, b), (x, y) = sizes[-2:], values[-2:]
    return f"{math.log(y / x) / math.log(b / a):.1f}"


def lines_of(kept: Kept, name: str, study: Study) -> Iterator[str]:
    """The lines of a study."""
    rows = [kept.rows[name, size] for size in study[2] if (name, size) in kept.rows]
    if not rows:
        return
    yield f"| {name} | " + " | ".join(str(row["size"]) for row in rows) + " | exponent |"
    yield "|---" * (len(rows) + 2) + "|"
    sizes = [row["size"] for row in rows]
    if name in ERRORS:
        errors = [row.get("relative_l2", math.nan) for row in rows]
        shown = [r.get("refused") or format_error(e) for r, e in zip(rows, errors, strict=True)]
        slope = "" if name.startswith("degree") else exponent(sizes, errors)
        yield f"| relative L2 | {' | '.join(shown)} | {slope} |"
        seconds = [row["cpu_seconds"] for row in rows]
        yield f"| CPU s | {' | '.join(f'{s:.2g}' for s in seconds)} | {exponent(sizes, seconds)} |"
    else:
        seconds = [row["cpu_seconds"] for row in rows]
        yield f"| CPU s | {' | '.join(f'{s:.2g}' for s in seconds)} | {exponent(sizes, seconds)} |"
        peaks = [row["peak_mb"] for row in rows]
        yield f"| MB | {' | '.join(f'{m:.0f}' for m in peaks)} | {exponent(sizes, peaks)} |"
    yield ""


def main() -> None:
    """Run a command."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("verb", choices=["run", "table"])
    kept = Kept(HERE / "scaling.jsonl", NAMES)
    if parser.parse_args().verb == "run":
        run(kept)
        return
    findings = (HERE / "scaling_findings.md").read_text()
    studies = (ERRORS | COSTS).items()
    rows = [text for name, study in studies for text in lines_of(kept, name, study)]
    (HERE / "scaling.md").write_text("\n".join([findings, *rows]))


if __name__ == "__main__":
    sys.exit(main())
