"""The gate beside its nearest relatives: six pictures, three seeds, paired intervals.

``python benchmarks/relatives.py steps`` fits each picture with each model for 300 steps at equal
parameters; ``time`` fits them again, each model for as many steps as take the CPU seconds of the
diagonal gate's 300; ``table`` writes ``relatives/table.md`` and says who leads. Settings are the
best of the trials of ``pictures.py tune --optimizer muon``. Finished runs are kept, killed ones
resumed.
"""

import argparse
import shutil
import statistics
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy.stats import t as student

from picture_runs import MODELS as NAMES
from picture_runs import PICTURES
from pictures import best, chosen
from runs import ROOT, execute, execute_all, find_card, note, noted, settle

FILES = Path(__file__).parent / "relatives"
RUNS = ROOT / "runs" / "relatives"
MODELS = ("sgn", "sgn_dense", "staf", "harmonic", "siren", "finer")
EQUAL_TIME = "equal_time.json"
SEEDS = (0, 1, 2)
STEPS = 300
CONFIDENCE = 1 - 0.05 / (len(MODELS) - 1)  # all intervals together hold in 95 of 100 cases
KINDS = {"steps": f"Equal parameters, {STEPS} steps", "time": "Equal parameters, equal CPU time"}


@dataclass(frozen=True)
class Fit:
    """One fit of a picture.

    Attributes:
        model: Model.
        picture: Picture.
        seed: Seed.
        steps: Number of steps.
    """

    model: str
    picture: str
    seed: int
    steps: int = STEPS

    @property
    def name(self) -> str:
        """Name of the run and of its card."""
        return f"{self.picture}-{self.model}-{self.steps}-seed{self.seed}"

    @property
    def card(self) -> dict:
        """What is kept of the finished run, or nothing."""
        return noted(self.name, FILES / "cards.json") or noted(self.name, RUNS / "cards.json")

    def execute(self) -> None:
        """Fit and test, unless that was done."""
        if self.card:
            return
        run = chosen(self.model, "muon", self.picture, self.seed)
        settings = run.settings | {
            "trainer.max_steps": self.steps,
            "trainer.val_check_interval": self.steps,
            "trainer.callbacks": "[]",
        }
        execute(self.name, run.configs, RUNS, settings, ckpt="last")
        card = find_card(self.name, FILES, RUNS)
        told = {
            "psnr": card["test"]["test/psnr"],
            "ssim": card["test"]["test/ssim"],
            "parameters": card["parameters"],
            "steps": card["steps"],
            "cpu_seconds": card["training"]["cpu_seconds"],
            "engine": card["engine"],
            "setting": " ".join(best(self.model, "muon")),
            "machine": card["machine"],
        }
        note(self.name, told, RUNS / "cards.json")
        shutil.rmtree(RUNS / self.name)
        print(f"{self.name}: {told['psnr']:.2f} dB", flush=True)


def step_seconds(model: str) -> float:
    """CPU seconds a step of a model, the median of its fits of equal steps."""
    cards = [card for p in PICTURES for s in SEEDS if (card := Fit(model, p, s).card)]
    if not cards:
        raise SystemExit("run `steps` first: it says how many steps are of equal time")
    return statistics.median(card["cpu_seconds"] / card["steps"] for card in cards)


def steps_of_equal_time(model: str) -> int:
    """Steps that take as long as those of the diagonal gate."""
    noted_before = noted(model, FILES / EQUAL_TIME) or noted(model, RUNS / EQUAL_TIME)
    if noted_before:  # a run that was broken off goes on with the same number
        return int(noted_before["steps"])
    ours, theirs = step_seconds(MODELS[0]), step_seconds(model)
    steps = STEPS if model == MODELS[0] else round(STEPS * ours / theirs)
    note(model, {"steps": steps, "seconds_a_step": theirs}, RUNS / EQUAL_TIME)
    return steps


def fits(kind: str, models: tuple[str, ...] = MODELS) -> list[Fit]:
    """The fits of a kind, seed by seed and picture by picture, so that a part is a fair one."""
    steps = {m: STEPS if kind == "steps" else steps_of_equal_time(m) for m in models}
    return [Fit(m, p, s, steps[m]) for s in SEEDS for p in PICTURES for m in models]


