"""Peak memory of fit, test and predict: pictures of 1, 10 and 100 megapixels, volumes up to 1 GB.

    python benchmarks/large_memory.py pictures volumes

Each command runs in a process of its own. What is told is the peak of resident memory (VmHWM of
Linux, reset after the imports) less what was resident after the imports; mapped pages of files
count. The pictures are RGB, 8 bit, made here by a formula with noise: an npy file, a tiled and
compressed TIFF file, and a PNG file. The volumes have three components in float32.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import numpy as np

from runs import ROOT

FILES = Path(__file__).parent / "large_memory"
WORK = ROOT / "runs" / "large_memory"
SIDES = {1: 1000, 10: 3162, 100: 10_000}
VOLUMES = (80, 200, 440)  # 6 MB, 96 MB and 1 GB
ROWS = 500
STEPS = 30
TILE = 256
KINDS = ("npy", "tif", "png")
CHILD = """
import json, os, sys, time
import sgn_sciml.app.training, sgn_sciml.app.registry, matplotlib.pyplot, skimage.io, tifffile
from sgn_sciml.app.cli import main
def told(name):
    return next(int(l.split()[1]) for l in open("/proc/self/status") if l.startswith(name)) / 2**20
before = told("VmRSS")
open("/proc/self/clear_refs", "w").write("5")
begun, cpu = time.perf_counter(), time.process_time()
code = main(sys.argv[2:])
found = {"imports_gb": before, "above_gb": told("VmHWM") - before, "code": code,
         "seconds": time.perf_counter() - begun, "cpu_seconds": time.process_time() - cpu}
