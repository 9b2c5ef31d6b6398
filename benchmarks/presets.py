"""Presets as they are given, on one small picture: what each comes to without any tuning.

``python benchmarks/presets.py run`` fits the camera at 128 x 128 for 300 steps with the base and
each preset, one seed; ``table`` writes ``presets/table.md``. Finished runs are kept.
"""

import shutil
from dataclasses import dataclass
from pathlib import Path

from picture_runs import CONFIGS, PRESETS
from runs import ROOT, command, execute, find_card, note, noted, settle

FILES = Path(__file__).parent / "presets"
RUNS = ROOT / "runs" / "presets"
NAMES = {
    "base": "**spectral gates**, diagonal",
    "sgn_dense": "**spectral gates**, dense",
    "siren": "SIREN",
    "finer": "FINER",
    "staf": "STAF",
    "harmonic": "Harmonic SIREN",
    "cam": "coordinate-aware modulation of gated sines",
    "shifted": "shifted Gaussians, ReLU",
    "neurbf": "NeuRBF's radial bases, ReLU",
    "skan": "S-KAN",
}


@dataclass(frozen=True)
class Run:
    """One fit.

    Attributes:
        name: A preset, or ``base``.
    """

    name: str

    @property
    def card(self) -> dict:
        """What is kept of the finished run, or nothing."""
        return noted(self.name, FILES / "cards.json") or noted(self.name, RUNS / "cards.json")

    def execute(self) -> None:
        """Fit and test, unless that was done."""
        if self.card:
            return
        preset = [] if self.name == "base" else [PRESETS / f"{self.name}.yaml"]
        settings = {"data.init_args.size": 128, "trainer.val_check_interval": 300, "threads": 1}
        execute(self.name, [CONFIGS / "image_inr.yaml", *preset], RUNS, settings, ckpt="last")
        card = find_card(self.name, FILES, RUNS)
        told = {key: card[key] for key in ("parameters", "steps", "engine", "machine")}
        told |= {"psnr": card["test"]["test/psnr"], "ssim": card["test"]["test/ssim"]}
        told |= {"cpu_seconds": card["training"]["cpu_seconds"]}
        note(self.name, told, RUNS / "cards.json")
        shutil.rmtree(RUNS / self.name)
        print(f"{self.name}: {told['psnr']:.2f} dB", flush=True)


def table() -> None:
    """Write the table from the cards."""
    settle(RUNS / "cards.json", FILES / "cards.json")
    cards = {name: card for name in NAMES if (card := Run(name).card)}
    lines = [
        "Camera at 128 x 128, 300 steps, one seed, presets as shipped. Some are tuned, some",
        "are not: nothing follows for who is better, for that see `pictures` and `relatives`.",
        "",
        "| preset | parameters | PSNR | SSIM | ms a step | engine |",
        "|---|---|---|---|---|---|",
    ]
    for name, card in sorted(cards.items(), key=lambda item: -item[1]["psnr"]):
        cells = [
            f"{NAMES[name]} (`{name}`)",
            f"{card['parameters']:,}",
            f"{card['psnr']:.2f}",
            f"{card['ssim']:.3f}",
            f"{1e3 * card['cpu_seconds'] / card['steps']:.0f}",
            card["engine"].partition(" (")[0],
        ]
        lines.append(f"| {' | '.join(cells)} |")
    FILES.mkdir(exist_ok=True)
    (FILES / "table.md").write_text("\n".join(lines) + "\n")
    print("\n".join(lines))


if __name__ == "__main__":
    command(__doc__, [lambda: [Run(name) for name in NAMES]], table)
