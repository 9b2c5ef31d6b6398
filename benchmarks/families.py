"""Families of neural operators at equal parameters and CPU time, on the shipped small data.

``python benchmarks/families.py run PROBLEM ...`` finds the width at which each family has the
parameters of the problem's FNO, times its steps, trains it for the seconds of ``--seconds`` and
keeps the cards beside this file; finished runs are kept, killed ones resumed. ``table`` writes
``table.md`` from the cards.
"""

import argparse
import statistics
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
import yaml

from runs import ROOT, execute, execute_all, find_card, keep
from sgn_sciml.networks import OperatorNetwork, count_parameters
from sgn_sciml.operators import families, networks

FILES = Path(__file__).parent / "families"
RUNS = ROOT / "runs" / "families"
SECONDS = 180
PROBED = 6  # steps, of which the first two warm up


@dataclass(frozen=True)
class Task:
    """What all families are trained on.

    Attributes:
        title: What its table is about.
        config: Name of its configuration, whose overlay is in ``configs/small``.
        points: Grid of training.
        periodic: Whether its axes are.
        frames: Input channels.
        batch: Items of a batch.
        metric: The error of the table.
    """

    title: str
    config: str
    points: tuple[int, ...]
    periodic: bool
    frames: int = 1
    batch: int = 20
    metric: str = "relative_l2"


TASKS = {
    "darcy": Task("Darcy, 22 x 22 nodes, 200 samples", "darcy_fno", (22, 22), False),
    "r10": Task("Burgers R10, 32 points, 1,000 samples", "burgers_fno", (32,), True),
    "lowvisc": Task(
        "Burgers, nu = 0.001, 64 points, rollouts of 31 frames, 40 samples",
        "burgers_lowvisc_fno",
        (64,),
        True,
        10,
        16,
    ),
    "ns2d": Task(
        "Navier-Stokes, 16 x 16 points, rollouts of 11 frames, 14 samples",
        "ns2d_fno",
        (16, 16),
        True,
        10,
    ),
}


@dataclass(frozen=True)
class Family:
    """A family: its rate and step of widths, and what depends on the problem.

    Attributes:
        label: Name in the table.
        rate: Learning rate of Adam at its peak.
        step: Widths are multiples of this.
        settings: Arguments beside width, axes and periodic.
        width: Its width, whatever its parameters; found by them when None.
    """

    label: str
    rate: float
    step: int
    settings: Mapping[str, Any]
    width: int | None = None


FAMILIES = {
    "MgNO": Family("MgNO", 2e-3, 1, {}),
    "MgNO-24": Family("MgNO, as wide as published", 2e-3, 1, {"depth": 4}, 24),
    "UNet": Family("U-Net", 1e-3, 1, {}),
    "ConvNextUNet": Family("U-Net of ConvNeXt blocks", 1e-3, 1, {"depth": 2}),
    "DeepONet": Family("DeepONet", 1e-3, 1, {}),
    "FFNO": Family("F-FNO", 2.5e-3, 1, {"depth": 4}),
    "LSM": Family("LSM", 5e-4, 8, {"levels": 3}),
    "Transolver": Family("Transolver", 1e-3, 8, {"depth": 4, "slices": 32}),
}
MODELS = ("FNO", *FAMILIES)


def kind(model: str) -> str:
    """Class of a family: its name up to a dash."""
    return model.partition("-")[0]


def settings(problem: str, model: str) -> dict[str, Any]:
    """Arguments of a family on a problem, but for the width."""
    task = TASKS[problem]
    axes, flat = len(task.points), min(task.points)
    found: dict[str, Any] = {"in_channels": task.frames, "periodic": task.periodic}
    if kind(model) in (
        "MgNO",
        "UNet",
        "ConvNextUNet",
    ):  # to two points of the coarsest grid or more
        most = 4 if not task.periodic else min(4, flat.bit_length() - 2)
        found |= {"axes": axes, "levels": most + 1 if kind(model) == "MgNO" else most}
    elif model == "DeepONet":
        found |= {"sensors": list(task.points)}
    elif model == "FFNO":
        found |= {"modes": base_network(problem)["modes"]}
    elif model == "LSM":
        found |= {"axes": axes, "patch": 3 if not task.periodic else 2}
    else:
        found |= {"axes": axes}
    return {**found, **FAMILIES[model].settings}


def base_network(problem: str) -> dict[str, Any]:
    """Class and arguments of the problem's FNO."""
    name = f"{TASKS[problem].config}.yaml"
    files = (ROOT / "configs" / name, ROOT / "configs" / "small" / name)
    found: dict[str, Any] = {}
    for file in files:
        model = yaml.safe_load(file.read_text()).get("model", {})
        found |= model.get("init_args", {}).get("network", {}).get("init_args", {})
    return found


def build(problem: str, model: str, width: int | None = None) -> OperatorNetwork:
    """A network of a problem."""
    if model == "FNO":
        given = base_network(problem)
        return networks.FNO(**given | {"modes": tuple(given["modes"])})
    given = settings(problem, model) | {"width": width}
    given = {k: tuple(v) if isinstance(v, list) else v for k, v in given.items()}
    made: OperatorNetwork = getattr(families, kind(model))(**given)
    return made


