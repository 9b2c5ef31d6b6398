"""Time and memory of making and reading benchmark data.

    python benchmarks/data.py make      seconds per file, and its solver's convergence
    python benchmarks/data.py load      seconds per epoch against a plain TensorDataset
    python benchmarks/data.py memory    growth of memory over an epoch of a 4 GB file
    python benchmarks/data.py table     the tables, from the cards of the three

Files are written to a temporary folder (--folder to choose another; memory needs 5 GB there).
"""

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from importlib.metadata import version
from pathlib import Path

import h5py
import numpy as np
import torch
from torch.utils.data import DataLoader, TensorDataset

from sgn_sciml.layouts import SgnSamples, open_source
from sgn_sciml.operators import FnoSplit, NoScaling, OperatorData, PDEBenchSplit, Windows

HERE = Path(__file__).with_suffix("")
FILES = {
    "burgers-r10": ("-n 1000 --res 1024", 5),
    "burgers-r10 at 8192": ("-n 1000 --res 8192", 1),
    "burgers-paper": ("-n 1000 --res 1024", 1),
    "burgers-pdebench": ("-n 200", 1),
    "burgers-pdebench, nu = 0.1": ("-n 200 --nu 0.1", 1),
    "advection-pdebench": ("-n 200", 1),
    "darcy": ("-n 1000 --res 85", 1),
    "darcy on 421 nodes": ("-n 200 --res 85 --grid 421", 1),
    "darcy, 211 against 421": ("-n 8 --res 211 --grid 211", 1),
    "darcy-lognormal": ("-n 200 --res 85", 1),
    "navier-stokes-2d": ("-n 10", 1),
    "navier-stokes-2d, nu = 1e-4": ("-n 2 --nu 1e-4 --time 30 --frames 31", 1),
    "navier-stokes-2d, nu = 1e-5": ("-n 2 --nu 1e-5 --time 20 --frames 21", 1),
}


def card(name: str, result: dict[str, object]) -> None:
    """Write a result with what is needed to trust it."""
    git = ["git", "rev-parse", "--short", "HEAD"]
    commit = subprocess.run(git, capture_output=True, text=True, check=True)
    packages = ("sgn-sciml", "numpy", "scipy", "h5py", "torch")
    HERE.mkdir(exist_ok=True)
    about = {
        "benchmark": name,
        "commit": commit.stdout.strip(),
        "versions": {package: version(package) for package in packages},
        "python": platform.python_version(),
        "cores": len(os.sched_getaffinity(0)),
        "result": result,
    }
    (HERE / f"{name}.json").write_text(json.dumps(about, indent=1) + "\n")
    print(json.dumps(result, indent=1))


def make(folder: Path) -> None:
    """Time whole processes of ``sgn data make``; rows that are in the card already are kept."""
    path = folder / "made.h5"
    result = read("make") if (HERE / "make.json").exists() else {}
    for name, (words, repeats) in FILES.items():
        law, options, seconds = name.split(" ")[0].strip(","), words.split(), []
        if name in result:
            continue
        for _ in range(repeats):
            path.unlink(missing_ok=True)
            start = time.perf_counter()
            command = [sys.executable, "-m", "sgn_sciml", "data", "make", law, *options]
            subprocess.run([*command, "-o", path], check=True, capture_output=True)
            seconds.append(time.perf_counter() - start)
        source = SgnSamples(path)
        result[name] = {
            "command": f"sgn data make {law} {words}",
            "seconds": seconds,
            "megabytes": path.stat().st_size / 1e6,
            "convergence": source.about("convergence"),
            "std": {field: source.about(field)["std"] for field in source.fields},
        }
        card("make", result)


def epoch(loader: DataLoader) -> float:
    """Seconds of one pass that touches every value."""
    start = time.perf_counter()
    for batch in loader:
        for field in batch.values() if isinstance(batch, dict) else batch:
            field.sum()
    return time.perf_counter() - start


