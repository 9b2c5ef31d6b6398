"""Pictures as networks of 200,000 parameters: spectral gates against SIREN and FINER.

``python benchmarks/large_pictures.py tune`` tries three rates of each model on a picture that is
not reported; ``long`` fits two pictures at 256 x 256 for 1,500 steps of the gates, or as many of a
rival as take as long; ``short`` for 400 steps; ``hour`` one of 512 x 512 in colour for an
hour of one thread, a quarter of the points a step, ``quarter`` for a quarter of that; ``table``
writes ``large_pictures/table.md``. Finished runs are kept, killed ones resumed.
"""

import argparse
import itertools
import shutil
from dataclasses import dataclass
from pathlib import Path

from picture_runs import MODELS, NETWORK, OPTIMIZER, curve, with_overlay
from runs import ROOT, execute, execute_all, find_card, keep, note, noted

FILES = Path(__file__).parent / "large_pictures"
RUNS = ROOT / "runs" / "large_pictures"
RATES = ("5e-3", "7e-3", "1e-2")
TUNING = "rocket"
PICTURES = {
    "tune": (TUNING,),
    "short": ("camera", "astronaut"),
    "long": ("camera", "astronaut"),
    "quarter": ("astronaut",),
    "hour": ("astronaut",),
}
COLOUR = {
    "data.init_args.size": 512,
    "data.init_args.batch": "RandomPoints",
    "data.init_args.batch.init_args.count": 65_536,
}
KINDS = {
    "tune": {"data.init_args.crop": 256, "data.init_args.size": 128, "trainer.max_steps": 400},
    "short": {"data.init_args.crop": 512, "data.init_args.size": 256},
    "long": {"data.init_args.crop": 512, "data.init_args.size": 256},
    "quarter": COLOUR | {"budget": "14m"},
    "hour": COLOUR | {"budget": "58m"},
}
STEPS = {  # of about equal time: see the milliseconds a step in pictures/table.md
    "short": {"sgn": 400, "siren": 400, "finer": 280},
    "long": {"sgn": 1500, "siren": 1500, "finer": 1100},
}
SHAPES = {
    "sgn": {
        f"{NETWORK}.width": 224,
        f"{NETWORK}.first_width": 416,
        f"{OPTIMIZER}.factors.head": 0.15,  # of twice the inputs, half the rate
    },
    "siren": {f"{NETWORK}.width": 257},
    "finer": {f"{NETWORK}.width": 257},
}


@dataclass(frozen=True)
class Run:
    """One fit of a picture.

    Attributes:
        kind: One of ``KINDS``.
        model: Model.
        picture: Picture.
        rate: Rate of the matrices.
    """

    kind: str
    model: str
    picture: str
    rate: str

    @property
    def name(self) -> str:
        """Name of the run and of its card."""
        return "-".join([self.kind, self.picture, self.model, self.rate])

    @property
    def card(self) -> dict:
        """The card of the finished run, or nothing; of a trial what is told of it."""
        if self.kind == "tune":
            return noted(self.name, FILES / "trials.json")
        return find_card(self.name, FILES, RUNS)

    def execute(self) -> None:
        """Fit and test, unless that was done."""
        if self.card and not (RUNS / self.name).is_dir():
            return
        configs = with_overlay("image_inr.yaml", self.model)
        steps = STEPS.get(self.kind, {}).get(self.model)
        settings = {
            **SHAPES[self.model],
            **KINDS[self.kind],
            **({"trainer.max_steps": steps} if steps else {}),
            f"{OPTIMIZER}.matrix_lr": self.rate,
            "data.init_args.path": self.picture,
            "trainer.callbacks": "[]",
            "trainer.val_check_interval": 50,
            "threads": 1,
        }
        execute(self.name, configs, RUNS, settings, ckpt="last")
        card = find_card(self.name, FILES, RUNS)
        card["curve"] = curve(next((RUNS / self.name).glob("version_*/metrics.csv")))
        if self.kind == "tune":
            told = {"psnr": card["test"]["test/psnr"], "machine": card["machine"]}
            note(self.name, told, FILES / "trials.json")
            shutil.rmtree(RUNS / self.name)
        else:
            keep(self.name, card, FILES, RUNS)
        print(f"{self.name}: {card['test']['test/psnr']:.2f} dB", flush=True)


def tried(model: str) -> dict[str, float]:
    """PSNR of the finished trials of a model by rate."""
    runs = {rate: Run("tune", model, TUNING, rate).card for rate in RATES}
    return {rate: card["psnr"] for rate, card in runs.items() if card}


def planned(kind: str, models: list[str]) -> list[Run]:
    """The runs of a kind, with all rates or with the best."""
    if kind == "tune":
        return [Run(kind, m, TUNING, rate) for m, rate in itertools.product(models, RATES)]
    best = {m: max(found, key=found.__getitem__) for m in models if (found := tried(m))}
    if missing := set(models) - set(best):
        raise SystemExit(f"tune {', '.join(sorted(missing))} first")
    return [Run(kind, m, picture, best[m]) for picture in PICTURES[kind] for m in models]


def table() -> None:
    """Write the table from the cards."""
    lines = [
        "| task | picture | model | parameters | PSNR | SSIM | steps | CPU minutes | rate |",
        "|---" * 9 + "|",
    ]
    models = [m for m in SHAPES if tried(m)]
    for run in [r for kind in ("short", "long", "quarter", "hour") for r in planned(kind, models)]:
        card = run.card
        psnr, ssim = ((card["test"][f"test/{k}"]) for k in ("psnr", "ssim")) if card else (0, 0)
        cells = [run.kind, run.picture, MODELS[run.model]]
        if card:
            minutes = card["training"]["cpu_seconds"] / 60
            cells += [f"{card['parameters']:,}", f"{psnr:.2f}", f"{ssim:.3f}"]
            cells += [f"{card['steps']:,}", f"{minutes:.0f}", run.rate]
        else:
            cells += ["not run"] + [""] * 5
        lines.append(f"| {' | '.join(cells)} |")
    lines += ["", f"Trials on {TUNING} at 128 x 128, 400 steps, PSNR by rate:", ""]
    for model in models:
        each = ", ".join(f"{rate} {psnr:.2f}" for rate, psnr in tried(model).items())
        lines.append(f"- {MODELS[model]}: {each}")
    (FILES / "table.md").write_text("\n".join(lines) + "\n")
    print("\n".join(lines))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("verb", choices=[*KINDS, "table"])
    parser.add_argument("models", nargs="*", help=f"of {', '.join(SHAPES)} (default: all)")
    parser.add_argument("--jobs", type=int, default=2, help="runs at a time (default: 2)")
    options = parser.parse_args()
    if options.verb == "table":
        table()
    else:
        execute_all(planned(options.verb, options.models or list(SHAPES)), options.jobs)