def matching_width(problem: str, model: str) -> int:
    """The width whose number of parameters is nearest to that of the FNO, if none is given."""
    if (given := FAMILIES[model].width) is not None:
        return given
    budget, step = count_parameters(build(problem, "FNO")), FAMILIES[model].step

    def size(k: int) -> int:
        return count_parameters(build(problem, model, k * step))

    low, high = 1, 2
    while size(high) < budget:
        low, high = high, 2 * high
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if size(middle) < budget else (low, middle)
    return step * min((low, high), key=lambda k: abs(size(k) - budget))


def seconds_of_a_step(problem: str, network: OperatorNetwork) -> float:
    """CPU seconds of a training step on random numbers, one thread."""
    torch.set_num_threads(1)
    task = TASKS[problem]
    x = torch.randn(task.batch, task.frames, *task.points)
    optimizer, each = torch.optim.Adam(network.parameters()), []
    for _ in range(PROBED):
        start = time.process_time()
        optimizer.zero_grad()
        network(x).square().mean().backward()
        optimizer.step()
        each.append(time.process_time() - start)
    return statistics.median(each[2:])


@dataclass(frozen=True)
class Run:
    """One training run."""

    problem: str
    model: str
    seconds: int
    seed: int = 0

    @property
    def name(self) -> str:
        """Name of the run and of its card."""
        return f"{self.problem}-{self.model}-seed{self.seed}"

    @property
    def card(self) -> dict:
        """The card of the finished run, or nothing."""
        return find_card(self.name, FILES, RUNS)

    def execute(self) -> None:
        """Train and test, unless that was done; go on with a run that was killed."""
        if self.card:
            return
        RUNS.mkdir(parents=True, exist_ok=True)
        overlay = RUNS / f"{self.name}.yaml"
        if not overlay.is_file():  # a killed run keeps its steps
            overlay.write_text(yaml.safe_dump(self.differences()))
        name = f"{TASKS[self.problem].config}.yaml"
        configs = [ROOT / "configs" / name, ROOT / "configs" / "small" / name, overlay]
        given = {"seed_everything": self.seed, "threads": 1, "trainer.callbacks": "[]"}
        execute(self.name, configs, RUNS, given)
        card = self.card
        keep(self.name, card, FILES, RUNS)
        error, used = card["test"]["test/relative_l2"], card["training"]["cpu_seconds"]
        print(f"{self.name}: {error:.3e}, {card['steps']} steps in {used:.0f} CPU s", flush=True)

    def differences(self) -> dict[str, Any]:
        """What this run has beside the problem's configuration."""
        model = {}
        if self.model == "FNO":
            network = build(self.problem, "FNO")
        else:
            width = matching_width(self.problem, self.model)
            network = build(self.problem, self.model, width)
            arguments = settings(self.problem, self.model) | {"width": width}
            rate = {"lr": FAMILIES[self.model].rate}
            model = {
                "network": {"class_path": kind(self.model), "init_args": arguments},
                "optimizer": {"class_path": "torch.optim.Adam", "init_args": rate},
            }
        steps = round(self.seconds / seconds_of_a_step(self.problem, network))
        trainer = {"max_steps": steps, "val_check_interval": max(steps // 10, 1)}
        return {"trainer": trainer, "model": {"init_args": model}}


def table() -> None:
    """Write the tables of all problems from the cards."""
    lines = []
    for problem, task in TASKS.items():
        cards = {m: c for m in MODELS if (c := Run(problem, m, SECONDS).card)}
        if not cards:
            continue
        lines += [
            f"### {task.title}",
            "",
            "| network | width | parameters | relative L2 | 95 % below | steps | CPU s |",
            "|---|---|---|---|---|---|---|",
        ]
        for model, card in cards.items():
            given = card["network"]["init_args"]
            cells = [
                FAMILIES[model].label if model in FAMILIES else model,
                given["width"],
                f"{card['parameters']:,}",
                f"{card['test']['test/relative_l2']:.2e}",
                f"{card['test']['test/relative_l2/p95']:.2e}",
                f"{card['steps']:,}",
                f"{card['training']['cpu_seconds']:.0f}",
            ]
            lines.append(f"| {' | '.join(map(str, cells))} |")
        lines.append("")
    (FILES / "table.md").write_text("\n".join(lines))
    print("\n".join(lines))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("verb", choices=["run", "table"])
    parser.add_argument("problems", nargs="*", help=f"of {', '.join(TASKS)} (default: all)")
    parser.add_argument("--seconds", type=int, default=SECONDS, help="CPU s of training of a run")
    parser.add_argument("--jobs", type=int, default=1, help="runs at a time (default: 1)")
    options = parser.parse_args()
    if options.verb == "run":
        problems = options.problems or list(TASKS)
        execute_all((Run(p, m, options.seconds) for p in problems for m in MODELS), options.jobs)
    else:
        table()
