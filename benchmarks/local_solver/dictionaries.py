"""Which functions of the cells: the same layout and number of unknowns for all of them.

``python benchmarks/local_solver/dictionaries.py run`` takes the cells that the solver places with
polynomials and solves on exactly those with every dictionary, at several sizes; ``table`` writes
``dictionaries.md``. The radius of drawn functions is the best of four for a seed that is not
among those reported.
"""

import argparse
import math
import statistics
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import torch

from kept import Kept, format_error
from layouts import Exact, found_layout, solve_on
from sgn_sciml import pde
from sgn_sciml.local_solver import LocalSolution
from sgn_sciml.local_solver.cells import Cells
from sgn_sciml.local_solver.dictionary import DICTIONARIES

HERE = Path(__file__).parent
NAMES = ("problem", "dictionary", "degree", "radius", "seed")
RADII = {
    "sines": (0.5, 0.7, 1.0, 1.4),
    "tanh": (0.09, 0.18, 0.35, 0.7),
    "gated": (0.09, 0.18, 0.35, 0.7),
}
SEEDS, TRIAL = (0, 1, 2), 100
LIMIT = 90  # CPU seconds for a row


@dataclass
class Case:
    """A problem, what its layout was found with, and the degrees to solve at.

    Attributes:
        problem: The problem.
        tolerance: What the solver was asked for when it placed the cells.
        degrees: Total degrees of the polynomials, or of as many other functions.
        trials: Degrees at which radii are tried; elsewhere the nearest one's is taken. Without
            any, the radii of Burgers' equation are taken.
        points: Points of the grid where the error is found; all where None.
    """

    problem: pde.Problem
    tolerance: float
    degrees: tuple[int, ...] = (9, 12, 15, 18, 21)
    trials: tuple[int, ...] = (9, 12, 15, 18, 21)
    points: int | None = 10_000

    @cached_property
    def layout(self) -> list[Cells]:
        """The cells of every slab."""
        return found_layout(self.problem, self.tolerance)

    @cached_property
    def exact(self) -> Exact:
        """The true solution."""
        return Exact(self.problem, self.points)

    def solve(
        self, layout: list[Cells], kind: str, degree: int, radius: float, seed: int
    ) -> tuple[dict[str, Any], LocalSolution]:
        """A row and its solution."""
        drawn = {} if kind == "chebyshev" else {"radius": radius, "seed": seed}
        dictionary = DICTIONARIES[kind](degree, len(self.problem.coordinates), **drawn)
        solution = solve_on(self.problem, layout, dictionary)
        cells = sum(len(part) for part in layout)
        made = {
            "functions": dictionary.size,
            "cells": cells,
            "slabs": len(layout),
            "unknowns": cells * len(self.problem.fields) * dictionary.size,
        }
        return made, solution


BURGERS = "Burgers, nu = 0.01/pi"
CASES = {
    BURGERS: Case(pde.Burgers(), 1e-6, (9, 12, 15, 18), (12, 18), None),
    "Burgers, nu = 0.01": Case(pde.Burgers(nu=0.01), 1e-6, (9, 12, 15, 18), (), None),
    "Allen-Cahn": Case(pde.AllenCahn(), 1e-4, (9, 12), (), None),
    "Korteweg-de Vries": Case(pde.KdV(), 1e-4, (9, 12), (), None),
    "wave, two modes": Case(pde.Wave(), 1e-6),
    "advection, c = 30": Case(pde.Advection(), 1e-6, trials=(12, 18)),
    "Helmholtz": Case(pde.Helmholtz(), 1e-6),
    "Darcy": Case(pde.Darcy(), 1e-6),
    "Poisson, two scales": Case(pde.Poisson(), 1e-6),
    "Poisson 2-D, 4 to 16": Case(pde.Poisson2D((4, 8, 12, 16)), 1e-8, (9, 12, 15, 18), (12, 18)),
    "reaction-diffusion": Case(pde.ReactionDiffusion(), 1e-6, (9, 12, 15, 18), (12,), None),
    "cavity, Re = 100": Case(pde.Cavity(), 1e-5, (9, 12), ()),
}


def row(kept: Kept, name: str, kind: str, degree: int, radius: float, seed: int) -> None:
    """Make a row if it is not there."""
    case = CASES[name]
    key = (name, kind, degree, radius, seed)
    if key not in kept.rows:
        layout, exact = case.layout, case.exact  # found before the clock starts
        kept.make(
            key,
            LIMIT,
            lambda: case.solve(layout, kind, degree, radius, seed),
            lambda solution: exact.error(solution(exact.points)),
        )


def radius_of(kept: Kept, name: str, kind: str, degree: int) -> float:
    """The best radius at the nearest degree where several are tried."""
    if kind == "chebyshev":
        return 0.0
    if not CASES[name].trials:
        name = BURGERS
    at = min(CASES[name].trials, key=lambda trial: abs(trial - degree))
    tried = {r: kept.rows.get((name, kind, at, r, TRIAL)) for r in RADII[kind]}
    errors = {r: one["relative_l2"] for r, one in tried.items() if one and "relative_l2" in one}
    return min(errors, key=errors.__getitem__) if errors else RADII[kind][1]


