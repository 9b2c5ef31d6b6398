"""Spectral gates against their rivals on every equation, at equal parameters and iterations.

``python benchmarks/pinns.py run`` trains each model on each problem by Levenberg-Marquardt, some
problems from three seeds; ``shipped`` the configurations as they are; ``table`` writes
``table.md`` from the cards. Finished runs are kept, killed ones resumed.
"""

import argparse
import itertools
import math
import statistics
import subprocess
import sys
from copy import deepcopy
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from pkgutil import resolve_name
from typing import Any

import yaml

import sgn_sciml.layers
from local_solver import CASES, cards
from runs import ROOT, execute, execute_all, find_card, keep
from sgn_sciml.networks import CoordinateMLP, count_parameters

FILES = Path(__file__).parent / "pinns"
RUNS = ROOT / "runs" / "pinns"
MODELS = {
    "sgn": "**gates**, diagonal",
    "sgn_dense": "**gates**, dense",
    "sgn_first": "**gates** first, tanh",
    "siren": "SIREN",
    "fourier": "Fourier features, tanh",
    "tanh": "tanh MLP",
    "gelu": "GELU MLP",
}
HIGH = {  # waves of Poisson's equation, their amplitudes, the parabola; first layer and points
    "sin_100x": ((100.0,), (1.0,), 0.0, 60.0, 1024),
    "sin_6x_cos_100x": ((106.0, 94.0), (0.5, -0.5), 0.0, 60.0, 1024),
    "sin_500x": ((500.0,), (1.0,), 2.0, [50.0, 400.0], 2048),
}
STEPS = {  # of the comparison: a hundred of Adam but for poisson, then ten iterations each
    "poisson": 25,
    "poisson_2d": 115,
    "helmholtz": 115,
    "darcy": 115,
    "cavity": 115,
    "wave": 120,
    "advection": 115,
    "reaction_diffusion": 115,
    "burgers": 115,
    "allen_cahn": 130,
    "kdv": 115,
    "sin_100x": 25,
    "sin_6x_cos_100x": 25,
    "sin_500x": 60,
}
SEEDS = {"poisson": 3, "wave": 3, "burgers": 3, "allen_cahn": 3}  # of the comparison
SHIPPED_SEEDS = SEEDS | dict.fromkeys(
    ("burgers_viscous", "kdv", "advection", "helmholtz", "darcy"), 3
)
SOLVED = {  # what benchmarks/local_solver.py calls the problem of a shipped configuration
    "poisson": "Poisson, two scales",
    "poisson_2d": "Poisson 2-D, 4 to 16",
    "helmholtz": "Helmholtz",
    "darcy": "Darcy",
    "cavity": "cavity, Re = 100",
    "wave": "wave, two modes",
    "advection": "advection, c = 30",
    "reaction_diffusion": "reaction-diffusion",
    "burgers": "Burgers, nu = 0.01/pi",
    "burgers_viscous": "Burgers, nu = 0.01",
    "allen_cahn": "Allen-Cahn",
    "kdv": "Korteweg-de Vries",
    "kuramoto_sivashinsky": "Kuramoto-Sivashinsky",
}
SHIPPED = (
    *(problem for problem in STEPS if problem not in HIGH),
    *("burgers_viscous", "kuramoto_sivashinsky"),
)


def config(problem: str) -> dict[str, Any]:
    """The shipped configuration of a problem, or the one that stands for it here."""
    own = FILES / f"{problem}.yaml"
    law = "poisson" if problem in HIGH else problem
    path = own if own.is_file() else ROOT / "configs" / f"{law}_pinn.yaml"
    found = yaml.safe_load(path.read_text())
    if problem in HIGH:
        frequencies, amplitudes, parabola, first, points = HIGH[problem]
        words = {"frequencies": frequencies, "amplitudes": amplitudes, "parabola": parabola}
        constants = {k: list(v) if isinstance(v, tuple) else v for k, v in words.items()}
        found["data"]["init_args"] |= {
            "problem": {"class_path": "Poisson", "init_args": constants},
            "reference": f"data/{problem}_reference.h5",
            "num_points": points,
        }
        network = found["model"]["init_args"]["network"]["init_args"]
        network["first_activation"]["init_args"]["frequencies"] = first
    return found


def waves(name: str, **settings: object) -> dict[str, Any]:
    """An activation."""
    return {"class_path": name, "init_args": settings}


def frequencies(activation: dict[str, Any]) -> Any:
    """Initial frequencies of waves alone, as SineGate or SpectralGate has them."""
    words = activation["init_args"]
    return words["frequencies"] if "frequencies" in words else words["frequency_scale"]


