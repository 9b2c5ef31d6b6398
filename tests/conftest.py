"""Fixtures of all tests: one thread, a fixed seed, a small reference file, the command line."""

import os
from pathlib import Path

import pytest
import torch

from sgn_sciml.cli import main
from sgn_sciml.data.make import burgers_reference

ROOT = Path(__file__).parent.parent
os.environ["JSONARGPARSE_DEPRECATION_WARNINGS"] = "off"  # Lightning's calls, not ours
torch.set_num_threads(1)  # two workers on two cores


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
def sgn(capfd):
    """Run a command line in this process; returns exit code, standard output and error."""

    def run(*args: object) -> tuple[int, str, str]:
        capfd.readouterr()
        code = main([str(arg) for arg in args])
        out, err = capfd.readouterr()
        return code, out, err

    return run
