"""Peak memory of fit, test and predict of pictures of 4, 25 and 100 megapixels, and of a volume.

    python benchmarks/large_memory.py [megapixels ...]

Each command runs in a process of its own. What is told is the peak of resident memory (VmHWM of
Linux, reset after the imports) less what was resident after the imports; mapped pages of files
count. The pictures are RGB, 8 bit, made here by a formula with noise: an npy file, a tiled and
compressed TIFF file, and a PNG file.
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
SIDES = {4: 2000, 25: 5000, 100: 10_000}
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
    """A volume in an HDF5 file, in chunks: a ball with waves."""
    import h5py

    path = WORK / f"volume_{side}.h5"
    WORK.mkdir(parents=True, exist_ok=True)
    if not path.exists():
        axis = np.linspace(-1, 1, side, dtype=np.float32)
        square = axis[:, None] ** 2 + axis[None] ** 2
        with h5py.File(path, "w") as file:
            data = file.create_dataset("u", (side,) * 3, np.float32, chunks=(64,) * 3)
            for first in range(0, side, 64):
                x = axis[first : first + 64, None, None]
                data[first : first + 64] = np.sin(12 * np.sqrt(square[None] + x**2))
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


def run(name: str, config: str, preset: str, path: Path, commands: list[str]) -> None:
    """Measure the commands on a file, and keep the card."""
    begun = time.time()
    words = ["--config", str(ROOT / "configs" / f"{config}.yaml")]
    words += ["--config", str(ROOT / "configs" / "presets" / "large" / f"{preset}.yaml")]
    words += ["--data.path", str(path), "--name", name, "--threads", "1"]
    words += ["--trainer.max_steps", str(STEPS), "--trainer.val_check_interval", "15"]
    words += ["--trainer.accelerator", "cpu", "--data.cache", str(WORK / "cache")] * (
        preset == "image"
    )
    shutil.rmtree(WORK / "runs" / name, ignore_errors=True)
    found = {command: measured(command, words) for command in commands}
    card = next((WORK / "runs" / name).glob("version_*/card.json"))
    kept = json.loads(card.read_text())
    size = {"file_gb": path.stat().st_size / 2**30, "card": kept, "memory": found}
    size["measured"] = time.strftime("%Y-%m-%d", time.gmtime(begun))
    FILES.mkdir(exist_ok=True)
    (FILES / f"{name}.json").write_text(json.dumps(size, indent=1).replace(str(ROOT), ".") + "\n")
    print(name, {k: round(v["above_gb"], 2) for k, v in found.items()}, flush=True)


def table() -> None:
    """Write the table from the cards."""
    lines = ["| signal | file, GB | fit | test | predict | CPU s of test |", "|---" * 6 + "|"]
    for path in sorted(FILES.glob("*.json"), key=lambda p: (len(p.stem), p.stem)):
        kept = json.loads(path.read_text())
        memory = kept["memory"]
        cells = [path.stem.replace("_", ", "), f"{kept['file_gb']:.2f}"]
        for command in ("fit", "test", "predict"):
            cells.append(f"{memory[command]['above_gb']:.2f}" if command in memory else "")
        cells.append(f"{memory['test']['cpu_seconds']:.0f}" if "test" in memory else "")
        lines.append(f"| {' | '.join(cells)} |")
    lines += ["", "GB of resident memory at the peak, above those after the imports; one thread."]
    (FILES / "table.md").write_text("\n".join(lines) + "\n")
    print("\n".join(lines))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("megapixels", nargs="*", type=int, help="of 4, 25, 100 (default: all)")
    parser.add_argument("--kinds", nargs="+", default=list(KINDS), help="of npy, tif, png")
    parser.add_argument("--volume", type=int, nargs="*", default=[], help="sides of volumes")
    options = parser.parse_args()
    for megapixels in options.megapixels or ([] if options.volume else list(SIDES)):
        for kind in options.kinds:
            # once the picture is decoded, test and predict read the same map
            commands = ["fit", "test", "predict"] if kind == "npy" else ["fit"]
            source = made(megapixels, kind)
            run(f"{megapixels}_MP_{kind}", "image_inr", "image", source, commands)
    for side in options.volume:
        name = f"volume_of_{side}"
        run(name, "volume_inr", "volume", volume(side), ["fit", "test", "predict"])
    table()
