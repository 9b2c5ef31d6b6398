"""Runs of version 0.1 are tested to the numbers that they had then, under the paths of today."""

import json
import shutil
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

from sgn_sciml.system import moved
from tests.conftest import ROOT

RUNS = ROOT / "tests" / "former"  # made by `sgn fit` before modules moved, without optimiser state


@pytest.fixture
def former(tmp_path, reference, monkeypatch):
    """The runs in an empty working folder, with the data they name."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(moved, "_told", [])
    shutil.copytree(RUNS, "runs")
    shutil.copy(reference, "burgers.h5")
    shutil.copy(ROOT / "data" / "small" / "burgers_r10_64.h5", "small.h5")


@pytest.mark.parametrize(
    ("name", "metric", "value"),
    [
        ("pinn", "test/relative_l2", 0.45904669823647176),
        ("pinn", "test/loss", 0.4465954005718231),
        ("operator", "test/relative_l2", 0.9892174295381665),
    ],
)
def test_a_former_run_has_the_same_error(former, sgn, name, metric, value):
    folder = Path("runs") / name / "version_0"
    with pytest.warns(DeprecationWarning, match="former paths work for one release") as told:
        code, _, err = sgn("test", "--config", folder / "config.yaml")
    assert code == 0, err
    test = json.loads((folder / "card.json").read_text())["test"]
    assert test[metric] == pytest.approx(value, rel=1e-6)
    assert len([each for each in told if each.category is DeprecationWarning]) == 1


def test_the_warning_is_one_line_on_the_screen():
    code = "from sgn_sciml.data.grid import GridFields, read_grid"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    (line,) = done.stderr.splitlines()
    assert "DeprecationWarning: sgn_sciml.data.grid.GridFields is sgn_sciml.layouts" in line


def test_former_modules_are_found(monkeypatch):
    from sgn_sciml.operators.losses import FrameL2

    monkeypatch.setattr(moved, "_told", [])
    losses = import_module("sgn_sciml.tasks.losses")
    with pytest.warns(DeprecationWarning, match="one release"):
        assert losses.FrameL2 is FrameL2
    with pytest.raises(AttributeError, match="unheard_of"):
        _ = losses.unheard_of
