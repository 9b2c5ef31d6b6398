"""What a training step costs in the operator task, against the library's model in a bare loop.

``python benchmarks/operator_cost.py`` runs both in turn, several times, on one thread: the
library's FNO in a loop written by hand, and ``sgn fit`` with everything that a run has (loggers,
checkpoints, guards). The cost of a step is the CPU time of a long run minus that of a short one,
so that nothing that happens once counts. It writes ``operators/cost.json``.
"""

import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import torch

from sgn_sciml.callbacks.card import describe_machine
from sgn_sciml.layouts import open_source

HERE = Path(__file__).parent
ROOT = HERE.parent
SHORT, LONG, REPEATS = 100, 400, 5


def bare(data: Path, steps: int) -> float:
    """CPU seconds of the library's model in a bare loop."""
    from neuralop.losses import LpLoss
    from neuralop.models import FNO

    source = open_source(data)
    a, u = (
        torch.from_numpy(source.read(k, range(1000), stride=16)).float()[:, None] for k in "au"
    )
    mean, std = u.mean(), u.std()
    a = (a - a.mean()) / a.std()
    loader = torch.utils.data.DataLoader(
        torch.utils.data.TensorDataset(a, u), batch_size=20, shuffle=True
    )
    torch.manual_seed(0)
    model = FNO(n_modes=(32,), in_channels=1, out_channels=1, hidden_channels=64,
                use_channel_mlp=False)  # fmt: skip
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 1e-3, total_steps=steps)
    loss_of = LpLoss(d=1, p=2)
    start, done = time.process_time(), 0
    while done < steps:
        for x, y in loader:
            optimizer.zero_grad()
            loss = loss_of(model(x) * std + mean, y)
            loss.backward()
            optimizer.step()
            schedule.step()
            done += 1
            if done == steps:
                break
    return time.process_time() - start


def task(data: Path, steps: int) -> float:
    """CPU seconds of ``sgn fit``, from its card."""
    with tempfile.TemporaryDirectory() as runs:
        words = ["--config", str(ROOT / "configs" / "burgers_fno.yaml"), "--runs", runs]
        words += ["--data.init_args.path", str(data), "--trainer.max_steps", str(steps)]
        words += ["--trainer.limit_val_batches", "0", "--trainer.enable_progress_bar", "false"]
        subprocess.run(
            [sys.executable, "-m", "sgn_sciml", "fit", *words],
            cwd=ROOT,
            check=True,
            stdout=subprocess.DEVNULL,
        )
        card = json.loads(next(Path(runs).glob("*/version_0/card.json")).read_text())
    return float(card["training"]["cpu_seconds"])


def main() -> None:
    """Measure in turn and write the card."""
    torch.set_num_threads(1)
    data = ROOT / "data" / "burgers_r10.h5"
    rows: dict[str, list[float]] = {"bare": [], "task": []}
    for _ in range(REPEATS):
        for name, measure in (("bare", bare), ("task", task)):
            seconds = measure(data, LONG) - measure(data, SHORT)
            rows[name].append(1e3 * seconds / (LONG - SHORT))
            print(f"{name}: {rows[name][-1]:.2f} ms a step", flush=True)
    pairs = zip(rows["task"], rows["bare"], strict=True)
    card = {
        "machine": describe_machine(torch.device("cpu")),
        "milliseconds": rows,
        "ratio": statistics.median(t / b for t, b in pairs),
    }
    (HERE / "operators" / "cost.json").write_text(json.dumps(card, indent=1) + "\n")
    print(f"ratio {card['ratio']:.3f}")


if __name__ == "__main__":
    main()
