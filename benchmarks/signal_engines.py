"""What the engines of a signal's network cost, and what low precision costs.

``python benchmarks/signal_engines.py steps`` runs ``sgn fit`` with each configuration below, one
thread, and after each of its steps takes the same step of copies of the network by every engine,
the loss, its gradient and the optimiser's update, in the same process, so that all see the same
machine. Costs are ratios of median CPU times to the first column: the loop in torch over chunks
of 8,192 points, as it was before the kernel. Beside it: how far weights are from that loop's after
ten steps, and how long rendering four times as many samples along each axis takes.

``fits`` runs 300 steps of ``configs/image_inr.yaml`` on six pictures by every engine, at most
``--jobs`` at a time; ``table`` writes the tables. Files go to ``signal_engines/``.
"""

import argparse
import copy
import json
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, ClassVar, get_args

import torch
from lightning.pytorch import Callback, Trainer

from runs import ROOT, execute, find_card, keep
from sgn_sciml.app.cli import main as sgn
from sgn_sciml.inr.engine import EngineName, NetworkEngine
from sgn_sciml.system.machine import describe_machine

FILES = Path(__file__).parent / "signal_engines"
RUNS = ROOT / "runs" / "signal_engines"
ENGINES = [name for name in get_args(EngineName) if name != "torch"]
STEPS, WARM, COMPARED, CHUNK = 25, 4, 10, 8192
AGAIN = "loop, chunks of 2048"  # what another order of the same sums makes of the weights
IMAGE = ["configs/image_inr.yaml"]
NETWORK = "--model.init_args.network.init_args"
WIDE = [f"{NETWORK}.width", "224", f"{NETWORK}.first_width", "416"]
CASES: dict[str, tuple[list[str], list[str]]] = {  # configurations, and words besides
    "picture": (IMAGE, []),
    "picture, 200,000 parameters": (IMAGE, WIDE),
    "sound": (["configs/audio_inr.yaml"], []),
    "volume": (["configs/volume_inr.yaml"], []),
    "SIREN": ([*IMAGE, "configs/presets/inr/siren.yaml"], []),
    "FINER": ([*IMAGE, "configs/presets/inr/finer.yaml"], []),
    "dense gates": ([*IMAGE, "configs/presets/inr/sgn_dense.yaml"], []),
    "Gaussians": ([*IMAGE, "configs/presets/inr/gaussian.yaml"], []),
    "GELU": ([*IMAGE, "configs/presets/inr/gelu.yaml"], []),
}
PICTURES = {
    "camera": 512,
    "astronaut": 512,
    "cat": 300,
    "coffee": 400,
    "brick": 512,
    "gravel": 512,
}


