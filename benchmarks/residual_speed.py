"""The cost of a PINN step: Burgers' residual and its gradient, by all engines and by peers.

``python benchmarks/residual_speed.py run`` writes ``residual_speed/card.json``, ``table`` the
table of it. For DeepXDE and PINA give the Python of an environment that has them::

    python -m venv peers && peers/bin/pip install torch==2.13.0 deepxde==1.15.0 pina-mathlab==0.3.2
    python benchmarks/residual_speed.py run --peers peers/bin/python

Times are medians; CPU seconds for one thread, wall seconds for two. They are told as multiples of
the *floor*, measured in the same minute: the matrix products alone, of four streams between the
hidden layers, one forward and two backward, as torch does them. All steps with an optimiser (the
peers' and "with Adam") have the loss, its gradient and Adam's update.
"""

import argparse
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from sgn_sciml.jets import Compiled, Eager, Engine, Equation, Fused, Nested
from sgn_sciml.layers import Elementwise, SpectralGate
from sgn_sciml.networks import CoordinateMLP
from sgn_sciml.pde import Burgers
from sgn_sciml.system.machine import describe_machine

FILES = Path(__file__).parent / "residual_speed"
POINTS, DEPTH, REPEATS = 10_000, 4, 9
ACTIVATIONS: dict[str, Callable[[int], nn.Module]] = {
    "tanh": lambda n: Elementwise(n, torch.tanh),
    "dense gate, m = 4": lambda n: SpectralGate(n, base=torch.tanh, num_frequencies=4),
    "dense gate, m = 9": lambda n: SpectralGate(n, base=torch.tanh),
    "diagonal gate": lambda n: SpectralGate(n, spectral="diagonal", base=torch.tanh),
    "folded gate": lambda n: SpectralGate(n, spectral="sine", base=None, gate_init=1.0),
}
CASES = [(50, "float32"), (64, "float32"), (50, "float64"), (20, "float64")]
WIDE = [(128, "float32"), (256, "float32"), (128, "float64")]  # by the kernel alone
GATED = [(50, "float32"), (64, "float32"), (20, "float64"), *WIDE]


def floor(width: int) -> Callable[[], None]:
    """The matrix products of four streams between the hidden layers."""
    weights = [torch.rand(width, width) for _ in range(DEPTH - 1)]
    z, g = torch.rand(4 * POINTS, width), torch.rand(4 * POINTS, width)
    out, gradient = torch.empty_like(z), torch.empty_like(weights[0])

    def products() -> None:
        for w in weights:
            torch.mm(z, w.T, out=out)
            torch.mm(g, w, out=out)
            torch.mm(g.T, z, out=gradient)

    return products


def step(engine: Engine, width: int, activation: str, adam: bool = False) -> Callable[[], Any]:
    """A loss and its gradient, with an update or without."""
    problem = Burgers()
    network = CoordinateMLP(2, 1, width, DEPTH, activation=ACTIVATIONS[activation])
    network.set_domain(*problem.domain)
    points = problem.box_points(torch.rand(POINTS, 2))
    parameters = list(network.parameters())
    optimizer = torch.optim.Adam(parameters, 1e-3)

    def solution(p: Tensor) -> Tensor:
        return problem.impose(p, network(p))

    equation = Equation(solution, problem.residual, problem.coordinates, problem.fields)

    def once() -> None:
        optimizer.zero_grad()
        engine.loss(equation, points).backward()
        if adam:
            optimizer.step()

    return once


def medians(steps: dict[str, Callable[[], Any]], threads: int) -> dict[str, float]:
    """Median seconds of each, in turns; the first two rounds are left out."""
    clock = time.process_time if threads == 1 else time.perf_counter
    times: dict[str, list[float]] = {name: [] for name in steps}
    for _ in range(REPEATS + 2):
        for name, once in steps.items():
            start = clock()
            once()
            times[name].append(clock() - start)
    return {name: statistics.median(each[2:]) for name, each in times.items()}


def case(width: int, dtype: str, threads: int, peers: str | None) -> dict[str, Any]:
    """All engines, and the peers, at one width and precision."""
    torch.compiler.reset()  # else it gives up after some cases
    torch.set_num_threads(threads)
    torch.set_default_dtype(getattr(torch, dtype))
    torch.manual_seed(0)
    engines: dict[str, Engine] = {"jets, fused": Fused()}
    if (width, dtype) in WIDE:
        peers = None
    else:
        others = {"nested autograd": Nested(), "jets, eager": Eager()}
        engines = others | {"jets, torch.compile": Compiled()} | engines
    steps: dict[str, Callable[[], Any]] = {"floor": floor(width)}
    steps |= {name: step(engine, width, "tanh") for name, engine in engines.items()}
    steps["jets, fused, with Adam"] = step(Fused(), width, "tanh", adam=True)
    if (width, dtype) in GATED:
        gates = [name for name in ACTIVATIONS if name != "tanh"]
        steps |= {f"{name}, fused": step(Fused(), width, name) for name in gates}
    found = medians(steps, threads)
    if peers:
        script = [peers, str(FILES / "peers.py")]
        words = [str(w) for w in (width, DEPTH, dtype, POINTS, threads, REPEATS)]
        told = subprocess.run([*script, *words], capture_output=True, text=True, check=True)
        # between two measurements of the floor, lest a busy minute be the peers' alone
        again = medians({"floor": steps["floor"]}, threads)["floor"]
        scale = 2 * found["floor"] / (found["floor"] + again)
        found |= {
            name: scale * seconds
            for name, seconds in json.loads(told.stdout.strip().splitlines()[-1]).items()
        }
    return {"width": width, "dtype": dtype, "threads": threads, "seconds": found}


def run(peers: str | None) -> None:
    """Measure all cases and write the card."""
    cases = [case(*c, threads, peers) for threads in (1, 2) for c in [*CASES, *WIDE]]
    FILES.mkdir(exist_ok=True)
    card = {
        "points": POINTS,
        "depth": DEPTH,
        "machine": describe_machine(torch.device("cpu")),
        "cases": cases,
    }
    (FILES / "card.json").write_text(json.dumps(card, indent=1) + "\n")


def table() -> None:
    """Write the table from the card."""
    cases = json.loads((FILES / "card.json").read_text())["cases"]
    names = list(dict.fromkeys(name for c in cases for name in c["seconds"] if name != "floor"))
    heads = [f"{c['width']} {c['dtype'].replace('float', 'fp')}, {c['threads']}" for c in cases]
    lines = [
        "| width and precision, threads | " + " | ".join(heads) + " |",
        "|---" * (len(heads) + 1) + "|",
        "| floor (ms) | " + " | ".join(f"{1e3 * c['seconds']['floor']:.1f}" for c in cases) + " |",
    ]
    for name in names:
        ratios = [c["seconds"].get(name, 0) / c["seconds"]["floor"] for c in cases]
        lines.append(f"| {name} | " + " | ".join(f"{r:.2f}" if r else "" for r in ratios) + " |")
    (FILES / "table.md").write_text("\n".join(lines) + "\n")
    print("\n".join(lines))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("verb", choices=["run", "table"])
    parser.add_argument("--peers", help="Python of an environment with DeepXDE and PINA")
    options = parser.parse_args()
    run(options.peers) if options.verb == "run" else table()
    sys.exit()