def gates(scale: float, gate: float) -> dict[str, Any]:
    """Dense gates beside tanh."""
    settings = {"base": "torch.nn.functional.tanh", "num_frequencies": 4, "gate_init": gate}
    return waves("SpectralGate", frequency_scale=scale, **settings)


def network(problem: str, model: str) -> dict[str, Any]:
    """The network of a model: that of the configuration with other activations and width."""
    found = deepcopy(config(problem)["model"]["init_args"]["network"])
    settings = found["init_args"]
    if model == "sgn":
        return found
    first, hidden = (frequencies(settings[name]) for name in ("first_activation", "activation"))
    first = first if isinstance(first, float) else sum(first) / 2
    # A sine's weights are uniform in +-1/d: the deviation of the phase for other waves.
    channels, encoded = settings.get("in_features", 2), "encoding" in settings
    spread = first / math.sqrt(3) / (channels + encoded)
    tanh = waves("Elementwise", function="torch.nn.functional.tanh")
    pairs = {
        "siren": (waves("Sine", omega=first), waves("Sine", omega=hidden)),
        "tanh": (tanh, tanh),
        "fourier": (tanh, tanh),
        "gelu": (waves("Elementwise", function="torch.nn.functional.gelu"),) * 2,
        "sgn_dense": (gates(spread * math.sqrt(3), 0.3), gates(1.0, 0.3)),
        "sgn_first": (gates(spread * math.sqrt(3), 0.1), tanh),
    }
    settings["first_activation"], settings["activation"] = pairs[model]
    if model == "fourier" and encoded:
        settings["encoding"]["init_args"]["harmonics"] = 4
    elif model == "fourier":
        code = {"in_features": channels, "num_frequencies": 8, "scale": spread / (2 * math.pi)}
        settings["encoding"] = waves("GaussianFourierFeatures", **code)
    wanted = parameters(network(problem, "sgn"))
    shapes = [{"width": w, "first_width": f} for w in range(6, 40) for f in range(w - 4, w + 5)]

    def distance(shape: dict[str, int]) -> tuple[int, int]:
        count = parameters({"init_args": settings | shape})
        return abs(count - wanted), abs(shape["width"] - shape["first_width"])

    settings |= min(shapes, key=distance)
    return found


def parameters(settings: dict[str, Any]) -> int:
    """Parameters of a network."""

    def made(value: Any) -> Any:
        if isinstance(value, dict) and "class_path" in value:
            cls = getattr(sgn_sciml.layers, value["class_path"])
            words = {k: made(v) for k, v in value.get("init_args", {}).items()}
            return cls(**words) if "in_features" in words else partial(cls, **words)
        return resolve_name(value) if isinstance(value, str) and "." in value else value

    words = {name: made(value) for name, value in settings["init_args"].items()}
    return count_parameters(CoordinateMLP(**words))


@dataclass(frozen=True)
class Run:
    """One training run; without a model the shipped configuration as it is."""

    problem: str
    model: str
    seed: int

    @property
    def name(self) -> str:
        """Name of the run and of its card."""
        return f"{self.problem}-{self.model}-seed{self.seed}"

    @property
    def card(self) -> dict:
        """The card of the finished run, or nothing."""
        return find_card(self.name, FILES, RUNS)

    def execute(self) -> None:
        """Train and test, unless that was done; go on with a run that was killed."""
        if self.card and not (RUNS / self.name).is_dir():
            return
        path = RUNS / f"{self.name}.yaml"
        path.parent.mkdir(parents=True, exist_ok=True)
        if self.model == "shipped":
            content = yaml.safe_load((ROOT / "configs" / f"{self.problem}_pinn.yaml").read_text())
        else:
            content = config(self.problem)
            content["model"]["init_args"]["network"] = network(self.problem, self.model)
            content["trainer"] |= {"max_steps": STEPS[self.problem], "callbacks": []}
        path.write_text(yaml.safe_dump(content, sort_keys=False))
        execute(self.name, [path], RUNS, {"seed_everything": self.seed})
        keep(self.name, self.card, FILES, RUNS)
        path.unlink()
        print(f"{self.name}: relative L2 {self.card['test']['test/relative_l2']:.2e}", flush=True)


def planned() -> list[Run]:
    """The runs of the comparison, first seeds first."""
    return [
        Run(problem, model, seed)
        for seed in range(3)
        for problem, model in itertools.product(STEPS, MODELS)
        if seed < SEEDS.get(problem, 1)
    ]


