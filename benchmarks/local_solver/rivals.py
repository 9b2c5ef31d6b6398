"""``sgn solve`` beside fastlsq, pyrfm and global Chebyshev collocation.

``python benchmarks/local_solver/rivals.py run --packages FOLDER`` solves problems that each of
them can state, tries the settings below with one seed and solves with the best and three more; the
folder is where ``pip install --target FOLDER --no-deps fastlsq==0.7.1 pyrfm==0.4.2`` put them.
``table`` writes ``rivals.md``.
"""

import argparse
import json
import math
import statistics
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property, partial
from itertools import product
from pathlib import Path
from typing import Any

import torch

from kept import Kept, format_error
from layouts import Exact
from peers import diagonal, fastlsq, global_chebyshev, lines, pyrfm
from sgn_sciml import pde
from sgn_sciml.local_solver import solve

HERE = Path(__file__).parent
NAMES = ("problem", "solver", "settings", "seed")
SEEDS, TRIAL = (0, 1, 2), 100
LIMIT = 60  # CPU seconds for a row
SOLVERS = {
    "sgn solve": "sgn solve",
    "chebyshev": "global Chebyshev collocation",
    "diagonal": "the same, eigenvectors of an axis",
    "lines": "Chebyshev collocation in x, SciPy in time",
    "half": "the same, the shock put at an end by symmetry",
    "fastlsq": "fastlsq 0.7.1",
    "pyrfm": "pyrfm 0.4.2",
}
Settings = dict[str, Any]


@dataclass
class Case:
    """A problem and what is tried on it.

    Attributes:
        problem: The problem.
        waves: The largest wavenumber of its solution along each axis: bandwidths of fastlsq are
            these times a scale.
        cells: Subdomains of pyrfm.
        degrees: Of global polynomials, along each axis.
        viscosities: Of a continuation.
    """

    problem: pde.Problem
    waves: tuple[float, ...]
    cells: tuple[tuple[int, ...], ...]
    degrees: tuple[tuple[int, ...], ...] = ()
    viscosities: tuple[float, ...] = ()

    @cached_property
    def exact(self) -> Exact:
        """The true solution."""
        return Exact(self.problem)

    def tried(self, solver: str) -> Iterator[Settings]:
        """The settings of a solver."""
        if solver == "sgn solve":
            yield from ({"tolerance": t} for t in (1e-4, 1e-6, 1e-9, 1e-12))
        elif solver == "fastlsq":
            if self.viscosities:
                tried = [(600, 0.5), (600, 1.0), (600, 2.0)]
            else:
                few, many = (600, 1200) if len(self.waves) > 1 else (300, 600)
                tried = [(few, s) for s in (0.5, 1.0, 1.5)] + [(many, s) for s in (1.0, 1.5)]
            yield from ({"features": n, "scale": s} for n, s in tried)
        elif solver == "pyrfm":
            sizes = (100, 300) if len(self.waves) > 1 else (50, 100)
            kinds = (("tanh", 1.0), ("tanh", 3.0), ("sine", 1.0), ("sine", 3.0), ("sine", 6.0))
            if self.viscosities:  # each takes many seconds
                sizes, kinds = (100,), (("tanh", 1.0), ("sine", 3.0))
            for c, n, (kind, r) in product(self.cells, sizes, kinds):
                if math.prod(c) * n <= (800 if self.viscosities else 1600):
                    yield {"cells": c, "features": n, "kind": kind, "radius": r}
        elif solver == "chebyshev":
            yield from ({"degrees": d} for d in self.degrees)
        elif solver == "diagonal":
            if isinstance(self.problem, pde.Helmholtz | pde.Poisson2D):
                yield from ({"degree": n} for n in (32, 40, 48, 64, 72))
        elif self.viscosities:
            degrees = (32, 96, 128, 192) if solver == "half" else (48, 256, 512, 768)
            for n, tolerance in product(degrees, (1e-8, 1e-12)):
                yield {"degree": n, "method": "LSODA", "tolerance": tolerance}

    def solve(
        self, solver: str, settings: Settings, seed: int
    ) -> tuple[dict[str, Any], Callable[[torch.Tensor], torch.Tensor]]:
        """A row and a function of points."""
        if solver == "sgn solve":
            found = solve(self.problem, settings["tolerance"])
            cells = sum(len(part.cells) for part in found.parts)
            return {"unknowns": cells * found.dictionary.size}, found
        if solver == "fastlsq":
            return {"unknowns": settings["features"]}, fastlsq(
                self.problem, self.waves, **settings, seed=seed, viscosities=self.viscosities
            )
        if solver == "pyrfm":
            unknowns = math.prod(settings["cells"]) * settings["features"]
            return {"unknowns": unknowns}, pyrfm(self.problem, **settings, seed=seed)
        if solver == "chebyshev":
            unknowns = math.prod(d + 1 for d in settings["degrees"])
            return {"unknowns": unknowns}, global_chebyshev(self.problem, **settings)
        if solver == "diagonal":
            return {"unknowns": (settings["degree"] - 1) ** 2}, diagonal(self.problem, **settings)
        return {"unknowns": settings["degree"] + 1}, lines(
            self.problem, **settings, half=solver == "half"
        )