open(sys.argv[1], "w").write(json.dumps(found))
"""


def strip(top: int, side: int) -> np.ndarray:
    """Some rows of the picture."""
    generator = np.random.default_rng(top)
    y = (np.arange(top, min(top + ROWS, side)) / side)[:, None]
    x = (np.arange(side) / side)[None]
    waves = [np.sin(400 * x * y), np.cos(300 * (x - y)), np.sin(90 * x) * np.cos(70 * y)]
    noise = generator.normal(0, 0.02, (len(y), side, 3))
    return ((np.stack(waves, -1) / 2.2 + 0.5 + noise).clip(0, 1) * 255).astype(np.uint8)


def made(megapixels: int, kind: str) -> Path:
    """The picture in a file."""
    from PIL import Image
    from tifffile import imwrite

    side = SIDES[megapixels]
    path = WORK / f"{megapixels}.{kind}"
    if path.exists():
        return path
    WORK.mkdir(parents=True, exist_ok=True)
    pixels = np.concatenate([strip(top, side) for top in range(0, side, ROWS)])
    if kind == "npy":
        np.save(path, pixels)
    elif kind == "tif":
        imwrite(path, pixels, photometric="rgb", tile=(TILE, TILE), compression="zlib")
    else:
        Image.fromarray(pixels).save(path, compress_level=1)
    return path


def volume(side: int) -> Path:
    """A field of three components in an HDF5 file, in chunks: waves around the middle."""
    import h5py

    path = WORK / f"volume_{side}.h5"
    WORK.mkdir(parents=True, exist_ok=True)
    if not path.exists():
        axis = np.linspace(-1, 1, side, dtype=np.float32)
        square = axis[:, None] ** 2 + axis[None] ** 2
        with h5py.File(path, "w") as file:
            data = file.create_dataset(
                "u", (3, side, side, side), np.float32, chunks=(1, *[40] * 3)
            )
            for first in range(0, side, 40):
                x = axis[first : first + 40, None, None]
                for k in range(3):
                    data[k, first : first + 40] = np.sin(8 * (k + 1) * np.sqrt(square + x**2))
    return path


def measured(command: str, words: list[str]) -> dict:
    """What a command takes in a process of its own."""
    told = WORK / "told.json"
    told.unlink(missing_ok=True)
    env = os.environ | {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    line = [sys.executable, "-c", CHILD, str(told), command, *words]
    done = subprocess.run(line, env=env, cwd=WORK, capture_output=True, text=True)
    if done.returncode or not told.exists():
        raise SystemExit(f"{command}: {done.stderr[-2000:]}")
    found = json.loads(told.read_text())
    if found["code"]:
        raise SystemExit(f"{command}: {done.stderr[-2000:]}")
    return found


def run(name: str, kind: str, path: Path, commands: list[str]) -> None:
    """Measure the commands on a file, and keep the card."""
    begun = time.time()
    words = ["--config", str(ROOT / "configs" / f"{kind}_inr.yaml")]
    words += ["--config", str(ROOT / "configs" / "presets" / "large" / f"{kind}.yaml")]
    words += ["--data.path", str(path), "--name", name, "--threads", "1"]
    words += ["--trainer.max_steps", str(STEPS), "--trainer.val_check_interval", "15"]
    words += ["--trainer.accelerator", "cpu"]
    if kind == "image":
        words += ["--data.cache", str(WORK / "cache")]
    else:
        words += ["--data.channels_last", "false"]
    shutil.rmtree(WORK / "runs" / name, ignore_errors=True)
    found = {command: measured(command, words) for command in commands}
    card = next((WORK / "runs" / name).glob("version_*/card.json"))
    kept = json.loads(card.read_text())
    size = {"file_gb": path.stat().st_size / 2**30, "card": kept, "memory": found}
    size["measured"] = time.strftime("%Y-%m-%d", time.gmtime(begun))
    FILES.mkdir(exist_ok=True)
    (FILES / f"{name}.json").write_text(json.dumps(size, indent=1).replace(str(ROOT), ".") + "\n")
    print(name, {k: round(v["above_gb"], 3) for k, v in found.items()}, flush=True)


def size_of(path: Path) -> tuple[bool, str, int]:
    """By what the table is sorted: pictures first, each kind of file by size."""
    number, *_, kind = path.stem.split("_")
    return (kind == "volume", "" if kind == "volume" else kind, int(number))


def table() -> None:
    """Write the table from the cards."""
    head = ["signal", "file, GB", "fit", "test", "predict", "CPU s: fit", "test", "predict"]
    lines = [f"| {' | '.join(head)} |", "|---" * len(head) + "|"]
    for path in sorted(FILES.glob("*.json"), key=size_of):
        kept = json.loads(path.read_text())
        memory = kept["memory"]
        cells = [path.stem.replace("_", " "), f"{kept['file_gb']:.3f}"]
        for measure, form in (("above_gb", "{:.2f}"), ("cpu_seconds", "{:.0f}")):
            for command in ("fit", "test", "predict"):
                cells.append(form.format(memory[command][measure]) if command in memory else "")
        lines.append(f"| {' | '.join(cells)} |")
    imports = max(
        found["imports_gb"]
        for path in FILES.glob("*.json")
        for found in json.loads(path.read_text())["memory"].values()
    )
    lines += [
        "",
        f"Memory is GB at the peak above the {imports:.2f} that the imports take, pages of mapped",
        f"files included; one thread, {STEPS} steps. Made by `python benchmarks/large_memory.py`.",
    ]
    (FILES / "table.md").write_text("\n".join(lines) + "\n")
    print("\n".join(lines))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("what", nargs="+", choices=["pictures", "volumes", "table"])
    parser.add_argument("--megapixels", nargs="+", type=int, choices=SIDES, default=list(SIDES))
    parser.add_argument("--kinds", nargs="+", choices=KINDS, default=list(KINDS))
    parser.add_argument("--sides", nargs="+", type=int, default=list(VOLUMES), help="of volumes")
    options = parser.parse_args()
    every = ["fit", "test", "predict"]
    for megapixels in options.megapixels if "pictures" in options.what else []:
        for form in options.kinds:
            # once the picture is decoded, test and predict read the same map
            source = made(megapixels, form)
            run(f"{megapixels}_MP_{form}", "image", source, every if form == "npy" else ["fit"])
    for side in options.sides if "volumes" in options.what else []:
        run(f"{side}_cubed_volume", "volume", volume(side), every)
    table()