def shipped() -> list[Run]:
    """The shipped configurations, first seeds first."""
    return [
        Run(problem, "shipped", seed)
        for seed in range(3)
        for problem in SHIPPED
        if seed < SHIPPED_SEEDS.get(problem, 1)
    ]


def make_reference(problem: str) -> None:
    """Make the reference of a problem, unless it is there."""
    path = ROOT / "data" / f"{problem}_reference.h5"
    if not path.is_file():
        law = "poisson" if problem in HIGH else problem.removesuffix("_viscous").replace("_", "-")
        words = [sys.executable, "-m", "sgn_sciml", "data", "make", f"{law}-reference"]
        if problem in HIGH:
            frequencies, amplitudes, parabola, *_ = HIGH[problem]
            words += ["--frequencies", *map(str, frequencies)]
            words += ["--amplitudes", *map(str, amplitudes), "--parabola", str(parabola)]
        if problem == "burgers_viscous":
            words += ["--nu", "0.01"]
        subprocess.run([*words, "-o", str(path)], cwd=ROOT, check=True)


def found(problem: str, model: str) -> list[dict[str, Any]]:
    """The cards of all seeds that were run."""
    seeds = (SHIPPED_SEEDS if model == "shipped" else SEEDS).get(problem, 1)
    cards = [Run(problem, model, seed).card for seed in range(seeds)]
    return [card for card in cards if card]


def cell(problem: str, model: str) -> str:
    """Median error and those of all seeds."""
    errors = [card["test"]["test/relative_l2"] for card in found(problem, model)]
    if not errors:
        return "not run"
    each = f" ({', '.join(f'{e:.1e}' for e in sorted(errors))})" if len(errors) > 1 else ""
    return f"{statistics.median(errors):.1e}{each}"


def solved() -> list[str]:
    """What local least squares reach on the same problems, a table of its own."""
    lines = [
        "Beside them, the same problems **solved by local least squares**: no network, nothing is "
        "trained ([all tolerances](../local_solver/table.md); of Poisson 2-D with one wave more):",
        "",
        "| problem | asked | relative L2 | CPU s |",
        "|---" * 4 + "|",
    ]
    for problem in SHIPPED:
        name = SOLVED[problem]
        found = [cards().get((name, asked, "chebyshev", 0), {}) for asked in CASES[name][1]]
        for card in found:
            if "relative_l2" in card:
                cells = f"{card['tolerance']:.0e} | {card['relative_l2']:.1e}"
                lines.append(f"| {problem} | {cells} | {card['cpu_seconds']:.1f} |")
    return lines


def table() -> None:
    """Write the tables from the cards."""
    lines = [
        "Relative L2 at equal parameters and iterations, median and each of the seeds:",
        "",
        f"| problem | parameters | CPU s of gates | {' | '.join(MODELS.values())} |",
        "|---" * (3 + len(MODELS)) + "|",
    ]
    for problem in STEPS:
        card = Run(problem, "sgn", 0).card
        if not card:
            continue
        cells = [cell(problem, model) for model in MODELS]
        seconds = f"{card['training']['cpu_seconds']:.0f}"
        lines.append(f"| {' | '.join([problem, str(card['parameters']), seconds, *cells])} |")
    lines += [
        "",
        "The shipped configurations, medians; of linear equations only the sum is solved for:",
        "",
    ]
    lines += [
        "| configuration | parameters | relative L2 | worst point | CPU s |",
        "|---" * 5 + "|",
    ]
    for problem in SHIPPED:
        if cards := found(problem, "shipped"):
            tests = [card["test"] for card in cards]
            worst = statistics.median(test["test/max_error"] for test in tests)
            seconds = statistics.median(card["training"]["cpu_seconds"] for card in cards)
            cells = [f"{problem}_pinn.yaml", f"{cards[0]['parameters']}", cell(problem, "shipped")]
            lines.append(f"| {' | '.join(cells)} | {worst:.1e} | {seconds:.0f} |")
    lines += ["", *solved()]
    FILES.mkdir(exist_ok=True)
    (FILES / "table.md").write_text("\n".join(lines) + "\n")
    print("\n".join(lines))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("verb", choices=["run", "shipped", "table"])
    parser.add_argument("problems", nargs="*", help=f"of {', '.join(STEPS)} (default: all)")
    parser.add_argument("--jobs", type=int, default=2, help="runs at a time (default: 2)")
    options = parser.parse_intermixed_args()
    if options.verb == "table":
        table()
    else:
        runs = planned() if options.verb == "run" else shipped()
        chosen = [run for run in runs if run.problem in (options.problems or [run.problem])]
        for problem in dict.fromkeys(run.problem for run in chosen):
            make_reference(problem)
        execute_all(chosen, options.jobs)
