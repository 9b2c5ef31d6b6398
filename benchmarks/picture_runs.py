"""One fit of a picture by one model, and what is tried to tune it."""

import csv
import shutil
from dataclasses import dataclass
from pathlib import Path

from runs import ROOT, execute, find_card, keep, note, noted

FILES = Path(__file__).parent / "pictures"
RUNS = ROOT / "runs" / "pictures"
TRIALS = RUNS / "trials.json"  # until `table` settles them
CONFIGS = ROOT / "configs"
PRESETS = CONFIGS / "presets" / "inr"

MODELS = {
    "sgn": "**spectral gates**, diagonal",
    "sgn_dense": "**spectral gates**, dense",
    "siren": "SIREN",
    "finer": "FINER",
    "staf": "STAF",
    "harmonic": "Harmonic SIREN",
    "finer_wide": "FINER in the shape of the gates",
    "wire": "Gabor wavelets (WIRE, real)",
    "gaussian": "Gaussians",
    "positional": "octaves, ReLU",
    "fourier": "random Fourier features, ReLU",
    "gelu": "GELU MLP",
    "relu": "ReLU MLP",
}
PICTURES = {  # and the square in their middle
    "camera": 512,
    "astronaut": 512,
    "cat": 300,
    "coffee": 400,
    "brick": 512,
    "gravel": 512,
}
WIDE = ("sgn", "finer_wide")  # with a wide first layer
TUNING = ("grass", "rocket")  # 256 pixels in their middle

NETWORK = "model.init_args.network.init_args"
FIRST = f"{NETWORK}.first_activation.init_args"
ALL = f"{NETWORK}.activation.init_args"
CODE = f"{NETWORK}.encoding.init_args"

# What is tried: a frequency or scale, a rate (of matrices under Muon), and how the rate falls:
# twelve settings of each main model under Muon, twelve to sixteen under Adam, three of the others.
SPANS = ("[10.0, 150.0]", "[10.0, 200.0]", "[10.0, 300.0]", "[10.0, 400.0]")
SCALES = {
    "sgn": (f"{FIRST}.frequencies", SPANS),
    "sgn_dense": (f"{FIRST}.frequency_scale", ("120.0", "200.0", "300.0")),
    "siren": (f"{FIRST}.omega", ("60.0", "90.0", "120.0", "180.0")),
    "finer": (f"{ALL}.omega", ("14.0", "20.0", "30.0", "45.0")),
    "staf": (f"{FIRST}.omega", ("30.0", "60.0", "90.0", "120.0")),
    "harmonic": (f"{FIRST}.omega", ("60.0", "90.0", "120.0", "180.0")),
    "finer_wide": (f"{ALL}.omega", ("14.0", "20.0", "30.0", "45.0")),
    "wire": (f"{ALL}.scale", ("5.0", "10.0", "20.0")),
    "gaussian": (f"{ALL}.scale", ("5.0", "10.0", "20.0")),
    "positional": (f"{CODE}.octaves", ("6", "7", "8")),
    "fourier": (f"{CODE}.scale", ("4.0", "7.0", "12.0")),
    "gelu": (f"{NETWORK}.depth", ("4",)),  # no frequency to choose, so more rates
    "relu": (f"{NETWORK}.depth", ("4",)),
}
SCHEDULES = {"muon": ("Linear",), "adam": ("Linear", "Exponential")}
OPTIMIZER = "model.init_args.optimizer.init_args"
RATE = {"muon": f"{OPTIMIZER}.matrix_lr", "adam": f"{OPTIMIZER}.lr"}
MATRICES = ("sgn", "siren", "finer", "finer_wide", "harmonic")
MUON = {m: ("5e-3", "1e-2", "1.5e-2") for m in MATRICES}
MUON |= {"staf": ("3e-3", "5e-3", "1e-2")}  # diverges at 1.5e-2
MUON |= {"sgn_dense": ("3e-2", "6e-2", "1e-1", "1.5e-1")}
MUON |= {"wire": ("1e-2",), "gaussian": ("1e-2",), "positional": ("6e-2",), "fourier": ("6e-2",)}
MUON |= {m: ("5e-2", "1e-1", "2e-1") for m in ("gelu", "relu")}
RATES = {"muon": MUON, "adam": {m: ("1.5e-3", "3e-3") for m in MODELS}}


