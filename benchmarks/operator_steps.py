"""What a training step of an operator costs against neuraloperator's model of the same size.

``python benchmarks/operator_steps.py run`` builds both models with the same weights and lets them
take steps of Adam in turns, in one process of one thread, on random fields; the cost is CPU time,
the ratio that of the medians. Before, it compares outputs and all gradients on the first batch, in
units of their norms; where a grid is odd, the library's transforms move frequencies and nothing is
compared. ``memory`` runs three steps of each model in a process of its own and takes the peak of
resident memory above what was there before the first. ``table`` writes
``operator_steps/table.md`` from the card.
"""

import argparse
import contextlib
import io
import json
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from sgn_sciml.operators.networks import FNO, TFNO, UNO
from sgn_sciml.operators.networks.adapter import positions
from sgn_sciml.operators.networks.fourier.channels_last import run
from sgn_sciml.system.machine import describe_machine

FILES = Path(__file__).parent / "operator_steps"
# name: network, its sizes, grid, batch, turns
CASES: dict[str, tuple[Any, dict[str, Any], tuple[int, ...], int, int]] = {
    "FNO, 128": (FNO, {"modes": (16,), "width": 64, "channel_mlp": False}, (128,), 20, 60),
    "FNO, 1,024": (FNO, {"modes": (16,), "width": 64, "channel_mlp": False}, (1024,), 20, 30),
    "FNO, 8,192": (FNO, {"modes": (16,), "width": 64, "channel_mlp": False}, (8192,), 20, 9),
    "FNO, 32 x 32": (
        FNO,
        {"modes": (12, 12), "width": 32, "channel_mlp": False},
        (32, 32),
        20,
        30,
    ),
    "FNO, 64 x 64, with channel MLPs": (FNO, {"modes": (12, 12), "width": 32}, (64, 64), 20, 9),
    "FNO, 85 x 85": (FNO, {"modes": (12, 12), "width": 32, "channel_mlp": False}, (85, 85), 20, 9),
    "FNO, 32 x 32 x 32": (FNO, {"modes": (6, 6, 6), "width": 16}, (32, 32, 32), 4, 9),
    "TFNO, 32 x 32": (TFNO, {"modes": (12, 12), "width": 32, "rank": 0.1}, (32, 32), 20, 20),
    "UNO, 128": (UNO, {"modes": (16,), "width": 32}, (128,), 20, 30),
    "UNO, 64 x 64": (UNO, {"modes": (12, 12), "width": 32}, (64, 64), 20, 9),
}


def models(name: str) -> tuple[dict[str, tuple[nn.Module, Callable[[Tensor], Tensor]]], Tensor]:
    """Both models, how each is called, and fields with positions."""
    build, options, grid, batch, _ = CASES[name]
    torch.manual_seed(0)
    x = torch.randn(batch, 1, *grid)
    x = torch.cat([x, positions(x, (True,) * len(grid))], 1)
    ours = build(**options).model
    if build is UNO:
        names = ["hidden_channels", "lifting_channels", "projection_channels", "n_layers"]
        names += ["out_channels", "uno_out_channels", "uno_n_modes", "uno_scalings"]
        like = {key: getattr(ours, key) for key in names} | {"channel_mlp_skip": "linear"}
        like |= {"in_channels": x.shape[1], "positional_embedding": None}
    else:
        like = dict(ours._init_kwargs)
        for key in ("conv_module", "args", "_name", "_version"):
            like.pop(key)
    with contextlib.redirect_stdout(io.StringIO()):  # UNO prints
        theirs = type(ours)(**like)
    theirs.load_state_dict(ours.state_dict())
    return {"ours": (ours, lambda x: run(ours, x)), "library": (theirs, theirs)}, x


def stepper(model: nn.Module, call: Callable[[Tensor], Tensor], x: Tensor) -> Callable[[], None]:
    """A step of Adam on a random target."""
    target, adam = torch.randn_like(x[:, :1]), torch.optim.Adam(model.parameters(), lr=1e-3)

    def step() -> None:
        adam.zero_grad()
        (call(x) - target).square().mean().backward()
        adam.step()

    return step


