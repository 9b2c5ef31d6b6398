"""Spectral gates in classifiers of pictures, at equal parameters, from narrow to wide.

``python benchmarks/digits.py run`` trains a multilayer perceptron of one hidden layer on
scikit-learn's handwritten digits with each activation, from five seeds, for budgets set by GELU
layers of 8 to 1024 units; ``table`` writes ``digits/table.md`` and its figure. With ``--cifar10
FOLDER`` (the binary version, ``data_batch_*.bin`` and ``test_batch.bin``) it does so on that.
Finished runs are kept. It needs scikit-learn (``pip install -e .[models]``).
"""

import argparse
import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from statistics import fmean

import matplotlib as mpl
import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from runs import execute_all, note, noted
from sgn_sciml.layers import Elementwise, Finer, Snake, SpectralGate
from sgn_sciml.networks import CoordinateMLP, count_parameters, match_parameters
from sgn_sciml.runs.card import describe_machine

FILES = Path(__file__).parent / "digits"
WIDTHS = (8, 16, 32, 64, 128, 256, 512, 1024)
RATES = (1e-3, 3e-3, 1e-2)  # of Adam
SEEDS, TRIALS = range(5), range(2)  # trials choose the rate by pictures that never test
BATCH, EPOCHS = 128, {"digits": 30, "cifar10": 20}
GELU = partial(Elementwise, function=F.gelu)
MODELS = {
    "gelu": ("GELU", [GELU]),
    "dense": (
        "**gates**, dense",
        [partial(SpectralGate, num_frequencies=m) for m in range(9, 3, -1)],
    ),
    "diagonal": ("**gates**, diagonal", [partial(SpectralGate, spectral="diagonal")]),
    "snake": ("Snake", [Snake]),
    "finer": ("FINER", [partial(Finer, omega=3.0)]),
}
Pictures = tuple[Tensor, Tensor]  # values of shape (n, pixels), classes of shape (n,)


@cache
def pictures(source: str) -> Pictures:
    """All pictures, those of CIFAR-10 in the order of its files, the test file last."""
    if source == "digits":
        from sklearn.datasets import load_digits

        x, y = load_digits(return_X_y=True)
        return torch.tensor(x, dtype=torch.float32), torch.tensor(y)
    files = [*sorted(Path(source).glob("data_batch_*.bin")), Path(source) / "test_batch.bin"]
    rows = torch.from_numpy(np.concatenate([np.fromfile(f, np.uint8) for f in files]))
    rows = rows.reshape(-1, 3073)
    return rows[:, 1:].float(), rows[:, 0].long()


@cache
def parts(source: str, seed: int) -> dict[str, Pictures]:
    """Pictures that train, choose and test; the pixels' mean is 0 and their deviation 1."""
    x, y = pictures(source)
    fixed = len(x) // 6 if source != "digits" else 0  # CIFAR-10 says what tests
    order = torch.randperm(len(x) - fixed, generator=torch.Generator().manual_seed(seed))
    order = torch.cat([torch.arange(len(x) - fixed, len(x)), order])
    test = fixed or 500
    index = dict(
        zip(("test", "val", "train"), order.tensor_split((test, test + 297)), strict=True)
    )
    mean, deviation = x[index["train"]].mean(0), x[index["train"]].std()
    return {part: ((x[i] - mean) / deviation, y[i]) for part, i in index.items()}


@cache
def shape(pixels: int, model: str, width: int) -> tuple[int, int]:
    """Hidden width for the parameters of a GELU layer, and which form of the activation.

    The first form that has a width within 2 %; else the width just below the budget.
    """
    budget = count_parameters(CoordinateMLP(pixels, 10, width, 1, GELU))
    forms = MODELS[model][1]
    for k, form in enumerate(forms):
        build = partial(perceptron, pixels, form)
        try:
            return match_parameters(build, budget)[0], k
        except ValueError:
            continue
    wide = next(n for n in range(width, 0, -1) if count_parameters(build(n)) <= budget)
    return wide, len(forms) - 1


def perceptron(pixels: int, activation: object, width: int, first: int = 0) -> CoordinateMLP:
    """The network; its one hidden layer has no other width than the first."""
    return CoordinateMLP(pixels, 10, first or width, 1, activation)


def fit(network: CoordinateMLP, seen: Pictures, rate: float, epochs: int, seed: int) -> None:
    """Train by Adam, its rate falling to zero along a cosine."""
    x, y = seen
    random = torch.Generator().manual_seed(seed)
    optimizer = torch.optim.Adam(network.parameters(), rate)
    steps = epochs * len(x.split(BATCH))
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, steps)
    for _ in range(epochs):
        for index in torch.randperm(len(x), generator=random).split(BATCH):
            optimizer.zero_grad()
            F.cross_entropy(network(x[index]), y[index]).backward()
            optimizer.step()
            schedule.step()