def load(folder: Path) -> None:
    """Epochs of 1,000 pairs of 1,024 float32 values in batches of 20, shuffled, interleaved."""
    path = folder / "pairs.h5"
    command = [sys.executable, "-m", "sgn_sciml", "data", "make", "burgers-r10", "-n", "1001"]
    subprocess.run([*command, "-o", path], check=True, capture_output=True)
    source = open_source(path)
    tensors = (torch.from_numpy(source.read(name, slice(1000)))[:, None] for name in ("a", "u"))
    loaders = {"TensorDataset": DataLoader(TensorDataset(*tensors), batch_size=20, shuffle=True)}
    kinds = {
        "cached": {},
        "streaming": {"cache": "0"},
        "streaming, 2 workers": {"cache": "0", "num_workers": 2},
    }
    for name, options in kinds.items():
        data = OperatorData(str(path), split=FnoSplit(1000, 1), **options)
        data.setup("fit")
        loaders[name] = data.train_dataloader()
    for loader in loaders.values():
        epoch(loader)  # caches and workers
    seconds = {name: [] for name in loaders}
    for _ in range(15):
        for name, loader in loaders.items():
            seconds[name].append(epoch(loader))
    card("load", {"seconds": seconds})


def resident(peak: bool = False) -> float:
    """Resident memory of this process in MB, at most so far or now."""
    key = "VmHWM" if peak else "VmRSS"
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith(key))


def memory(folder: Path) -> None:
    """Stream whole trajectories of a flat PDEBench file larger than 4 GB."""
    path, samples = folder / "large.hdf5", 5600
    rng = np.random.default_rng(0)
    with h5py.File(path, "w") as file:
        tensor = file.create_dataset("tensor", (samples, 201, 1024), "f4")
        for i in range(0, samples, 100):
            tensor[i : i + 100] = rng.random((100, 201, 1024), np.float32)
        file["x-coordinate"] = (np.arange(1024, dtype="f4") + 0.5) / 1024
        file["t-coordinate"] = np.arange(202, dtype="f4") / 100
        file.attrs["Nu"] = 0.001
    opening = []
    for _ in range(20):
        start = time.perf_counter()
        open_source(path)
        opening.append(time.perf_counter() - start)
    data = OperatorData(
        str(path),
        Windows("tensor", history=200),
        PDEBenchSplit(),
        input_normalizer=NoScaling(),
    )
    data.setup("fit")
    loader = data.train_dataloader()
    before = resident()
    seconds = epoch(loader)
    result = {
        "file_gigabytes": path.stat().st_size / 1e9,
        "opening_seconds": statistics.median(opening),
        "epoch_gigabytes": len(data.groups["train"][0].samples) * 201 * 1024 * 4 / 1e9,
        "epoch_seconds": seconds,
        "resident_before_megabytes": before,
        "resident_peak_growth_megabytes": resident(peak=True) - before,
    }
    path.unlink()
    card("memory", result)


def read(name: str) -> dict:
    """The result of a card."""
    return json.loads((HERE / f"{name}.json").read_text())["result"]


def table() -> None:
    """The cards as Markdown."""
    lines = [
        "| file | command | seconds | MB | solver differs by | from that with | std |",
        "|---|---|---|---|---|---|---|",
    ]
    for name, row in read("make").items():
        found = row["convergence"]
        std = ", ".join(f"{field} {value:.3g}" for field, value in row["std"].items())
        differs = f"{found['relative_difference']:.1e}" if found["against"] else "exact"
        lines.append(
            f"| {name} | `{row['command']}` | {statistics.median(row['seconds']):.1f} "
            f"| {row['megabytes']:.1f} | {differs} | {found['against']} | {std} |"
        )
    seconds = {name: statistics.median(values) for name, values in read("load")["seconds"].items()}
    plain = seconds["TensorDataset"]
    lines += ["", "| epoch of 1,000 pairs | seconds | against TensorDataset |", "|---|---|---|"]
    lines += [f"| {name} | {s:.4f} | {s / plain:.2f}x |" for name, s in seconds.items()]
    found = read("memory")
    lines += ["", "| large file | |", "|---|---|"]
    lines += [f"| {name.replace('_', ' ')} | {value:.4g} |" for name, value in found.items()]
    (HERE / "table.md").write_text("\n".join(lines) + "\n")
    print("\n".join(lines))


def main() -> None:
    """Run one of the benchmarks."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=("make", "load", "memory", "table"))
    parser.add_argument("--folder", type=Path)
    options = parser.parse_args()
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        if options.what == "table":
            table()
        else:
            {"make": make, "load": load, "memory": memory}[options.what](Path(folder))


if __name__ == "__main__":
    main()
