"""Three sounds as networks of 13,000 parameters: spectral gates against SIREN and FINER.

``python benchmarks/sounds.py run`` fits every sound with every setting of every model, as many for
each; ``table`` writes ``sounds/table.md``: the best setting of each, and all the others. A sound
asks for frequencies of its own, so each model may choose them for each sound, by the result
itself. Finished runs are kept, killed ones resumed.
"""

import itertools
import shutil
from dataclasses import dataclass
from pathlib import Path

from picture_runs import ALL, FIRST, NETWORK, OPTIMIZER, curve, with_overlay
from runs import ROOT, command, execute, find_card, note, noted

FILES = Path(__file__).parent / "sounds"
RUNS = ROOT / "runs" / "sounds"

MODELS = {"sgn": "**spectral gates**", "siren": "SIREN", "finer": "FINER"}
SOUNDS = {"speech": 1.0, "guitar": 0.73, "hiss": 0.5}  # and seconds of them
FREQUENCIES = ("0.025", "0.05", "0.1", "0.2", "0.4")  # times those of the presets
RATES = {"low": ("1e-3", "5e-3"), "high": ("2e-3", "1e-2")}  # Adam's and Muon's
PRESETS = {
    "sgn": {f"{NETWORK}.width": 56, f"{NETWORK}.first_width": 104},
    "siren": {f"{NETWORK}.width": 65, f"{FIRST}.omega": 120.0},
    "finer": {f"{NETWORK}.width": 65, f"{ALL}.omega": 20.0},
}
QUALITIES = ("psnr", "snr", "log_spectral_distance")


@dataclass(frozen=True)
class Run:
    """One fit of a sound.

    Attributes:
        sound: Sound.
        model: Model.
        frequency: What the frequencies of the preset are multiplied by.
        rates: Rates.
    """

    sound: str
    model: str
    frequency: str
    rates: str

    @property
    def name(self) -> str:
        """Name of the run."""
        return "-".join([self.sound, self.model, self.frequency, self.rates])

    @property
    def card(self) -> dict:
        """What is told of the finished run, or nothing."""
        return noted(self.name, FILES / "runs.json")

    def execute(self) -> None:
        """Fit and test, unless that was done."""
        if self.card:
            return
        configs = with_overlay("audio_inr.yaml", self.model)
        lr, matrix_lr = RATES[self.rates]
        settings = {
            **PRESETS[self.model],
            f"{OPTIMIZER}.lr": lr,
            f"{OPTIMIZER}.matrix_lr": matrix_lr,
            "model.init_args.frequency": self.frequency,
            "data.init_args.path": self.sound,
            "data.init_args.seconds": SOUNDS[self.sound],
            "trainer.callbacks": "[]",
            "threads": 1,
        }
        execute(self.name, configs, RUNS, settings, ckpt="last")
        card = find_card(self.name, FILES, RUNS)
        told = {name: card["test"][f"test/{name}"] for name in QUALITIES} | {
            "parameters": card["parameters"],
            "cpu_seconds": card["training"]["cpu_seconds"],
            "curve": curve(next((RUNS / self.name).glob("version_*/metrics.csv"))),
            "machine": card["machine"],
        }
        note(self.name, told, FILES / "runs.json")
        shutil.rmtree(RUNS / self.name)
        print(f"{self.name}: {told['psnr']:.2f} dB", flush=True)


def planned() -> list[Run]:
    """All runs."""
    return [Run(*each) for each in itertools.product(SOUNDS, MODELS, FREQUENCIES, RATES)]


def stalled(card: dict) -> int:
    """Validated steps before the fit is 3 dB better than at the first of them."""
    (_, start), *rest = card["curve"]
    return next((step for step, psnr in rest if psnr > start + 3), rest[-1][0])


def table() -> None:
    """Write the table of the best settings, and of all."""
    lines = [
        "| sound | model | parameters | PSNR | SNR | LSD | CPU s | first 3 dB at step | setting |",
        "|---" * 9 + "|",
    ]
    every = []
    for sound, model in itertools.product(SOUNDS, MODELS):
        runs = {r: c for r in planned() if (r.sound, r.model) == (sound, model) and (c := r.card)}
        if not runs:
            continue
        best, card = max(runs.items(), key=lambda each: each[1]["psnr"])
        lines.append(
            f"| {sound} | {MODELS[model]} | {card['parameters']:,} | {card['psnr']:.2f} "
            f"| {card['snr']:.2f} | {card['log_spectral_distance']:.2f} "
            f"| {card['cpu_seconds']:.0f} | {stalled(card)} | x{best.frequency}, {best.rates} |"
        )
        each = ", ".join(f"x{r.frequency} {r.rates} {c['psnr']:.2f}" for r, c in runs.items())
        every.append(f"| {sound} | {MODELS[model]} | {each} |")
    if not every:
        raise SystemExit("no run is finished: python benchmarks/sounds.py run")
    rates = "; ".join(f"{name} {lr} and {matrix}" for name, (lr, matrix) in RATES.items())
    lines += ["", f"All settings, PSNR (rates of Adam and Muon: {rates}):", ""]
    lines += ["| sound | model | setting and PSNR |", "|---" * 3 + "|", *every]
    (FILES / "table.md").write_text("\n".join(lines) + "\n")
    print("\n".join(lines))


if __name__ == "__main__":
    command(__doc__, [planned], table)
