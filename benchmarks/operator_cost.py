"""What a step costs in the operator task, against bare loops of its model and the library's.

``python benchmarks/operator_cost.py`` runs ``sgn fit`` on R10 with everything that a run has:
loggers, guards, checkpoints. After every step of it, two loops written by hand take a step in the
same process, on one thread, so that all see the same machine: one of the same network, one of the
library's FNO of the same size. The first 50 steps warm up. The cost is the ratio of CPU times, the
median of seven runs. It writes ``operators/cost.json``.
"""

import json
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, ClassVar

import torch
from lightning.pytorch import Callback, Trainer
from neuralop.losses import LpLoss
from neuralop.models import FNO

from sgn_sciml.app.cli import main as sgn
from sgn_sciml.layouts import open_source
from sgn_sciml.operators.networks import FNO as Network
from sgn_sciml.system.machine import describe_machine

HERE = Path(__file__).parent
ROOT = HERE.parent
DATA = ROOT / "data" / "burgers_r10.h5"
RUNS, WARM_UP, STEPS = 7, 50, 400


MODELS: dict[str, Callable[[], torch.nn.Module]] = {
    "bare": lambda: Network(modes=(16,), width=64, channel_mlp=False),
    "library": lambda: FNO((32,), 1, 1, hidden_channels=64, use_channel_mlp=False),
}


def bare_loop(data: Path, model: torch.nn.Module) -> Iterator[None]:
    """The same training by hand; a value after every step."""
    source = open_source(data)
    rows = range(1000)
    a, u = (torch.from_numpy(source.read(k, rows, stride=16)).float()[:, None] for k in "au")
    mean, std = u.mean(), u.std()
    a = (a - a.mean()) / a.std()
    pairs = torch.utils.data.TensorDataset(a, u)
    loader = torch.utils.data.DataLoader(pairs, batch_size=20, shuffle=True)
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 1e-3, total_steps=10000)
    loss_of = LpLoss(d=1, p=2)
    while True:
        for x, y in loader:
            optimizer.zero_grad()
            loss_of(model(x) * std + mean, y).backward()
            optimizer.step()
            schedule.step()
            yield


class InTurn(Callback):
    """After every training step, a step of each bare loop."""

    seconds: ClassVar[list[dict[str, float]]] = []  # of each run

    def __init__(self) -> None:
        self.loops = {name: bare_loop(DATA, build()) for name, build in MODELS.items()}
        self.begin = 0.0

    def on_train_start(self, trainer: Trainer, pl_module: Any) -> None:
        self.seconds.append(dict.fromkeys(("task", *self.loops), 0.0))
        self.begin = time.process_time()

    def on_train_batch_start(self, trainer: Trainer, *args: Any) -> None:
        spent = {"task": time.process_time() - self.begin}
        for name, loop in self.loops.items():
            begin = time.process_time()
            next(loop)
            spent[name] = time.process_time() - begin
        if trainer.global_step > WARM_UP:
            for name, seconds in spent.items():
                self.seconds[-1][name] += seconds
        self.begin = time.process_time()


def main() -> None:
    """Measure and write the card."""
    from operator_cost import InTurn  # the class that the configuration names

    torch.set_num_threads(1)
    for _ in range(RUNS):
        with tempfile.TemporaryDirectory() as runs:
            words = ["--config", str(ROOT / "configs" / "burgers_fno.yaml"), "--runs", runs]
            words += ["--data.init_args.path", str(DATA), "--trainer.limit_val_batches", "0"]
            words += ["--trainer.max_steps", str(WARM_UP + STEPS + 1)]
            words += ["--trainer.callbacks+", "operator_cost.InTurn"]
            words += ["--trainer.enable_progress_bar", "false"]
            if code := sgn(["fit", *words]):
                sys.exit(code)
    ratios = {
        name: [seconds["task"] / seconds[name] for seconds in InTurn.seconds] for name in MODELS
    }
    each = {
        key: [1e3 * seconds[key] / STEPS for seconds in InTurn.seconds]
        for key in ("task", *MODELS)
    }
    card = {
        "machine": describe_machine(torch.device("cpu")),
        "milliseconds": each,
        "ratio": {name: statistics.median(each) for name, each in ratios.items()},
        "ratios": ratios,
    }
    (HERE / "operators" / "cost.json").write_text(json.dumps(card, indent=1) + "\n")
    print(json.dumps(card, indent=1))


if __name__ == "__main__":
    main()
