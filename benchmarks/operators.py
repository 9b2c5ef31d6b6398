"""Fourier neural operators with and without spectral gates, on data made from its law.

``python benchmarks/operators.py run GROUP ...`` trains and tests what is missing of the groups
below, makes the data first, and keeps the cards beside this file; finished runs are kept, killed
ones resumed. ``table`` writes ``table.md`` from the cards.
"""

import argparse
import statistics
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from runs import ROOT, execute, execute_all, find_card, keep

FILES = Path(__file__).parent / "operators"
RUNS = ROOT / "runs" / "operators"
SEEDS = (0, 1, 2)

DATA = {
    "burgers_r10": "burgers-r10 -n 1300 --res 2048",
    "darcy": "darcy -n 1300 --res 63",
    "burgers_lowvisc": "burgers-pdebench -n 10000 --res 256 --frames 41 --nu 0.001",
}


@dataclass(frozen=True)
class Group:
    """Runs that one table compares.

    Attributes:
        title: What the table is about.
        data: File under ``data/``.
        config: What its configurations begin with: ``_fno.yaml`` for FNOs, ``_sgn_fno.yaml``.
        models: Labels by name; an overlay of that name in the folder says what differs.
        overlay: Overlay of all runs of the group.
        seeds: Seeds.
    """

    title: str
    data: str
    config: str
    models: dict[str, str]
    overlay: str | None = None
    seeds: tuple[int, ...] = SEEDS


PAIR = {"fno": "FNO", "sgn": "FNO, **spectral gates** in lifting and projection"}
ABLATIONS = {
    "gate_frozen": "gate frozen at 0.01",
    "frequencies_frozen": "frequencies and phases frozen",
    "scalar": "scalar gate",
    "input": "input gate",
    "open": "gate begins at 0.3",
    "fine": "frequency scale 3",
    "coarse": "frequency scale 0.2",
    "fno_longer": "FNO, as much time as with gates",
}
FORMS = {
    "between": "gates between the layers",
    "modes": "a gate on every mode of the spectral weights",
    "high_pass": "a gated path past the mode cut-off",
    "diagonal": "diagonal gates in the lifting",
}
WITH_MLP = {
    "fno_mlp": "FNO with channel networks",
    "sgn_mlp": "the same, spectral gates in them",
}
GROUPS: dict[str, Group] = {
    "r10": Group(
        "Burgers R10, 128 points, 100 epochs",
        "burgers_r10",
        "burgers",
        PAIR | {"open": f"{PAIR['sgn']}, beginning at 0.3"},
    ),
    "r10_short": Group(
        "Burgers R10, 128 points, 10 epochs",
        "burgers_r10",
        "burgers",
        PAIR | ABLATIONS | FORMS | WITH_MLP,
        "r10_short",
    ),
    "r10_rates": Group(
        "Burgers R10, 128 points, 10 epochs, other learning rates, a seed of its own",
        "burgers_r10",
        "burgers",
        PAIR | {f"{m}_rate{r}": f"{PAIR[m]}, rate {r}" for r in ("2e-3", "4e-3") for m in PAIR},
        "r10_short",
        (100,),
    ),
    "r10_256": Group(
        "Burgers R10, 256 points, 500 epochs",
        "burgers_r10",
        "burgers",
        {"fno": "FNO", "fno_symmetric": "FNO, 32 modes, no positions, odd reflections"},
        "r10_256",
        (0,),
    ),
    "darcy": Group("Darcy, 32 x 32 nodes, 30 epochs", "darcy", "darcy", PAIR, "darcy"),
    "darcy_forms": Group(
        "Darcy, 32 x 32 nodes, 5 epochs",
        "darcy",
        "darcy",
        PAIR | FORMS | {"fno_longer": "FNO, as much time as with gates"},
        "darcy_forms",
    ),
    "lowvisc": Group(
        "Burgers, nu = 0.001, PDEBench's protocol",
        "burgers_lowvisc",
        "burgers_lowvisc",
        {"fno": "FNO", "fno_symmetric": "FNO, odd reflections, 60,000 steps"},
        None,
        (0,),
    ),
    "lowvisc_rollout": Group(
        "The same, trained on through rollouts of four frames",
        "burgers_lowvisc",
        "burgers_lowvisc",
        {"fno": "FNO", "fno_symmetric": "FNO, odd reflections, 9,000 steps"},
        "lowvisc_rollout",
        (0,),
    ),
    "lowvisc_short": Group(
        "Burgers, nu = 0.001, PDEBench's protocol, 1,000 steps",
        "burgers_lowvisc",
        "burgers_lowvisc",
        {"fno": "FNO", "sgn": "FNO, **spectral gates** in channel networks, lifting, projection"}
        | FORMS
        | {"fno_longer": "FNO, as much time as with gates"},
        "lowvisc_short",
    ),
}


