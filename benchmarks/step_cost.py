"""What a training step of each shipped configuration costs, on a GPU against one CPU thread.

``python benchmarks/step_cost.py`` trains each configuration below for some steps, through
``sgn fit`` with loggers, guards and checkpoints, first on the GPU if torch sees one, then on one
CPU thread, and writes ``step_cost/table.md`` with a card: steps per second (median of the steps
after the first twenty, validation left out), device and versions. ``--against FOLDER`` times a
second checkout instead of a GPU: both in turns, a process each, so that they see the same machine.
Data files that are missing are made first by the commands that the configurations name.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

import torch

from sgn_sciml.system.machine import describe_machine

ROOT = Path(__file__).parent.parent
HERE = Path(__file__).parent / "step_cost"
CONFIGS = ("burgers_pinn", "cavity_pinn", "burgers_sgn_fno", "darcy_sgn_fno", "image_inr")
SMALL = ("burgers_sgn_fno", "darcy_sgn_fno")  # trained on the data that are shipped
STEPS, WARM = 120, 20
# Runs in a process of its own, so that a checkout of any age can be timed.
TIMED = """
import importlib.util, json, sys, time, torch
from lightning.pytorch import Callback
torch.set_num_threads(1)
seconds, last = [], [None]
class Clock(Callback):
    def on_train_batch_start(self, trainer, *args):
        if trainer.strategy.root_device.type == "cuda":
            torch.cuda.synchronize()
        last[0] = time.perf_counter()
    def on_train_batch_end(self, trainer, *args):
        if trainer.strategy.root_device.type == "cuda":
            torch.cuda.synchronize()
        seconds.append(time.perf_counter() - last[0])
new = importlib.util.find_spec("sgn_sciml.app") is not None
name = "sgn_sciml.app.cli" if new else "sgn_sciml.cli"
code = importlib.import_module(name).main(sys.argv[2:])
json.dump(seconds, open(sys.argv[1], "w"))
sys.exit(code)
"""


def time_steps(name: str, checkout: Path, accelerator: str) -> float:
    """Median seconds of a step."""
    configs = [checkout / "configs" / f"{name}.yaml"]
    if name in SMALL:
        configs.append(checkout / "configs" / "small" / f"{name}.yaml")
    words = [word for path in configs for word in ("--config", str(path))]
    settings = {
        "max_steps": STEPS,
        "val_check_interval": STEPS,
        "accelerator": accelerator,
        "devices": 1,
        "enable_progress_bar": "false",
        "callbacks": '[{"class_path": "__main__.Clock"}]',
    }
    words += [word for key, value in settings.items() for word in (f"--trainer.{key}", str(value))]
    with tempfile.TemporaryDirectory() as folder:
        found = Path(folder) / "seconds.json"
        environment = os.environ | {"PYTHONPATH": str(checkout), "OMP_NUM_THREADS": "1"}
        command = [sys.executable, "-c", TIMED, str(found), "fit", *words, "--runs", folder]
        done = subprocess.run(
            command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False
        )
        if done.returncode:
            sys.exit(f"{name}: {done.stderr.strip().splitlines()[-1]}")
        return statistics.median(json.loads(found.read_text())[WARM:])


def main() -> None:
    """Time what is asked for, and write or print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("configs", nargs="*", default=CONFIGS)
    parser.add_argument("--against", type=Path, help="another checkout, in place of a GPU")
    parser.add_argument("--repeat", type=int, default=3, help="medians of so many runs each")
    options = parser.parse_args()
    if options.against is None and not torch.cuda.is_available():
        sys.exit("torch sees no GPU; --against FOLDER compares two checkouts on the CPU")
    other = ("other", options.against, "cpu") if options.against else ("gpu", ROOT, "gpu")
    places = [("cpu", ROOT, "cpu"), other]
    lines = [f"| configuration | steps/s, cpu | steps/s, {other[0]} | ratio of times |"]
    lines.append("|---|---|---|---|")
    rows = {}
    for name in options.configs:
        seconds: dict[str, list[float]] = {label: [] for label, *_ in places}
        for _ in range(options.repeat):
            for label, checkout, accelerator in places:
                seconds[label].append(time_steps(name, checkout, accelerator))
        ours, theirs = (statistics.median(each) for each in seconds.values())
        rows[name] = seconds
        lines.append(f"| {name} | {1 / ours:.1f} | {1 / theirs:.1f} | {ours / theirs:.3f} |")
        print(lines[-1], flush=True)
    if options.against is None:
        HERE.mkdir(exist_ok=True)
        (HERE / "table.md").write_text("\n".join(lines) + "\n")
        card = {"seconds": rows, "machine": describe_machine(torch.device("cuda"))}
        (HERE / "card.json").write_text(json.dumps(card, indent=1) + "\n")


if __name__ == "__main__":
    main()