class Copies(Callback):
    """After each step of a run the same step of copies, by every engine, with its time."""

    found: ClassVar[dict[str, Any]] = {}

    def on_train_start(self, trainer: Trainer, pl_module: Any) -> None:
        self.steps: dict[str, Callable[..., Any]] = {}
        self.copies, self.seconds = {}, {name: [] for name in ["loop", AGAIN, *ENGINES]}
        self.engines = {name: NetworkEngine(name) for name in ENGINES}
        for name in self.seconds:
            network = self.copies[name] = copy.deepcopy(pl_module.network)
            optimizer = pl_module.make_optimizer(network)
            schedule = pl_module.schedule(optimizer, trainer.max_steps)
            self.steps[name] = partial(self.step, name, network, optimizer, schedule)

    def step(
        self, name: str, network: Any, optimizer: Any, schedule: Any, points: Any, values: Any
    ) -> None:
        optimizer.zero_grad()
        if name in ("loop", AGAIN):
            chunk = CHUNK if name == "loop" else 2048
            for x, y in zip(points.split(chunk), values.split(chunk), strict=True):
                ((network(x) - y).square().sum() / values.numel()).backward()
        else:
            loss = self.engines[name].train(network, lambda f: f.loss(points, values))
            assert loss is not None, self.engines[name].ran
            loss.backward()
        optimizer.step()
        schedule.step()

    def on_train_batch_end(
        self, trainer: Trainer, pl_module: Any, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        for name, step in self.steps.items():
            begin = time.process_time()
            step(batch["points"], batch["values"])
            self.seconds[name].append(time.process_time() - begin)
        if trainer.global_step == COMPARED:
            vectors = {
                name: torch.nn.utils.parameters_to_vector(network.parameters()).detach()
                for name, network in self.copies.items()
            }
            self.apart = {
                name: float((v - vectors["loop"]).abs().max() / vectors["loop"].abs().max())
                for name, v in vectors.items()
            }

    def on_fit_end(self, trainer: Trainer, pl_module: Any) -> None:
        median = {name: statistics.median(each[WARM:]) for name, each in self.seconds.items()}
        self.found.update(
            seconds=median,
            apart_after_ten_steps=self.apart,
            ran={name: engine.ran for name, engine in self.engines.items()},
            rendering=rendering(pl_module),
        )


def rendering(task: Any) -> dict[str, float]:
    """CPU seconds of four times as many samples along each axis, a million at most; medians."""
    most = round(2 ** (20 / len(task.grid)))
    axes = [torch.linspace(-1, 1, min(4 * n, most)) for n in task.grid]
    batch = {f"axis{k}": axis for k, axis in enumerate(axes)}
    engines = {"loop": NetworkEngine("torch", CHUNK), "kernel": NetworkEngine("auto")}
    engines["bf16x3"] = NetworkEngine("bf16x3")
    seconds: dict[str, list[float]] = {name: [] for name in engines}
    own = task.engine
    for _ in range(3):
        for name, task.engine in engines.items():
            begin = time.process_time()
            task.rendered(batch)
            seconds[name].append(time.process_time() - begin)
    task.engine = own
    return {name: statistics.median(each) for name, each in seconds.items()}


def steps(only: str | None) -> None:
    """Measure all cases, or one, and write the card."""
    from signal_engines import Copies  # the class that the configuration names

    torch.set_num_threads(1)
    path = FILES / "steps.json"
    card: dict[str, Any] = json.loads(path.read_text()) if path.is_file() else {"cases": {}}
    for name, (configs, words) in CASES.items():
        if only not in (None, name):
            continue
        given = [word for path in configs for word in ("--config", str(ROOT / path))]
        with tempfile.TemporaryDirectory() as folder:
            given += [
                "--runs",
                folder,
                "--threads",
                "1",
                "--trainer.max_steps",
                str(STEPS),
                *words,
            ]
            given += [
                "--trainer.callbacks+",
                "signal_engines.Copies",
                "--trainer.val_check_interval",
            ]
            if sgn(["fit", *given, str(STEPS), "--trainer.enable_progress_bar", "false"]):
                sys.exit(f"{name}: the run failed")
        card["cases"][name] = dict(Copies.found)
        card["machine"] = describe_machine(torch.device("cpu"))
        FILES.mkdir(exist_ok=True)
        path.write_text(json.dumps(card, indent=1) + "\n")


def fits(jobs: int) -> None:
    """Fit the pictures by every engine and keep the cards."""
    from concurrent.futures import ThreadPoolExecutor

    def fit(picture: str, engine: str) -> None:
        name = f"{picture}-{engine}"
        if find_card(name, FILES, RUNS):
            return
        settings = {"data.init_args.path": picture, "data.init_args.crop": PICTURES[picture]}
        settings |= {"model.init_args.engine": engine, "trainer.val_check_interval": 300}
        execute(name, [ROOT / IMAGE[0]], RUNS, settings, ckpt="last")
        keep(name, find_card(name, FILES, RUNS), FILES, RUNS)

    with ThreadPoolExecutor(jobs) as pool:
        names = [(p, e) for p in PICTURES for e in ["torch", *ENGINES]]
        list(pool.map(lambda words: fit(*words), names))


def table() -> None:
    """Write the tables from the cards."""
    heads = ["torch, CPU seconds of a step", AGAIN, *ENGINES]
    heads += ["weights apart: chunks of 2048", "auto", "rendering", "by bf16x3"]
    lines = ["| step of | " + " | ".join(heads) + " |", "|---" * (len(heads) + 1) + "|"]
    for name, case in json.loads((FILES / "steps.json").read_text())["cases"].items():
        seconds, render = case["seconds"], case["rendering"]
        cells = [
            f"{seconds['loop']:.3f}",
            *(f"{seconds[e] / seconds['loop']:.2f}" for e in [AGAIN, *ENGINES]),
        ]
        cells += [f"{case['apart_after_ten_steps'][e]:.0e}" for e in (AGAIN, "auto")]
        cells += [f"{render[e] / render['loop']:.2f}" for e in ("kernel", "bf16x3")]
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    names = ["torch", *ENGINES]
    lines += ["", "| PSNR in dB | " + " | ".join(names) + " |", "|---" * (len(names) + 1) + "|"]
    for picture in PICTURES:
        cards = [find_card(f"{picture}-{name}", FILES, RUNS) for name in names]
        cells = [f"{card['test']['test/psnr']:.2f}" if card else "" for card in cards]
        lines.append(f"| {picture} | " + " | ".join(cells) + " |")
    (FILES / "table.md").write_text("\n".join(lines) + "\n")
    print("\n".join(lines))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("verb", choices=["steps", "fits", "table"])
    parser.add_argument("--case", help="one of the cases of steps alone")
    parser.add_argument("--jobs", type=int, default=1, help="runs at a time (default: 1)")
    options = parser.parse_args()
    {
        "steps": lambda: steps(options.case),
        "fits": lambda: fits(options.jobs),
        "table": table,
    }[options.verb]()
