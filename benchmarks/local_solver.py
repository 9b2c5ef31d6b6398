"""What ``sgn solve`` reaches on every equation, in how many CPU seconds, and how honest it is.

``python benchmarks/local_solver.py run`` solves each problem at each tolerance in a process of one
thread and keeps a card a row in ``local_solver/cards.jsonl``; rows that are there are not
solved again. ``dictionaries`` does the same for other functions of the cells, drawn ones with
three seeds. ``table`` writes ``local_solver/table.md``. Nothing is trained in any row.
"""

import argparse
import json
import multiprocessing
import resource
import statistics
import sys
import time
from functools import partial
from pathlib import Path
from typing import Any

import torch

from sgn_sciml import pde
from sgn_sciml.local_solver import Unsolvable, solve
from sgn_sciml.local_solver.dictionary import DICTIONARIES
from sgn_sciml.system.machine import describe_machine

HERE = Path(__file__).parent / "local_solver"
CARDS = HERE / "cards.jsonl"
CASES: dict[str, tuple[pde.Problem, tuple[float, ...]]] = {
    "Burgers, nu = 0.01/pi": (pde.Burgers(), (1e-6, 1e-8, 1e-10, 1e-12)),
    "Burgers, nu = 0.01": (pde.Burgers(nu=0.01), (1e-8, 1e-10, 1e-12)),
    "Allen-Cahn": (pde.AllenCahn(), (1e-5, 1e-7, 1e-8, 1e-9)),
    "Korteweg-de Vries": (pde.KdV(), (1e-6, 1e-8, 1e-10)),
    "Kuramoto-Sivashinsky": (pde.KuramotoSivashinsky(), (1e-4,)),
    "wave, two modes": (pde.Wave(), (1e-8, 1e-13)),
    "advection, c = 30": (pde.Advection(), (1e-8, 1e-12)),
    "Helmholtz": (pde.Helmholtz(), (1e-8, 1e-13)),
    "Darcy": (pde.Darcy(), (1e-8, 1e-13)),
    "Poisson, two scales": (pde.Poisson(), (1e-8, 1e-12)),
    "Poisson 2-D, 4 to 16": (pde.Poisson2D((4, 8, 12, 16)), (1e-8, 1e-13)),
    "reaction-diffusion": (pde.ReactionDiffusion(), (1e-8, 1e-11)),
    "cavity, Re = 100": (pde.Cavity(), (1e-5, 1e-7)),
}
DRAWN = {
    "Burgers, nu = 0.01/pi": 1e-4,
    "reaction-diffusion": 1e-5,
    "Helmholtz": 1e-6,
    "wave, two modes": 1e-6,
    "Poisson 2-D, 4 to 16": 1e-5,
}
SEEDS = (0, 1, 2)
LIMIT = 300  # wall seconds for a row


def error_of(problem: pde.Problem, solution: Any) -> float:
    """Relative L2 error on the problem's grid, the largest of the fields."""
    axes = torch.meshgrid(*problem.axes().values(), indexing="ij")
    points = torch.stack([axis.reshape(-1) for axis in axes], -1)
    truth = problem.exact(points)
    lack = (solution(points) - truth).norm(dim=0) / truth.norm(dim=0)
    return float(lack.max())


def row(name: str, tolerance: float, kind: str, seed: int) -> dict[str, Any]:
    """Solve once."""
    torch.set_num_threads(1)
    problem = CASES[name][0]
    make = DICTIONARIES[kind]
    dictionary = make if kind == "chebyshev" else partial(make, seed=seed)
    card = {"problem": name, "tolerance": tolerance, "dictionary": kind, "seed": seed}
    begin = time.process_time()
    try:
        solution = solve(problem, tolerance, dictionary)
    except Unsolvable as error:
        card["refused"] = str(error)
    else:
        cells = [len(part.cells) for part in solution.parts]
        card |= {
            "degree": solution.dictionary.degree,
            "estimate": solution.estimate,
            "slabs": len(cells),
            "cells": sum(cells),
            "unknowns": sum(cells) * len(problem.fields) * solution.dictionary.size,
        }
    card["cpu_seconds"] = round(time.process_time() - begin, 3)
    if "refused" not in card:
        card["relative_l2"] = error_of(problem, solution)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return card | {"peak_mb": round(peak), "machine": describe_machine(torch.device("cpu"))}


