"""Fixtures of all tests: one thread, a fixed seed, a small reference file, the command line."""

import os
import shutil
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from lightning.pytorch import Trainer
from matplotlib.figure import Figure
from matplotlib.image import imsave

from sgn_sciml.app.cli import main
from sgn_sciml.benchmark_data.solution import burgers_reference
from sgn_sciml.system.locks import held
from tests.cards import FIRST, FURTHER

ROOT = Path(__file__).parent.parent
os.environ["JSONARGPARSE_DEPRECATION_WARNINGS"] = "off"  # Lightning's calls, not ours
torch.set_num_threads(1)  # two workers on two cores
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # in a shell's background; tests send it
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(autouse=True)
def seeded():
    torch.manual_seed(0)
    torch.set_num_threads(1)  # a configuration with more leaves them to all tests that follow


@pytest.fixture
def float64():
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(torch.float32)


@pytest.fixture(scope="session")
def once(tmp_path_factory) -> Callable[[str, Callable[[Path], object]], Path]:
    """Fill a folder of some name in one of the test processes, for all of them."""
    own = tmp_path_factory.getbasetemp()
    shared = own.parent if "PYTEST_XDIST_WORKER" in os.environ else own

    def fill(name: str, make: Callable[[Path], object]) -> Path:
        folder = shared / name
        with held(shared / f"{name}.lock", f"{name} is being made", patience=900):
            if not (folder / "done").exists():
                folder.mkdir()  # an error leaves it, and is the error of every test that asks
                make(folder)
                (folder / "done").touch()
        return folder

    return fill


@pytest.fixture(scope="session")
def reference(tmp_path_factory) -> Path:
    """A small reference file of Burgers' equation."""
    return burgers_reference(tmp_path_factory.mktemp("data") / "burgers.h5", nx=33, nt=9)


def write_config(folder: Path, reference: Path) -> Path:
    path = folder / "tiny.yaml"
    text = (ROOT / "tests" / "tiny.yaml").read_text()
    path.write_text(text.replace("REFERENCE", str(reference)))
    return path


@pytest.fixture
def config(tmp_path, reference, monkeypatch) -> Path:
    """A configuration that trains in a second, in an empty working folder."""
    monkeypatch.chdir(tmp_path)
    return write_config(tmp_path, reference)


@pytest.fixture(scope="session")
def its_runs(once, reference) -> Path:
    """What training with it leaves."""

    def train(folder: Path) -> None:
        here = Path.cwd()
        os.chdir(folder)
        try:
            assert main(["fit", "--config", str(write_config(folder, reference))]) == 0
        finally:
            os.chdir(here)

    return once("trained", train) / "runs"


@pytest.fixture
def trained(config, its_runs) -> Path:
    """The same configuration after its 8 steps of training."""
    shutil.copytree(its_runs, "runs")
    return config


@pytest.fixture
def operator_config(tmp_path, monkeypatch) -> Path:
    """A configuration of an operator that trains in seconds, in an empty working folder."""
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "tiny.yaml"
    small = ROOT / "data" / "small" / "burgers_r10_64.h5"
    text = (ROOT / "tests" / "tiny_operator.yaml").read_text()
    path.write_text(text.replace("SMALL", str(small)))
    return path


@pytest.fixture
def signal_config(tmp_path, monkeypatch) -> Path:
    """A configuration that fits a signal in seconds, in an empty working folder."""
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "tiny.yaml"
    path.write_text((ROOT / "tests" / "tiny_signal.yaml").read_text())
    return path


@pytest.fixture
def sgn(capfd, monkeypatch, request):
    """Run a command line in this process; returns exit code, standard output and error.

    Figures are made, and drawn only for tests marked ``drawn``: it is half of a short run.
    """
    if not request.node.get_closest_marker("drawn"):
        monkeypatch.setattr(Figure, "savefig", blank)

    def run(*args: object) -> tuple[int, str, str]:
        capfd.readouterr()
        code = main([str(arg) for arg in args])
        out, err = capfd.readouterr()
        return code, out, err

    return run


def blank(figure: Figure, to: Any, **kwargs: object) -> None:
    """A picture of one pixel in place of the figure."""
    imsave(to, np.zeros((1, 1, 3)), format="png")


@pytest.fixture
def card():
    """The card of a tested operator."""
    grids = {"burgers@64": 64, "burgers@512": 512, "burgers@16": 16}
    sets = [{"name": k, "samples": 200, "grid": {"x": n}} for k, n in grids.items()]
    return {
        "run": "burgers/version_0",
        "steps": 1234,
        "parameters": 4321,
        "precision": "32-true",
        "training": {"wall_seconds": 12.3},
        "test": {
            "checkpoint": "best.ckpt of step 1200",
            "data": {"grid": {"x": 64}, "test_sets": sets},
            **FIRST,
            **FURTHER,
        },
    }


@pytest.fixture
def trainer(tmp_path):
    """Make a Trainer of a few steps on the CPU, silent, which leaves nothing behind."""

    def make(**kwargs: object) -> Trainer:
        options = {
            "accelerator": "cpu",
            "max_epochs": -1,
            "max_steps": 4,
            "check_val_every_n_epoch": None,
            "val_check_interval": 2,
            "num_sanity_val_steps": 0,
            "inference_mode": False,
            "use_distributed_sampler": False,
            "enable_progress_bar": False,
            "enable_model_summary": False,
            "logger": False,
            "enable_checkpointing": False,
            "default_root_dir": tmp_path,
        }
        return Trainer(**(options | kwargs))

    return make


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest first, so that no process waits for another one's last test."""
    long = (".ipynb", "test_slurm.py", "test_ddp.py", "test_resume.py")
    items.sort(key=lambda item: not item.path.name.endswith(long))
