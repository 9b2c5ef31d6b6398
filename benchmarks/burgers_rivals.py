"""Spectral gates against plain activations on Burgers' equation, at equal parameters.

``python benchmarks/burgers_rivals.py run`` tunes the learning rate of each rival on a seed of its
own (three trials each, chosen by the held-out residual, never by the reference), then trains three
seeds. Finished runs are kept, killed ones resumed. It takes about an hour with two jobs.

``python benchmarks/burgers_rivals.py table`` copies the cards beside this file and writes the
table from them.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent
FILES = HERE / "burgers_rivals"
RUNS = HERE.parent / "runs" / "burgers_rivals"
CONFIG = HERE.parent / "configs" / "burgers_pinn.yaml"

RIVALS = {"sgn": "**spectral gate** (tanh base)", "tanh": "tanh MLP", "gelu": "GELU MLP"}
ABLATIONS = {
    "gate_off": "no spectral path, same width",
    "gate_from_001": "gate from 0.01 instead of 0.1",
    "gate_input": "input gate",
    "gelu_base": "GELU base",
}
RATES = ("2e-3", "5e-3", "1e-2")
TUNING_SEED, SEEDS = 100, (0, 1, 2)


@dataclass(frozen=True)
class Run:
    """One training run: a model, the learning rate of its Adam phases, a seed."""

    model: str
    rate: str
    seed: int

    @property
    def name(self) -> str:
        """Name of the run and of its card."""
        return f"{self.model}-lr{self.rate}-seed{self.seed}"

    @property
    def card(self) -> dict:
        """The card of the finished run, from the run folder or else from the committed copies."""
        for path in (RUNS / self.name / "version_0" / "card.json", FILES / f"{self.name}.json"):
            if path.is_file() and "test" in (card := json.loads(path.read_text())):
                return card
        return {}

    def execute(self) -> None:
        """Train and test, unless that was done; go on with a run that was killed."""
        if self.card:
            return
        overlays = [p for p in (f"{self.model}.yaml", f"lr_{self.rate}.yaml")]
        configs = [CONFIG, *(FILES / p for p in overlays if (FILES / p).is_file())]
        words = [w for c in configs for w in ("--config", str(c))]
        words += ["--name", self.name, "--runs", str(RUNS), "--seed_everything", str(self.seed)]
        killed = (RUNS / self.name / "version_0" / "checkpoints" / "last.ckpt").is_file()
        resume = ["--ckpt_path", "last"] if killed else []
        quiet = ["--trainer.enable_progress_bar", "false"]
        for command in (["fit", *words, *quiet, *resume], ["test", *words]):
            subprocess.run(
                [sys.executable, "-m", "sgn_sciml", *command],
                cwd=HERE.parent,
                env=os.environ | {"OMP_NUM_THREADS": "1"},
                stdout=subprocess.DEVNULL,
                check=True,
            )
        print(f"{self.name}: relative L2 {self.card['test']['test/relative_l2']:.2e}", flush=True)


def tuned(model: str) -> str:
    """The learning rate with the smallest held-out loss; ablations take that of the gate."""
    model = model if model in RIVALS else "sgn"
    return min(RATES, key=lambda r: Run(model, r, TUNING_SEED).card["test"]["test/loss"])


def run(jobs: int) -> None:
    """Run what is missing, each run on one thread."""
    with ThreadPoolExecutor(jobs) as pool:
        list(pool.map(Run.execute, [Run(m, r, TUNING_SEED) for r in RATES for m in RIVALS]))
        chosen = [Run(m, tuned(m), s) for s in SEEDS for m in (*RIVALS, *ABLATIONS)]
        list(pool.map(Run.execute, chosen))


def table() -> None:
    """Copy the cards and write the table."""
    for model in RIVALS:
        for rate in RATES:
            keep(Run(model, rate, TUNING_SEED))
    lines = [
        "| model | parameters | relative L2, median (each seed) | worst point | CPU s | Adam lr |",
        "|---|---|---|---|---|---|",
    ]
    for model, label in (RIVALS | ABLATIONS).items():
        runs = [Run(model, tuned(model), seed) for seed in SEEDS]
        cards = [keep(r) for r in runs]
        errors = [c["test"]["test/relative_l2"] for c in cards]
        worst = statistics.median(c["test"]["test/max_error"] for c in cards)
        seconds = statistics.median(c["training"]["cpu_seconds"] for c in cards)
        each = ", ".join(f"{e:.1e}" for e in errors)
        lines.append(
            f"| {label} | {cards[0]['parameters']:,} | {statistics.median(errors):.1e} ({each}) "
            f"| {worst:.1e} | {seconds:.0f} | {runs[0].rate} |"
        )
    (FILES / "table.md").write_text("\n".join(lines) + "\n")
    print("\n".join(lines))


def keep(run: Run) -> dict:
    """Copy the card of a run beside the table."""
    (FILES / f"{run.name}.json").write_text(json.dumps(run.card, indent=1, sort_keys=True) + "\n")
    return run.card


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("verb", choices=["run", "table"])
    parser.add_argument("--jobs", type=int, default=2, help="runs at a time (default: 2)")
    options = parser.parse_args()
    run(options.jobs) if options.verb == "run" else table()