def key_of(card: dict[str, Any]) -> tuple[Any, ...]:
    """What a card is of."""
    return tuple(card[k] for k in ("problem", "tolerance", "dictionary", "seed"))


def cards() -> dict[tuple[Any, ...], dict[str, Any]]:
    """The rows that are kept."""
    lines = CARDS.read_text().splitlines() if CARDS.is_file() else []
    return {key_of(card): card for card in map(json.loads, lines)}


def run_all(keys: list[tuple[Any, ...]]) -> None:
    """Solve what is not kept, a process each."""
    HERE.mkdir(exist_ok=True)
    for key in keys:
        if key in cards():
            continue
        with multiprocessing.get_context("spawn").Pool(1) as pool:
            try:
                card = pool.apply_async(row, key).get(LIMIT)
            except multiprocessing.TimeoutError:
                names = ("problem", "tolerance", "dictionary", "seed")
                card = dict(zip(names, key, strict=True)) | {"cpu_seconds": LIMIT}
                card["refused"] = f"not solved in {LIMIT} s"
        with CARDS.open("a") as file:
            file.write(json.dumps(card) + "\n")
        shown = card.get("refused") or f"{card['relative_l2']:.1e}"
        print(*key, shown, f"{card['cpu_seconds']:.1f} s", flush=True)


def table() -> str:
    """All rows, losing ones too."""
    kept = cards()
    lines = [
        "Solved by local least squares (nothing is trained), one thread, CPU seconds:",
        "",
        "| problem | asked | relative L2 | estimate | estimate / error | CPU s | cells | slabs | "
        "unknowns |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for name, (_, tolerances) in CASES.items():
        for tolerance in tolerances:
            card = kept.get((name, tolerance, "chebyshev", 0))
            if card is None:
                continue
            first = f"| {name} | {tolerance:.0e} |"
            if "refused" in card:
                lines.append(
                    f"{first} refused: {card['refused']} | | | {card['cpu_seconds']} | | | |"
                )
                continue
            ratio = card["estimate"] / card["relative_l2"]
            lines.append(
                f"{first} {card['relative_l2']:.1e} | {card['estimate']:.1e} | {ratio:.1f} | "
                f"{card['cpu_seconds']:.1f} | {card['cells']:,} | {card['slabs']} | "
                f"{card['unknowns']:,} |"
            )
    lines += [
        "",
        "Other functions of the cells, at the same tolerance; of drawn ones the median of three "
        "seeds:",
        "",
        "| problem | asked | functions | relative L2 (each seed) | CPU s | unknowns |",
        "|---|---|---|---|---|---|",
    ]
    for name, tolerance in DRAWN.items():
        for kind in DICTIONARIES:
            seeds = (0,) if kind == "chebyshev" else SEEDS
            found = [kept[k] for s in seeds if (k := (name, tolerance, kind, s)) in kept]
            solved = [card for card in found if "refused" not in card]
            if not found:
                continue
            if not solved:
                lines.append(f"| {name} | {tolerance:.0e} | {kind} | refused | | |")
                continue
            each = ", ".join(f"{card['relative_l2']:.1e}" for card in solved)
            if len(solved) < len(found):
                each += f", {len(found) - len(solved)} refused"
            seconds = statistics.median(card["cpu_seconds"] for card in solved)
            unknowns = statistics.median(card["unknowns"] for card in solved)
            lines.append(
                f"| {name} | {tolerance:.0e} | {kind} | {each} | {seconds:.1f} | {unknowns:,.0f} |"
            )
    return "\n".join(lines) + "\n"


def main() -> None:
    """Run a command."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("verb", choices=["run", "dictionaries", "table"])
    verb = parser.parse_args().verb
    if verb == "run":
        run_all([(n, t, "chebyshev", 0) for n, (_, several) in CASES.items() for t in several])
    elif verb == "dictionaries":
        run_all(
            [
                (name, tolerance, kind, seed)
                for name, tolerance in DRAWN.items()
                for kind in DICTIONARIES
                for seed in ((0,) if kind == "chebyshev" else SEEDS)
            ]
        )
    else:
        (HERE / "table.md").write_text(table())
        print(table())


if __name__ == "__main__":
    sys.exit(main())