PI = math.pi
SQUARE = ((1, 1), (2, 2), (4, 4))
CASES = {
    "Helmholtz": Case(
        pde.Helmholtz(), (PI, 4 * PI), ((1, 1), (1, 4), (2, 8)), ((14, 26), (18, 32), (22, 38))
    ),
    "wave, two modes": Case(
        pde.Wave(), (4 * PI, 8 * PI), ((1, 1), (2, 4), (4, 6)), ((18, 26), (22, 32), (26, 38))
    ),
    "advection, c = 30": Case(
        pde.Advection(), (1, 30), ((1, 1), (1, 4), (2, 8)), ((12, 36), (16, 44), (20, 52))
    ),
    "Darcy": Case(pde.Darcy(), (4 * PI, 4 * PI), SQUARE, ((14, 14), (20, 20), (26, 26))),
    "Poisson, two scales": Case(
        pde.Poisson(), (50 * PI,), ((1,), (4,), (16,)), ((80,), (110,), (140,))
    ),
    "Poisson 2-D, 4 to 16": Case(
        pde.Poisson2D((4, 8, 12, 16)), (16 * PI, 16 * PI), SQUARE, ((36, 36), (42, 42), (48, 48))
    ),
    "Burgers, nu = 0.1": Case(pde.Burgers(nu=0.1), (6.0, 3.0), ((2, 2),), (), (0.1,)),
    "Burgers, nu = 0.01/pi": Case(
        pde.Burgers(), (60.0, 6.0), ((8, 1),), (), (0.1, 0.03, 0.01, 0.01 / PI)
    ),
}


def row(kept: Kept, name: str, solver: str, settings: Settings, seed: int) -> dict[str, Any]:
    """A row, made if it is not there."""
    case = CASES[name]
    key = (name, solver, json.dumps(settings), seed)
    exact = case.exact
    make = partial(case.solve, solver, settings, seed)
    return kept.make(key, LIMIT, make, lambda found: exact.error(found(exact.points)))


def best(kept: Kept, name: str, solver: str) -> Settings | None:
    """The settings of the smallest error with the seed of the search.

    Of methods that draw nothing, the fastest within three times that error, or below 3e-14.
    """
    found = []
    for settings in CASES[name].tried(solver):
        one = kept.rows.get((name, solver, json.dumps(settings), TRIAL), {})
        if "relative_l2" in one:
            found.append((one["relative_l2"], one["cpu_seconds"], json.dumps(settings)))
    if not found:
        return None
    if solver not in ("fastlsq", "pyrfm"):
        close = max(3 * min(found)[0], 3e-14)
        found = [(0.0, spent, text) for error, spent, text in found if error <= close]
    return json.loads(min(found)[2])


def run(kept: Kept, names: list[str]) -> None:
    """Make the rows that are not there."""
    torch.set_num_threads(1)
    fastlsq(CASES["Helmholtz"].problem, (1.0, 1.0), 30, 1.0, 0)  # first solves are slower
    pyrfm(CASES["Helmholtz"].problem, (1, 1), 10, "sine", 1.0, 0)
    solve(CASES["Helmholtz"].problem, 1e-2)
    for name in names:
        for solver in SOLVERS:
            for settings in CASES[name].tried(solver):
                row(kept, name, solver, settings, TRIAL)
            chosen = best(kept, name, solver)
            if chosen and solver in ("fastlsq", "pyrfm") and not CASES[name].viscosities:
                for seed in SEEDS:
                    row(kept, name, solver, chosen, seed)


# -- table ----------------------------------------------------------------------------------


def lines_of(kept: Kept, name: str) -> Iterator[str]:
    """The lines of a problem."""
    ours = [one for key, one in kept.rows.items() if key[:2] == (name, "sgn solve")]
    ours = [one for one in ours if "relative_l2" in one]
    for one in ours:
        asked = json.loads(one["settings"])["tolerance"]
        yield line(name, f"sgn solve, {asked:.0e} asked", "", [one], one["unknowns"])
    for solver, called in SOLVERS.items():
        settings = best(kept, name, solver)
        if settings is None or solver == "sgn solve":
            continue
        text = json.dumps(settings)
        drawn = solver in ("fastlsq", "pyrfm") and not CASES[name].viscosities
        seeds = SEEDS if drawn else (TRIAL,)
        rows = [kept.rows[k] for seed in seeds if (k := (name, solver, text, seed)) in kept.rows]
        shown = ", ".join(f"{k} {v}" for k, v in settings.items())
        yield line(name, called, shown, rows, rows[0].get("unknowns", 0))
    tried = [one for key, one in kept.rows.items() if key[0] == name and key[1] != "sgn solve"]
    refused = sum("refused" in one for one in tried)
    if refused:
        yield f"| {name} | *{refused} of {len(tried)} rows of others refused* | | | | |"


def line(name: str, called: str, shown: str, rows: list[dict[str, Any]], unknowns: int) -> str:
    """A line."""
    errors = [one["relative_l2"] for one in rows if "relative_l2" in one]
    text = format_error(statistics.median(errors)) if errors else "refused"
    if len(rows) > 1:
        text += f" ({', '.join(map(format_error, errors))})"
    seconds = statistics.median(one["cpu_seconds"] for one in rows)
    return f"| {name} | {called} | {shown} | {text} | {seconds:.2g} | {unknowns:,} |"


def main() -> None:
    """Run a command."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("verb", choices=["run", "table"])
    parser.add_argument("problems", nargs="*", help="parts of names; all without")
    parser.add_argument("--packages", help="folder of fastlsq and pyrfm")
    given = parser.parse_args()
    kept = Kept(HERE / "rivals.jsonl", NAMES)
    if given.verb == "run":
        sys.path.append(given.packages)
        chosen = [n for n in CASES if not given.problems or any(p in n for p in given.problems)]
        run(kept, chosen)
        return
    head = ["| problem | solver | settings | relative L2 | CPU s | unknowns |", "|---" * 6 + "|"]
    findings = (HERE / "rivals_findings.md").read_text()
    rows = [text for name in CASES for text in lines_of(kept, name)]
    (HERE / "rivals.md").write_text("\n".join([findings, *head, *rows, ""]))


if __name__ == "__main__":
    sys.exit(main())
