"""Fourier neural operators with and without spectral gates, on data made from its law.

``python benchmarks/operators.py run GROUP ...`` trains and tests what is missing of the groups
below, makes the data first, and keeps the cards beside this file; finished runs are kept, killed
ones resumed. ``table`` writes ``table.md`` from the cards.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent
ROOT = HERE.parent
FILES = HERE / "operators"
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
    "r10": Group("Burgers R10, 128 points, 100 epochs", "burgers_r10", "burgers", PAIR),
    "r10_short": Group(
        "Burgers R10, 128 points, 20 epochs",
        "burgers_r10",
        "burgers",
        PAIR | ABLATIONS | FORMS | WITH_MLP,
        "r10_short",
    ),
    "r10_256": Group(
        "Burgers R10, 256 points, 500 epochs",
        "burgers_r10",
        "burgers",
        {"fno": "FNO"},
        "r10_256",
        (0,),
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
        paths = [FILES / f"{self.name}.json", *(RUNS / self.name).glob("version_*/card.json")]
        cards = [json.loads(path.read_text()) for path in paths if path.is_file()]
        return next((card for card in cards if "test" in card), {})

    def execute(self) -> None:
        """Train and test, unless that was done; go on with a run that was killed."""
        if self.card:
            return
        group = GROUPS[self.group]
        overlays = [FILES / f"{name}.yaml" for name in (group.overlay, self.model) if name]
        kind = "fno" if self.model.startswith("fno") else "sgn_fno"
        first = ROOT / "configs" / f"{group.config}_{kind}.yaml"
        configs = [first, *(path for path in overlays if path.is_file())]
        words = [word for path in configs for word in ("--config", str(path))]
        words += ["--name", self.name, "--runs", str(RUNS), "--seed_everything", str(self.seed)]
        killed = any((RUNS / self.name).glob("version_*/checkpoints/last.ckpt"))
        resume = ["--ckpt_path", "last"] if killed else []
        quiet = ["--trainer.enable_progress_bar", "false"]
        for command in (["fit", *words, *quiet, *resume], ["test", *words]):
            done = subprocess.run(
                [sys.executable, "-m", "sgn_sciml", *command],
                cwd=ROOT,
                env=os.environ | {"OMP_NUM_THREADS": "1"},
                capture_output=True,
                text=True,
                check=False,
            )
            if done.returncode:
                raise SystemExit(f"{self.name}: {done.stderr.strip().splitlines()[-1]}")
        card = self.card
        (FILES / f"{self.name}.json").write_text(json.dumps(card, indent=1, sort_keys=True) + "\n")
        shutil.rmtree(RUNS / self.name)
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
    with ThreadPoolExecutor(jobs) as pool:
        list(pool.map(Run.execute, runs))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("verb", choices=["run", "table"])
    parser.add_argument("groups", nargs="*", help=f"of {', '.join(GROUPS)} (default: all)")
    parser.add_argument("--jobs", type=int, default=2, help="runs at a time (default: 2)")
    options = parser.parse_args()
    if options.verb == "run":
        run(options.groups or list(GROUPS), options.jobs)