def run(kept: Kept, names: list[str]) -> None:
    """Make the rows that are not there."""
    torch.set_num_threads(1)
    for name in names:
        case = CASES[name]
        row(kept, name, "chebyshev", case.degrees[0], 0.0, -1)  # the first solve is slower
        for degree in case.degrees:
            row(kept, name, "chebyshev", degree, 0.0, 0)
        for kind, radii in RADII.items():
            for degree in case.trials:
                for radius in radii:
                    row(kept, name, kind, degree, radius, TRIAL)
            for degree in case.degrees:
                for seed in SEEDS:
                    row(kept, name, kind, degree, radius_of(kept, name, kind, degree), seed)


# -- table ----------------------------------------------------------------------------------


def found_rows(kept: Kept, name: str, kind: str, degree: int) -> list[dict[str, Any]]:
    """The rows of a dictionary at a degree, one a seed."""
    radius = radius_of(kept, name, kind, degree)
    keys = [(name, kind, degree, radius, seed) for seed in SEEDS]
    return [kept.rows[key] for key in keys if key in kept.rows]


def curve(kept: Kept, name: str, kind: str) -> list[tuple[float, float]]:
    """Median seconds and errors at all degrees, refused ones left out."""
    points = []
    for degree in CASES[name].degrees:
        rows = found_rows(kept, name, kind, degree)
        if rows and all("relative_l2" in one for one in rows):
            points.append(
                (
                    statistics.median(one["cpu_seconds"] for one in rows),
                    statistics.median(one["relative_l2"] for one in rows),
                )
            )
    return points


def error_in(points: list[tuple[float, float]], seconds: float) -> str:
    """The smallest error of those in no more than some seconds, give or take a tenth."""
    errors = [error for spent, error in points if spent <= 1.1 * seconds]
    return format_error(min(errors)) if errors else "-"


def lines_of(kept: Kept, name: str) -> Iterator[str]:
    """The lines of a problem."""
    case = CASES[name]
    first = next(
        (one for key, one in kept.rows.items() if key[0] == name and "cells" in one), None
    )
    if first is None:
        return
    yield f"**{name}**: {first['cells']} cells, {first['slabs']} slabs, degrees " + ", ".join(
        map(str, case.degrees)
    )
    yield ""
    base = curve(kept, name, "chebyshev")
    seconds = base[len(base) // 2][0]
    sizes = " | ".join(
        f"{rows[0]['unknowns']:,}" if (rows := found_rows(kept, name, "chebyshev", d)) else ""
        for d in case.degrees
    )
    yield f"| unknowns | {sizes} | in {seconds:.2g} s | seconds | radius |"
    yield "|---|" + "---|" * (len(case.degrees) + 3)
    for kind in DICTIONARIES:
        parts = []
        for degree in case.degrees:
            rows = found_rows(kept, name, kind, degree)
            solved = [one["relative_l2"] for one in rows if "relative_l2" in one]
            text = ""
            if len(solved) == 1 and len(rows) == 1:
                text = format_error(solved[0])
            elif solved:
                each = ", ".join(map(format_error, solved))
                text = f"{format_error(statistics.median(solved))} ({each})"
            if len(solved) < len(rows):
                text += f" {len(rows) - len(solved)} of {len(rows)} refused"
            less = [one["functions"] for one in rows if "functions" in one]
            full = math.comb(degree + len(case.problem.coordinates), degree)
            if less and min(less) < full:
                text += f" [{min(less)} of {full}]"
            parts.append(text.strip())
        points = curve(kept, name, kind)
        range_ = f"{points[0][0]:.2g} to {points[-1][0]:.2g}" if points else "-"
        radii = sorted({radius_of(kept, name, kind, d) for d in case.degrees})
        shown = "" if kind == "chebyshev" else ", ".join(f"{r:g}" for r in radii)
        yield (
            f"| {kind} | {' | '.join(parts)} | {error_in(points, seconds)} | {range_} | {shown} |"
        )
    yield ""


def table(kept: Kept) -> str:
    """All problems under the findings of ``dictionaries_findings.md``."""
    findings = (HERE / "dictionaries_findings.md").read_text()
    return "\n".join([findings, *(line for name in CASES for line in lines_of(kept, name))])


def main() -> None:
    """Run a command."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("verb", choices=["run", "table"])
    parser.add_argument("problems", nargs="*", help="parts of names; all without")
    given = parser.parse_args()
    kept = Kept(HERE / "dictionaries.jsonl", NAMES)
    if given.verb == "run":
        chosen = [n for n in CASES if not given.problems or any(p in n for p in given.problems)]
        run(kept, chosen)
    else:
        (HERE / "dictionaries.md").write_text(table(kept))


if __name__ == "__main__":
    sys.exit(main())