@dataclass(frozen=True)
class Cell:
    """All runs of a model at a budget.

    Attributes:
        source: ``digits`` or the folder of CIFAR-10.
        model: Model.
        width: Hidden width of the GELU layer that sets the budget.
    """

    source: str
    model: str
    width: int

    @property
    def data(self) -> str:
        """Name of the data."""
        return "digits" if self.source == "digits" else "cifar10"

    @property
    def found(self) -> dict:
        """What is noted of the runs, or nothing."""
        return noted(f"{self.model}-{self.width}", FILES / f"{self.data}.json")

    def run(self, rate: float, seed: int) -> dict[str, float]:
        """Accuracies of one run, in percent, and the number of its parameters."""
        seen = parts(self.source, seed)
        pixels = seen["train"][0].shape[1]
        width, form = shape(pixels, self.model, self.width)
        torch.manual_seed(seed)
        network = perceptron(pixels, MODELS[self.model][1][form], width)
        fit(network, seen["train"], rate, EPOCHS[self.data], seed)
        with torch.no_grad():
            right = {k: network(x).argmax(1).eq(y).float().mean() for k, (x, y) in seen.items()}
        size = count_parameters(network)
        return {k: 100 * float(v) for k, v in right.items()} | {"parameters": size, "units": width}

    def execute(self) -> None:
        """Choose the rate, then run all seeds, unless that was done."""
        if self.found:
            return
        begin = time.process_time()
        trials = {rate: [self.run(rate, seed) for seed in TRIALS] for rate in RATES}
        rate = max(RATES, key=lambda r: fmean(run["val"] for run in trials[r]))
        runs = trials[rate] + [self.run(rate, seed) for seed in SEEDS[len(TRIALS) :]]
        told = {key: [run[key] for run in runs] for key in ("train", "val", "test")}
        told |= {key: runs[0][key] for key in ("parameters", "units")}
        told |= {"rate": rate, "cpu_seconds": time.process_time() - begin}
        told |= {"machine": describe_machine(torch.device("cpu"))}
        note(f"{self.model}-{self.width}", told, FILES / f"{self.data}.json")
        print(f"{self.model}-{self.width}: {fmean(told['test']):.2f} %", flush=True)


def interval(values: Sequence[float]) -> tuple[float, float, float]:
    """Mean and its 95 % bootstrap interval over seeds."""
    random = np.random.default_rng(0)
    means = random.choice(values, (10_000, len(values))).mean(1)
    low, high = np.quantile(means, (0.025, 0.975))
    return fmean(values), float(low), float(high)


def gain(found: dict, base: dict) -> str:
    """Gain over another model on the same seeds, which split the pictures alike."""
    mean, low, high = interval([a - b for a, b in zip(found["test"], base["test"], strict=True)])
    verdict = "" if low > 0 else ", loss" if high < 0 else ", **no gain**"
    return f"{mean:+.2f} ({low:+.2f} to {high:+.2f}){verdict}"


def table(source: str) -> None:
    """Write the table and the figure from what is noted."""
    cells = {(m, w): Cell(source, m, w) for m in MODELS for w in WIDTHS}
    found = {key: cell.found for key, cell in cells.items()}
    rows = [w for w in WIDTHS if all(found[m, w] for m in MODELS)]
    data = cells["gelu", WIDTHS[0]].data
    names = [name for name, _ in MODELS.values()]
    lines = [
        "Accuracy of the test pictures, percent, mean (95 % bootstrap interval over seeds):",
        "",
    ]
    lines += [
        f"| GELU units | parameters | {' | '.join(names)} |",
        "|---" * (2 + len(names)) + "|",
    ]
    for w in rows:
        means = [
            "{:.2f} ({:.2f} to {:.2f})".format(*interval(found[m, w]["test"])) for m in MODELS
        ]
        lines.append(f"| {w} | {found['gelu', w]['parameters']} | {' | '.join(means)} |")
    lines += ["", "Gain over GELU on the same seeds, points:", ""]
    lines += [f"| GELU units | {' | '.join(names[1:])} |", "|---" * len(names) + "|"]
    for w in rows:
        gains = [gain(found[m, w], found["gelu", w]) for m in MODELS if m != "gelu"]
        lines.append(f"| {w} | {' | '.join(gains)} |")
    lines += [
        "",
        "Units, parameters against GELU's, chosen rate of Adam (* an end of those tried):",
        "",
    ]
    lines += [f"| GELU units | {' | '.join(names)} |", "|---" * (1 + len(names)) + "|"]
    for w in rows:
        budget = found["gelu", w]["parameters"]
        each = [found[m, w] for m in MODELS]
        told = []
        for f in each:
            end = "*" if f["rate"] in (min(RATES), max(RATES)) else ""
            told.append(f"{f['units']}, {f['parameters'] / budget - 1:+.1%}, {f['rate']:g}{end}")
        lines.append(f"| {w} | {' | '.join(told)} |")
    name = "table.md" if data == "digits" else f"{data}.md"
    (FILES / name).write_text("\n".join(lines) + "\n")
    draw(found, rows, FILES.parent / "figures" / f"{data}.png")
    print("\n".join(lines))


def draw(found: dict, rows: Sequence[int], path: Path) -> None:
    """Error of the test pictures against the budget."""
    mpl.use("Agg")
    from matplotlib import pyplot as plt

    figure, axes = plt.subplots(figsize=(6, 4), layout="constrained")
    for k, (model, (name, _)) in enumerate(MODELS.items()):
        told = np.array([interval(found[model, w]["test"]) for w in rows]).T
        spread = np.abs(told[1:] - told[0])[::-1]  # of the error, whose sign is the other one
        moved = np.array(rows) * 1.04 ** (k - 2)  # beside one another
        axes.errorbar(moved, 100 - told[0], spread, label=name.replace("*", ""), capsize=2)
    axes.set(xscale="log", yscale="log", xticks=rows, xticklabels=rows)
    axes.set(xlabel="units of the GELU layer with as many parameters", ylabel="test error, %")
    axes.minorticks_off()
    axes.legend(frameon=False)
    figure.savefig(path, dpi=120)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("verb", choices=["run", "table"])
    parser.add_argument("--cifar10", metavar="FOLDER", help="CIFAR-10 instead of digits")
    options = parser.parse_args()
    source = options.cifar10 or "digits"
    if options.verb == "table":
        table(source)
    else:
        torch.set_num_threads(1)
        execute_all([Cell(source, m, w) for w in WIDTHS for m in MODELS], jobs=1)
