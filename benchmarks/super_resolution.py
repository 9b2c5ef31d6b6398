"""Every second sample of a picture along each axis is known: the others, against cubic splines.

``python benchmarks/super_resolution.py run`` tries frequencies of gates, SIREN and FINER on two
pictures and fits six others with the best; ``table`` writes ``super_resolution/table.md``.
Finished runs are kept, killed ones resumed.
"""

import itertools
import shutil
import statistics
from dataclasses import dataclass
from pathlib import Path

from picture_runs import CONFIGS, MODELS, PICTURES, TUNING, with_overlay
from runs import ROOT, command, execute, find_card, note, noted

FILES = Path(__file__).parent / "super_resolution"
RUNS = ROOT / "runs" / "super_resolution"
FREQUENCIES = ("0.1", "0.15", "0.2", "0.3", "0.4")  # times those for pictures
RIVALS = ("sgn", "siren", "finer")
UNSEEN, CUBIC = "test/psnr/unseen", "test/psnr/unseen_cubic"


@dataclass(frozen=True)
class Run:
    """One fit of a part of a picture.

    Attributes:
        model: Model.
        frequency: Factor of the frequencies.
        picture: Picture.
    """

    model: str
    frequency: str
    picture: str

    @property
    def name(self) -> str:
        """Name of the run."""
        return "-".join([self.picture, self.model, self.frequency])

    @property
    def card(self) -> dict:
        """What is told of the finished run, or nothing."""
        return noted(self.name, FILES / "runs.json")

    def execute(self) -> None:
        """Fit and test, unless that was done."""
        if self.card:
            return
        problem = CONFIGS / "problems" / "super_resolve.yaml"
        configs = [*with_overlay("image_inr.yaml", self.model), problem]
        settings = {
            "model.init_args.frequency": self.frequency,
            "data.init_args.path": self.picture,
            "data.init_args.crop": PICTURES.get(self.picture, 256),
            "trainer.val_check_interval": 100,
            "trainer.callbacks": "[]",
            "threads": 1,
        }
        execute(self.name, configs, RUNS, settings, ckpt="last")
        card = find_card(self.name, FILES, RUNS)
        told = {key: card["test"][key] for key in (UNSEEN, CUBIC)}
        told |= {key: card[key] for key in ("parameters", "machine")}
        note(self.name, told, FILES / "runs.json")
        shutil.rmtree(RUNS / self.name)
        print(f"{self.name}: {told[UNSEEN]:.2f} dB, cubic {told[CUBIC]:.2f}", flush=True)


def tried(model: str) -> dict[str, float]:
    """Mean PSNR of unseen samples on the tuning pictures by frequency, of finished trials."""
    runs = {f: [Run(model, f, p).card for p in TUNING] for f in FREQUENCIES}
    return {f: statistics.mean(c[UNSEEN] for c in each) for f, each in runs.items() if all(each)}


def trials() -> list[Run]:
    """All frequencies of all models."""
    return [Run(*each) for each in itertools.product(RIVALS, FREQUENCIES, TUNING)]


def finals() -> list[Run]:
    """The runs of the table."""
    return [run for model in RIVALS for run in chosen(model)]


def chosen(model: str) -> list[Run]:
    """The runs of the table of a model, with its best frequency."""
    found = tried(model)
    return [Run(model, max(found, key=found.__getitem__), p) for p in PICTURES]


def table() -> None:
    """Write the table from what is noted."""
    tuned = {m: chosen(m) for m in RIVALS if tried(m)}
    known = {m: runs for m, runs in tuned.items() if all(run.card for run in runs)}
    if not known:
        raise SystemExit("no model is finished: python benchmarks/super_resolution.py run")
    rows = {
        f"{MODELS[m]}, x{runs[0].frequency}": [r.card[UNSEEN] for r in runs]
        for m, runs in known.items()
    }
    rows["cubic splines"] = [r.card[CUBIC] for r in next(iter(known.values()))]
    lines = [f"| method | {' | '.join(PICTURES)} | mean |", "|---" * (2 + len(PICTURES)) + "|"]
    for name, values in sorted(rows.items(), key=lambda each: -sum(each[1])):
        cells = [f"{v:.2f}" for v in (*values, statistics.mean(values))]
        lines.append(f"| {name} | {' | '.join(cells)} |")
    lines += ["", f"Trials, mean of {' and '.join(TUNING)} by frequency:", ""]
    for model in known:
        each = ", ".join(f"x{f} {psnr:.2f}" for f, psnr in tried(model).items())
        lines.append(f"- {MODELS[model]}: {each}")
    (FILES / "table.md").write_text("\n".join(lines) + "\n")
    print("\n".join(lines))


if __name__ == "__main__":
    command(__doc__, [trials, finals], table)
