"""The Stanford bunny as a network: a spectral gate, SIREN and a hash grid at equal parameters.

``python benchmarks/shapes.py run`` fits its signed distance with each, by configs/shape_mesh.yaml,
and tests it at 64^3 points; ``table`` writes ``shapes/table.md``. Finished runs are kept.

The mesh is ``examples/StanfordBunny.ply`` of the wheel of pymeshfix 0.18.1 (AGPL-3.0), which is
installed into a temporary folder and, in a process of its own, closes the holes. The scan is of
the Stanford 3D Scanning Repository, free for research with this credit; neither is part of this
package.
"""

import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import yaml

from runs import ROOT, command, execute, find_card, keep

FILES = Path(__file__).parent / "shapes"
RUNS = ROOT / "runs" / "shapes"
MESH = RUNS / "bunny.ply"
PACKAGE = "pymeshfix==0.18.1"
STEPS = 300
PLAIN = {"first_width": None, "skips": False, "first_activation": None}
MODELS = {  # what each changes in the configuration's task
    "gate": ("spectral gate", {}),
    "siren": (
        "SIREN",
        {
            "network": {
                "init_args": PLAIN
                | {
                    "width": 116,
                    "depth": 3,
                    "first_activation": {"class_path": "Sine", "init_args": {"omega": 120.0}},
                    "activation": {"class_path": "Sine", "init_args": {"omega": 30.0}},
                }
            }
        },
    ),
    "hash": (
        "hash grid and ReLU",
        {
            "network": {
                "init_args": PLAIN
                | {
                    "width": 100,
                    "depth": 2,
                    "activation": "relu",
                    "encoding": {"class_path": "HashGrid", "init_args": {"log2_size": 10}},
                }
            },
            "frequency": 1.0,  # the grids cover the box
            "optimizer": {"init_args": {"lr": 0.01}},
        },
    ),
}
REPAIR = """
import sys
import numpy as np, trimesh, pymeshfix
from pathlib import Path
path = Path(pymeshfix.__file__).parent / "examples" / "StanfordBunny.ply"
mesh = trimesh.load(path, process=False)
parts = pymeshfix.clean_from_arrays(mesh.vertices.astype(float), mesh.faces.astype(np.int32))
trimesh.Trimesh(*parts, process=False).export(sys.argv[1])
"""


def make_mesh() -> None:
    """Write the closed mesh, once."""
    if MESH.is_file():
        return
    MESH.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target", folder]
        subprocess.run([*pip, PACKAGE], check=True)
        code = f"import sys; sys.path.insert(0, {folder!r})\n{REPAIR}"
        subprocess.run([sys.executable, "-c", code, str(MESH)], check=True)


@dataclass(frozen=True)
class Run:
    """One fit.

    Attributes:
        model: One of ``MODELS``.
    """

    model: str

    @property
    def card(self) -> dict:
        """The card of the finished run, or nothing."""
        return find_card(self.model, FILES, RUNS)

    def execute(self) -> None:
        """Fit and test, unless that was done."""
        if self.card and not (RUNS / self.model).is_dir():
            return
        overlay = RUNS / f"{self.model}.yaml"
        overlay.write_text(yaml.safe_dump({"model": {"init_args": MODELS[self.model][1]}}))
        settings = {
            "data.init_args.path": MESH.relative_to(ROOT),
            "trainer.max_steps": STEPS,
            "trainer.val_check_interval": STEPS,
            "trainer.callbacks": "[]",
            "threads": 1,
        }
        configs = [ROOT / "configs" / "shape_mesh.yaml", overlay]
        execute(self.model, configs, RUNS, settings, ckpt="last")
        keep(self.model, find_card(self.model, FILES, RUNS), FILES, RUNS)


def planned() -> list[Run]:
    """All of them, the mesh being there."""
    make_mesh()
    return [Run(model) for model in MODELS]


def table() -> None:
    """Write the table from the cards."""
    lines = [
        "| model | parameters | IoU, 64^3 | Chamfer / diagonal | normals | CPU seconds | engine |",
        "|---" * 7 + "|",
    ]
    for model, (name, _) in MODELS.items():
        card = Run(model).card
        if not card:
            lines.append(f"| {name} | not run" + " | " * 5 + "|")
            continue
        test = card["test"]
        cells = [name, f"{card['parameters']:,}", f"{test['test/iou']:.4f}"]
        cells += [f"{test['test/chamfer_of_diagonal']:.2e}"]
        cells += [f"{test['test/normal_consistency']:.4f}"]
        cells += [f"{card['training']['cpu_seconds']:.0f}", card["engine"]]
        lines.append(f"| {' | '.join(cells)} |")
    lines += ["", f"{STEPS} steps of one seed, one thread of a shared machine; rates not tuned."]
    FILES.mkdir(exist_ok=True)
    (FILES / "table.md").write_text("\n".join(lines) + "\n")
    print("\n".join(lines))


if __name__ == "__main__":
    command(__doc__, [planned], table)