@dataclass(frozen=True)
class Run:
    """One fit of a picture.

    Attributes:
        model: Model.
        optimizer: Optimiser.
        scale: Frequency or scale.
        rate: Rate.
        schedule: How it falls.
        picture: Picture.
        seed: Seed.
    """

    model: str
    optimizer: str
    scale: str
    rate: str
    schedule: str
    picture: str
    seed: int = 0

    @property
    def tuning(self) -> bool:
        """Whether it is a trial: a quarter of the pixels and of the parameters."""
        return self.picture in TUNING

    @property
    def name(self) -> str:
        """Name of the run and of its card."""
        scale = self.scale.strip("[]").replace(", ", "-")
        setting = (self.optimizer, scale, self.rate, self.schedule.lower())
        return "-".join([self.picture, self.model, *setting, f"seed{self.seed}"])

    @property
    def card(self) -> dict:
        """The card of the finished run, or nothing; of a trial what is told of it."""
        if self.tuning:
            return noted(self.name, FILES / "trials.json") or noted(self.name, TRIALS)
        return find_card(self.name, FILES, RUNS)

    def execute(self) -> None:
        """Fit and test, unless that was done."""
        if self.card and not (RUNS / self.name).is_dir():
            return
        execute(self.name, self.configs, RUNS, self.settings, ckpt="last")
        card = find_card(self.name, FILES, RUNS)
        if self.tuning:
            self.keep_trial(card)
        else:
            card["curve"] = curve(next((RUNS / self.name).glob("version_*/metrics.csv")))
            keep(self.name, card, FILES, RUNS)
        print(f"{self.name}: {card['test']['test/psnr']:.2f} dB", flush=True)

    @property
    def configs(self) -> list[Path]:
        """Configuration and overlays."""
        adam = [PRESETS / "adam.yaml"] if self.optimizer == "adam" else []
        return with_overlay("image_inr.yaml", self.model) + adam

    @property
    def settings(self) -> dict[str, object]:
        """What the command line sets besides."""
        settings: dict[str, object] = {
            SCALES[self.model][0]: self.scale,
            RATE[self.optimizer]: self.rate,
            "model.init_args.schedule": self.schedule,
            "data.init_args.path": self.picture,
            "data.init_args.crop": PICTURES.get(self.picture, 256),
            "data.init_args.size": 128 if self.tuning else 256,
            "seed_everything": self.seed,
            "threads": 1,
        }
        if self.tuning:
            wide = self.model in WIDE
            settings[f"{NETWORK}.width"] = 54 if wide else 24 if self.model == "sgn_dense" else 64
            if wide:
                settings[f"{NETWORK}.first_width"] = 104
            if self.model == "sgn_dense":
                settings[f"{FIRST}.num_frequencies"] = 80
                settings[f"{ALL}.num_frequencies"] = 40
            settings["trainer.val_check_interval"] = 300
            settings["trainer.callbacks"] = "[]"
        return settings

    def keep_trial(self, card: dict) -> None:
        """Keep what the choice between trials needs."""
        told = {
            "psnr": card["test"]["test/psnr"],
            "parameters": card["parameters"],
            "cpu_seconds": card["training"]["cpu_seconds"],
            "git": card["machine"]["git"],
        }
        note(self.name, told, TRIALS)
        shutil.rmtree(RUNS / self.name)


def with_overlay(config: str, model: str) -> list[Path]:
    """A configuration and what turns it into that of a model."""
    overlays = [folder / f"{model}.yaml" for folder in (FILES, PRESETS)]
    return [CONFIGS / config, *(path for path in overlays if path.is_file())]


def curve(metrics: Path) -> list[list[float]]:
    """PSNR at the validated steps."""
    with metrics.open(newline="") as file:
        rows = [(row["step"], row.get("val/psnr")) for row in csv.DictReader(file)]
    return [[int(step) + 1, round(float(psnr), 3)] for step, psnr in rows if psnr]