@dataclass(frozen=True)
class Run:
    """One training run."""

    group: str
    model: str
    seed: int

    @property
    def name(self) -> str:
        """Name of the run and of its card."""
        return f"{self.group}-{self.model}-seed{self.seed}"

    @property
    def card(self) -> dict:
        """The card of the finished run, or nothing."""
        return find_card(self.name, FILES, RUNS)

    def execute(self) -> None:
        """Train and test, unless that was done; go on with a run that was killed."""
        if self.card:
            return
        group = GROUPS[self.group]
        names = (group.overlay, self.model, f"{self.model}-{self.group}")
        overlays = [FILES / f"{name}.yaml" for name in names if name]
        kind = "fno" if self.model.startswith("fno") else "sgn_fno"
        first = ROOT / "configs" / f"{group.config}_{kind}.yaml"
        configs = [first, *(path for path in overlays if path.is_file())]
        execute(self.name, configs, RUNS, {"seed_everything": self.seed})
        card = self.card
        keep(self.name, card, FILES, RUNS, checkpoint="best")  # later runs begin where it ended
        seconds = card["training"]["cpu_seconds"]
        print(f"{self.name}: {card['test']['test/relative_l2']:.3e} in {seconds:.0f} CPU s")


def run(names: list[str], jobs: int) -> None:
    """Make the data that is missing, then run what is missing, each run on one thread."""
    for file in {GROUPS[name].data for name in names}:
        path = ROOT / "data" / f"{file}.h5"
        if not path.is_file():
            make = [sys.executable, "-m", "sgn_sciml", "data", "make", *DATA[file].split()]
            subprocess.run([*make, "-o", str(path)], cwd=ROOT, check=True)
    runs = [
        Run(name, model, seed)
        for name in names
        for seed in GROUPS[name].seeds
        for model in GROUPS[name].models
    ]
    execute_all(runs, jobs)


def table() -> None:
    """Write the tables of all groups from the cards."""
    lines = []
    for name, group in GROUPS.items():
        rows = {m: [c for k in group.seeds if (c := Run(name, m, k).card)] for m in group.models}
        if not any(rows.values()):
            continue
        metric = "pdebench/nrmse" if name.startswith("lowvisc") else "relative_l2"
        lines += [
            f"### {group.title}",
            "",
            f"| model | parameters | {LABELS[metric]}, mean (each seed) | 95 % below "
            "| against FNO | by band: low, mid, high | CPU s | ms a step |",
            "|---|---|---|---|---|---|---|---|",
        ]
        first = rows["fno"]
        for model, cards in rows.items():
            if cards:
                lines.append(line(group.models[model], cards, first, metric))
        lines.append("")
    (FILES / "table.md").write_text("\n".join(lines))
    print("\n".join(lines))


LABELS = {"pdebench/nrmse": "nRMSE of the rollout", "relative_l2": "relative L2"}


def line(label: str, cards: list[dict], first: list[dict], metric: str) -> str:
    """A row of a table."""
    errors = values(cards, metric)
    each = ", ".join(f"{e:.2e}" for e in errors)
    seconds = statistics.median(c["training"]["cpu_seconds"] for c in cards)
    bands = ", ".join(
        verdict(values(cards, f"spectral_error/{b}"), values(first, f"spectral_error/{b}"))
        for b in ("low", "mid", "high")
    )
    cells = [
        label,
        f"{cards[0]['parameters']:,}",
        f"{statistics.mean(errors):.2e} ({each})",
        f"{statistics.mean(values(cards, 'relative_l2/p95')):.2e}",
        "-" if cards is first else verdict(errors, values(first, metric)),
        "-" if cards is first else bands,
        f"{seconds:.0f}",
        f"{1e3 * seconds / cards[0]['steps']:.0f}",
    ]
    return f"| {' | '.join(cells)} |"


def values(cards: list[dict], metric: str) -> list[float]:
    """A number of the first test set, seed by seed."""
    return [card["test"][f"test/{metric}"] for card in cards]


def verdict(errors: list[float], rival: list[float]) -> str:
    """The ratio of means; without an asterisk it lies within the spread of the seeds."""
    ratio = f"{statistics.mean(errors) / statistics.mean(rival):.2f}x"
    apart = len(errors) > 1 and (max(errors) < min(rival) or max(rival) < min(errors))
    return f"{ratio}*" if apart else ratio


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("verb", choices=["run", "table"])
    parser.add_argument("groups", nargs="*", help=f"of {', '.join(GROUPS)} (default: all)")
    parser.add_argument("--jobs", type=int, default=2, help="runs at a time (default: 2)")
    options = parser.parse_args()
    if options.verb == "run":
        run(options.groups or list(GROUPS), options.jobs)
    else:
        table()
