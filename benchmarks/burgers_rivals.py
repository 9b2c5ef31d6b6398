"""Spectral gates against plain activations on Burgers' equation, at equal parameters.

``python benchmarks/burgers_rivals.py run`` tunes the learning rate of each rival on a seed of its
own (four trials each, chosen by the held-out residual, never by the reference), then trains three
seeds. Finished runs are kept, killed ones resumed. It takes about 45 minutes with two jobs.

``python benchmarks/burgers_rivals.py table`` copies the cards beside this file and writes the
table from them.
"""

import json
import statistics
from dataclasses import dataclass
from pathlib import Path

from runs import ROOT, command, execute, find_card

FILES = Path(__file__).parent / "burgers_rivals"
RUNS = ROOT / "runs" / "burgers_rivals"
CONFIG = FILES / "base.yaml"  # the shipped one as it was when these were run

RIVALS = {"sgn": "**spectral gate** (tanh base)", "tanh": "tanh MLP", "gelu": "GELU MLP"}
ABLATIONS = {
    "gate_off": "gate off: no spectral path, same width",
    "gate_frozen": "gate frozen at 0.1",
    "frequencies_frozen": "frequencies and phases frozen",
    "gate_input": "input gate",
    "gelu_base": "GELU base",
}
RATES = ("1e-3", "2e-3", "5e-3", "1e-2")
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
        """The card of the finished run, or nothing."""
        return find_card(self.name, FILES, RUNS)

    def execute(self) -> None:
        """Train and test, unless that was done; go on with a run that was killed."""
        if self.card:
            return
        overlays = [FILES / f"{self.model}.yaml", FILES / f"lr_{self.rate}.yaml"]
        configs = [CONFIG, *(path for path in overlays if path.is_file())]
        execute(self.name, configs, RUNS, {"seed_everything": self.seed})
        print(f"{self.name}: relative L2 {self.card['test']['test/relative_l2']:.2e}", flush=True)


def tuned(model: str) -> str:
    """The learning rate with the smallest held-out loss; ablations take that of the gate."""
    model = model if model in RIVALS else "sgn"
    return min(RATES, key=lambda r: Run(model, r, TUNING_SEED).card["test"]["test/loss"])


def trials() -> list[Run]:
    """All rates of all rivals."""
    return [Run(m, rate, TUNING_SEED) for rate in RATES for m in RIVALS]


def finals() -> list[Run]:
    """The runs of the table."""
    return [Run(m, tuned(m), seed) for seed in SEEDS for m in (*RIVALS, *ABLATIONS)]


def table() -> None:
    """Copy the cards and write the table."""
    for model in RIVALS:
        for rate in RATES:
            keep(Run(model, rate, TUNING_SEED))
    lines = [
        "| model | parameters | relative L2, median (each seed) | worst point | against tanh "
        "| CPU s | Adam lr |",
        "|---|---|---|---|---|---|---|",
    ]
    rival = [error(Run("tanh", tuned("tanh"), seed)) for seed in SEEDS]
    for model, label in (RIVALS | ABLATIONS).items():
        runs = [Run(model, tuned(model), seed) for seed in SEEDS]
        cards, errors = [keep(r) for r in runs], [error(r) for r in runs]
        worst = statistics.median(c["test"]["test/max_error"] for c in cards)
        seconds = statistics.median(c["training"]["cpu_seconds"] for c in cards)
        each = ", ".join(f"{e:.1e}" for e in errors)
        lines.append(
            f"| {label} | {cards[0]['parameters']:,} | {statistics.median(errors):.1e} ({each}) "
            f"| {worst:.1e} | {verdict(errors, rival)} | {seconds:.0f} | {runs[0].rate} |"
        )
    (FILES / "table.md").write_text("\n".join(lines) + "\n")
    print("\n".join(lines))


def error(run: Run) -> float:
    """Relative L2 error of a run."""
    return run.card["test"]["test/relative_l2"]


def verdict(errors: list[float], rival: list[float]) -> str:
    """How errors compare with a rival's: a ratio only where the seeds do not overlap."""
    if errors == rival:
        return "-"
    if min(errors) < max(rival) and min(rival) < max(errors):
        return "no difference beyond the seeds"
    ratio = statistics.median(errors) / statistics.median(rival)
    return f"{ratio:.1f}x the error"


def keep(run: Run) -> dict:
    """Copy the card of a run beside the table."""
    (FILES / f"{run.name}.json").write_text(json.dumps(run.card, indent=1, sort_keys=True) + "\n")
    return run.card


if __name__ == "__main__":
    command(__doc__, [trials, finals], table)
