"""Fixtures of all tests: one thread, a fixed seed, a small reference file, the command line."""

import os
import signal
from pathlib import Path

import pytest
import torch
from lightning.pytorch import Trainer

from sgn_sciml.cli import main
from sgn_sciml.data.reference import burgers_reference

ROOT = Path(__file__).parent.parent
os.environ["JSONARGPARSE_DEPRECATION_WARNINGS"] = "off"  # Lightning's calls, not ours
torch.set_num_threads(1)  # two workers on two cores
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # in a shell's background; tests send it
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(autouse=True)
def seeded():
    torch.manual_seed(0)


@pytest.fixture
def float64():
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(torch.float32)


@pytest.fixture(scope="session")
def reference(tmp_path_factory) -> Path:
    """A small reference file of Burgers' equation."""
    return burgers_reference(tmp_path_factory.mktemp("data") / "burgers.h5", nx=33, nt=9)


@pytest.fixture
def config(tmp_path, reference, monkeypatch) -> Path:
    """A configuration that trains in a second, in an empty working folder."""
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "tiny.yaml"
    path.write_text(
        (ROOT / "tests" / "tiny.yaml").read_text().replace("REFERENCE", str(reference))
    )
    return path


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
def sgn(capfd):
    """Run a command line in this process; returns exit code, standard output and error."""

    def run(*args: object) -> tuple[int, str, str]:
        capfd.readouterr()
        code = main([str(arg) for arg in args])
        out, err = capfd.readouterr()
        return code, out, err

    return run


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
