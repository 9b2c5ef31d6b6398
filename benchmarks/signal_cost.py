"""What a fit of a picture costs from the shell, against the same loop written by hand.

``python benchmarks/signal_cost.py`` runs ``sgn fit --config configs/image_inr.yaml`` for 300 steps
in torch (``--model.engine torch``) with everything that a run has: loggers, guards, checkpoints, a
validation every ten steps. After every step of it a loop in plain torch takes the same step of a
copy of the network, in the same process and on one thread, so that both see the same machine; the
first 20 steps warm up. The cost is the ratio of their CPU times, what the run does between its
steps included. It writes ``pictures/cost.json``.
"""

import copy
import json
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, ClassVar

import torch
from lightning.pytorch import Callback, Trainer

from sgn_sciml.app.cli import main as sgn
from sgn_sciml.system.machine import describe_machine

HERE = Path(__file__).parent
CONFIG = HERE.parent / "configs" / "image_inr.yaml"
WARM = 20


class ByHand(Callback):
    """After each step of the run a step by hand; adds up the time of both."""

    seconds: ClassVar[dict[str, float]] = {"sgn fit": 0.0, "by hand": 0.0}

    def on_train_start(self, trainer: Trainer, pl_module: Any) -> None:
        self.network = copy.deepcopy(pl_module.network)
        self.optimizer = pl_module.make_optimizer(self.network)
        self.schedule = pl_module.schedule(self.optimizer, trainer.max_steps)
        self.last = time.process_time()

    def on_train_batch_end(
        self, trainer: Trainer, pl_module: Any, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        points, values = batch["points"], batch["values"]
        begin = time.process_time()
        self.optimizer.zero_grad()
        for x, y in zip(points.split(8192), values.split(8192), strict=True):
            ((self.network(x) - y).square().sum() / values.numel()).backward()
        self.optimizer.step()
        self.schedule.step()
        end = time.process_time()
        if trainer.global_step > WARM:
            self.seconds["sgn fit"] += begin - self.last
            self.seconds["by hand"] += end - begin
        self.last = end

    def on_fit_end(self, trainer: Trainer, pl_module: Any) -> None:
        same = zip(self.network.parameters(), pl_module.network.parameters(), strict=True)
        if not all(torch.allclose(a, b, atol=1e-4) for a, b in same):
            sys.exit("the loop by hand ended elsewhere: it is no longer the same loop")


def main() -> None:
    """Run and write the ratio."""
    from signal_cost import ByHand  # the class that the configuration names

    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as folder:
        words = ["--config", str(CONFIG), "--runs", folder, "--threads", "1"]
        words += ["--model.engine", "torch", "--model.chunk", "8192"]
        words += ["--trainer.callbacks+", "signal_cost.ByHand"]
        if sgn(["fit", *words, "--trainer.enable_progress_bar", "false"]):
            sys.exit("the run failed")
    found = ByHand.seconds | {"ratio": ByHand.seconds["sgn fit"] / ByHand.seconds["by hand"]}
    found |= {"machine": describe_machine(torch.device("cpu"))}
    (HERE / "pictures").mkdir(exist_ok=True)
    (HERE / "pictures" / "cost.json").write_text(json.dumps(found, indent=1) + "\n")
    print(f"{found['ratio']:.3f}")


if __name__ == "__main__":
    main()
