"""DeepXDE's Burgers example for as many CPU seconds as ``make run`` takes.

``python benchmarks/burgers_peer.py run --peers peers/bin/python`` writes its card
with the Python of an environment that has DeepXDE (``pip install torch==2.13.0 deepxde==1.15.0
h5py``), in double and in single precision, one thread each; ``table`` prints it beside our card.
"""

import argparse
import json
import subprocess
from pathlib import Path

import torch

from runs import ROOT
from sgn_sciml.system.machine import describe_machine

FILES = Path(__file__).parent / "burgers_peer"
OURS = Path(__file__).parent / "burgers" / "make_run.json"


def run(python: str) -> None:
    """Run the example in both precisions."""
    seconds = json.loads(OURS.read_text())["training"]["cpu_seconds"]
    reference = ROOT / "data" / "burgers_reference.h5"
    if not reference.is_file():
        raise SystemExit("no reference: sgn data make burgers-reference")
    card = {"machine": describe_machine(torch.device("cpu")), "deepxde": "1.15.0"}
    for dtype in ("float64", "float32"):
        words = [python, FILES / "deepxde_example.py", dtype, str(seconds), reference]
        done = subprocess.run(words, capture_output=True, text=True, check=True)
        card[dtype] = json.loads(done.stdout.splitlines()[-1])
        print(dtype, card[dtype], flush=True)
        (FILES / "card.json").write_text(json.dumps(card, indent=1, sort_keys=True) + "\n")


def table() -> None:
    """Print the table."""
    ours, peer = json.loads(OURS.read_text()), json.loads((FILES / "card.json").read_text())
    print("| | relative L2 | CPU s |", "|---|---|---|", sep="\n")
    error, seconds = ours["test"]["test/relative_l2"], ours["training"]["cpu_seconds"]
    print(f"| `make run` | {error:.1e} | {seconds:.0f} |")
    for dtype in ("float64", "float32"):
        found = peer[dtype]
        steps = f"{found['steps']['adam']:,} of Adam, {found['steps']['lbfgs']:,} of L-BFGS"
        print(
            f"| DeepXDE's example, {dtype}, {steps} "
            f"| {found['relative_l2']:.1e} | {found['cpu_seconds']:.0f} |"
        )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("verb", choices=["run", "table"])
    parser.add_argument("--peers", default="peers/bin/python", help="Python that has DeepXDE")
    options = parser.parse_args()
    table() if options.verb == "table" else run(options.peers)
