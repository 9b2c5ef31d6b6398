"""Our spline layer against inkan's and pykan's: forward, and forward and backward.

``python benchmarks/spline_speed.py`` times blocks of two layers with cubic splines on one thread,
all in turns in one process, and writes ``spline_speed/card.json`` and ``table.md``: milliseconds
of inkan in the fastest of its four forms (all splines or the four that are not zero; its splines
compiled, as it comes, or all of it), and the others as multiples of that. Needs
``pip install inkan==0.5.2``; pykan's places stay empty without ``pip install pykan``, and where
its arrays are large. ``--against`` is a folder with packages besides, of ``pip install --target``.
"""

import argparse
import json
import statistics
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import torch
from torch import nn

from sgn_sciml.studies.experiments.blocks import Block, InKan, PyKan, SplineKan
from sgn_sciml.system.machine import describe_machine

FILES = Path(__file__).parent / "spline_speed"
SIZES = [(64, 64), (64, 1024), (128, 1024), (256, 256), (256, 4096), (512, 1024)]
INTERVALS = (5, 20)
PYKAN = 2**24  # the most edges times points
LEAST, MOST = 5, 200


def forward(module: Callable[..., Any], x: torch.Tensor) -> None:
    """What inference does."""
    with torch.inference_mode():
        module(x)


def step(module: nn.Module, x: torch.Tensor) -> None:
    """What a step does but for the update, with gradients of the inputs too."""
    for parameter in module.parameters():
        parameter.grad = None
    module(x.detach().requires_grad_()).square().mean().backward()


def medians(calls: dict[str, Callable[[], Any]], seconds: float) -> dict[str, float]:
    """Median CPU seconds of each, in turns."""
    for call in calls.values():
        call(), call()
    times: dict[str, list[float]] = {name: [] for name in calls}
    start, rounds = time.thread_time(), 0
    while rounds < LEAST or (time.thread_time() - start < seconds and rounds < MOST):
        rounds += 1
        for name, call in calls.items():
            begin = time.thread_time()
            call()
            times[name].append(time.thread_time() - begin)
    return {name: statistics.median(each) for name, each in times.items()}


def blocks(intervals: int, width: int, rows: int) -> dict[str, Callable[..., Any]]:
    """All that is compared, of one size."""
    made: dict[str, Block] = {"ours": SplineKan(intervals)}
    if width * width * rows <= PYKAN:
        made["pykan"] = PyKan(intervals)
    for dense in (False, True):
        made[f"inkan, {'all' if dense else 'four'}"] = InKan(intervals, dense)
    found: dict[str, Callable[..., Any]] = {}
    for name, block in made.items():
        try:
            found[name] = block.make(width, width)
        except ValueError as error:
            if name != "pykan":
                sys.exit(str(error))
        else:
            if name != "pykan":
                found[f"{name}, compiled"] = torch.compile(block.make(width, width))
    return found


def table(cases: list[dict[str, Any]]) -> str:
    """Multiples of the fastest inkan."""
    names = ["ours", "ours, compiled", "pykan"]
    kinds = ["forward", "and backward"]
    heads = [f"{name}, {kind}" for kind in kinds for name in ("inkan (ms)", *names)]
    lines = ["| intervals, width, points | " + " | ".join(heads) + " |"]
    lines.append("|---" * (len(heads) + 1) + "|")
    for case in cases:
        row = f"| {case['intervals']}, {case['width']}, {case['points']} "
        for kind in kinds:
            seconds = case[kind]
            best = min(t for name, t in seconds.items() if name.startswith("inkan"))
            row += f"| {1e3 * best:.2f} "
            row += "".join(
                f"| {seconds[name] / best:.2f} " if name in seconds else "| " for name in names
            )
        lines.append(row + "|")
    return "\n".join(lines) + "\n"


def main() -> None:
    """Measure and write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--against", help="folder with inkan, and pykan")
    parser.add_argument("--seconds", type=float, default=2.0, help="of each comparison")
    parser.add_argument("--sizes", type=int, default=len(SIZES), help="the first so many only")
    options = parser.parse_args()
    if options.against:
        sys.path.append(options.against)
    torch.set_num_threads(1)
    cases = []
    for intervals in INTERVALS:
        for width, rows in SIZES[: options.sizes]:
            torch.manual_seed(0)
            x = 2 * torch.rand(rows, width) - 1
            compared = blocks(intervals, width, rows)
            case: dict[str, Any] = {"intervals": intervals, "width": width, "points": rows}
            for kind, call in (("forward", forward), ("and backward", step)):
                calls = {name: partial(call, m, x) for name, m in compared.items()}
                case[kind] = medians(calls, options.seconds)
            cases.append(case)
            print(table([case]).splitlines()[-1], flush=True)
    FILES.mkdir(exist_ok=True)
    card = {"machine": describe_machine(torch.device("cpu")), "cases": cases}
    (FILES / "card.json").write_text(json.dumps(card, indent=1) + "\n")
    (FILES / "table.md").write_text(table(cases))


if __name__ == "__main__":
    main()