def difference(both: dict[str, tuple[nn.Module, Callable[[Tensor], Tensor]]], x: Tensor) -> float:
    """The largest relative difference of the outputs and of any gradient."""
    found: list[dict[str, Tensor]] = []
    for model, call in both.values():
        y = call(x)
        y.square().mean().backward()
        # the gradients as complex numbers where the library's are
        with torch.no_grad():
            for p in model.parameters():
                p.grad, p.data = p.data, p.grad
            state = model.state_dict()
            found.append(
                {k: v.clone() for k, v in state.items() if k != "_metadata"} | {"y": y.detach()}
            )
            for p in model.parameters():
                p.grad, p.data = None, p.grad
    ours, theirs = found
    return max(float((ours[k] - theirs[k]).norm() / theirs[k].norm()) for k in theirs)


def measure(name: str) -> dict[str, Any]:
    """CPU seconds of each step of both, in turns."""
    both, x = models(name)
    grid, turns = CASES[name][2], CASES[name][4]
    moved = any(n % 2 for n in grid[:-1]) or (CASES[name][0] is UNO and len(grid) > 1)
    row: dict[str, Any] = {"difference": None if moved else difference(both, x)}
    steps = {who: stepper(model, call, x) for who, (model, call) in both.items()}
    seconds: dict[str, list[float]] = {who: [] for who in steps}
    for turn in range(turns + 2):
        for who, step in steps.items():
            begin = time.process_time()
            step()
            if turn > 1:
                seconds[who].append(time.process_time() - begin)
    return row | {"milliseconds": {k: 1e3 * statistics.median(v) for k, v in seconds.items()}}


def peak(name: str, who: str) -> float:
    """Megabytes of resident memory that three steps add, at their peak."""
    both, x = models(name)
    step = stepper(*both[who], x)
    before = int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()
    for _ in range(3):
        step()
    return (1024 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 2**20


def table(card: dict[str, Any]) -> str:
    """The table of a card."""
    lines = [
        "| network | ours, ms | library, ms | ratio | ours, MB | library, MB | difference |",
        "|---|---|---|---|---|---|---|",
    ]
    for name, row in card["rows"].items():
        ours, theirs = row["milliseconds"]["ours"], row["milliseconds"]["library"]
        memory = row.get("memory", {})
        megabytes = " | ".join(
            f"{memory[w]:.0f}" if w in memory else "" for w in row["milliseconds"]
        )
        far = "" if row["difference"] is None else f"{row['difference']:.0e}"
        cells = [name, f"{ours:.1f}", f"{theirs:.1f}", f"**{ours / theirs:.2f}**", megabytes, far]
        lines.append(f"| {' | '.join(cells)} |")
    machine = card["machine"]
    return "\n".join(lines) + f"\n\n{machine['device']}, one thread, {machine['git']}\n"


def main() -> None:
    """Do what is asked."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("command", choices=["run", "memory", "table", "peak"])
    parser.add_argument("words", nargs="*", help="cases; all of them when none is named")
    options = parser.parse_args()
    torch.set_num_threads(1)
    if options.command == "peak":
        print(peak(*options.words))
        return
    path = FILES / "card.json"
    card = json.loads(path.read_text()) if path.is_file() else {"rows": {}}
    for name in options.words or CASES:
        if options.command == "run":
            card["machine"] = describe_machine(torch.device("cpu"))
            card["rows"][name] = card["rows"].get(name, {}) | measure(name)
        elif options.command == "memory":
            found = {}
            for who in ("ours", "library"):
                command = [sys.executable, __file__, "peak", name, who]
                done = subprocess.run(command, check=True, capture_output=True, text=True)
                found[who] = float(done.stdout)
            card["rows"].setdefault(name, {})["memory"] = found
        print(name, card["rows"].get(name), flush=True)
    FILES.mkdir(exist_ok=True)
    if options.command != "table":
        card["rows"] = {name: card["rows"][name] for name in CASES if name in card["rows"]}
        path.write_text(json.dumps(card, indent=1) + "\n")
    (FILES / "table.md").write_text(table(card))
    print(table(card))


if __name__ == "__main__":
    main()