def lead(ours: np.ndarray, theirs: np.ndarray) -> tuple[float, float, float]:
    """Mean lead over the pictures and its interval, by Student's t of each picture's mean.

    Args:
        ours: PSNR, shape ``(pictures, seeds)``.
        theirs: Likewise, of the same pictures and seeds.
    """
    each = (ours - theirs).mean(1)  # seeds of one picture are not six pictures
    mean = float(each.mean())
    half = float(student.ppf((1 + CONFIDENCE) / 2, len(each) - 1) * each.std(ddof=1))
    half /= len(each) ** 0.5
    return mean, mean - half, mean + half


def verdict(low: float, high: float) -> str:
    """Whether a lead is one."""
    return "the gate leads" if low > 0 else "**the gate is behind**" if high < 0 else "**no gain**"


def section(kind: str) -> list[str]:
    """The table of a kind, if its fits are there; what is missing is said."""
    if kind == "time" and not (FILES / EQUAL_TIME).is_file():
        return [f"## {KINDS[kind]}", "", "Not run."]
    cards = {(f.model, f.picture, f.seed): f.card for f in fits(kind)}
    whole = [m for m in MODELS if all(c for (k, *_), c in cards.items() if k == m)]
    psnr = {
        m: np.array([[cards[m, p, s]["psnr"] for s in SEEDS] for p in PICTURES]) for m in whole
    }
    lines = [
        f"## {KINDS[kind]}",
        "",
        "| model | parameters | steps | "
        + " | ".join(PICTURES)
        + " | mean | spread of seeds | ms a step | lead of the diagonal gate | verdict "
        "| setting |",
        "|---" * (9 + len(PICTURES)) + "|",
    ]
    for m in sorted(whole, key=lambda m: -psnr[m].mean()):
        first = cards[m, next(iter(PICTURES)), SEEDS[0]]
        mine = [c for (k, *_), c in cards.items() if k == m]
        compared = ["", ""]
        if m != MODELS[0] and MODELS[0] in psnr:
            mean, low, high = lead(psnr[MODELS[0]], psnr[m])
            compared = [f"{mean:+.2f} ({low:+.2f} to {high:+.2f})", verdict(low, high)]
        cells = [
            NAMES[m],
            f"{first['parameters']:,}",
            str(first["steps"]),
            *(f"{value:.2f}" for value in psnr[m].mean(1)),
            f"{psnr[m].mean():.2f}",
            f"{psnr[m].std(1, ddof=1).mean():.2f}",
            f"{1e3 * statistics.median(c['cpu_seconds'] / c['steps'] for c in mine):.0f}",
            *compared,
            first["setting"],
        ]
        lines.append(f"| {' | '.join(cells)} |")
    for m in MODELS:
        if m not in whole:
            count = sum(bool(c) for (k, *_), c in cards.items() if k == m)
            lines.append(f"\n{NAMES[m]}: {count} of {len(PICTURES) * len(SEEDS)} fits are there.")
    dirty = {c["machine"]["git"] for c in cards.values() if c and "dirty" in c["machine"]["git"]}
    if dirty:
        lines.append(
            f"\nOf trees with changes that are not committed: {', '.join(sorted(dirty))}."
        )
    return lines


def table() -> None:
    """Write the table from the cards."""
    for name in ("cards.json", EQUAL_TIME):
        settle(RUNS / name, FILES / name)
    lines = [
        "PSNR in dB, mean of three seeds; pictures of 256 x 256. A lead is the mean over pictures",
        "of the difference at equal picture and seed; intervals are Student's t over the six",
        "pictures, wide enough that all five hold together in 95 of 100 cases.",
        "",
        *section("steps"),
        "",
        *section("time"),
    ]
    FILES.mkdir(exist_ok=True)
    (FILES / "table.md").write_text("\n".join(lines) + "\n")
    print("\n".join(lines))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("verb", choices=[*KINDS, "table"])
    parser.add_argument("models", nargs="*", help=f"of {', '.join(MODELS)} (default: all)")
    parser.add_argument("--jobs", type=int, default=1, help="runs at a time (default: 1)")
    options = parser.parse_args()
    if options.verb == "table":
        table()
    else:
        execute_all(fits(options.verb, tuple(options.models) or MODELS), options.jobs)
