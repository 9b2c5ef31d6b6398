"""The problems of ``examples/``: short, and each runs in small as it is written."""

import runpy
import sys
from pathlib import Path

import lightning
import pytest
import yaml

from tests.conftest import ROOT

FOLDER = ROOT / "examples"
CONFIGS = sorted(FOLDER.glob("*.yaml"))
ALONE = sorted(p for p in FOLDER.glob("*.py") if p.with_suffix(".yaml") not in CONFIGS)
COARSE = {"class_path": "LocalLeastSquares", "init_args": {"tolerance": 0.01}}


def by_name(paths):
    return pytest.mark.parametrize("path", paths, ids=lambda path: path.stem)


@pytest.fixture(autouse=True)
def elsewhere(tmp_path, monkeypatch):
    """An empty working folder, and no trace of the examples' modules."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    yield
    for path in FOLDER.glob("*.py"):
        sys.modules.pop(path.stem, None)


@by_name(CONFIGS)
def test_a_problem_with_its_configuration(path, sgn, caplog):
    code = path.with_suffix(".py").read_text()
    assert len(code.splitlines()) <= 40
    assert len(path.read_text().splitlines()) <= 20
    data = yaml.safe_load(path.read_text())["data"]["init_args"]
    small = {"trainer.max_steps": 1, "trainer.val_check_interval": 1, "data.num_points": 40}
    small |= {"data.num_condition_points": 10, "trainer.enable_progress_bar": "false"}
    small |= {"model.optimizer.init_args.max_iter": 1} if "LevenbergM" in path.read_text() else {}
    if "LocalLeastSquares" in str(data.get("reference")):
        small["data.reference"] = COARSE
    words = [word for key, value in small.items() for word in (f"--{key}", value)]
    code, _, err = sgn("fit", "--config", path, *words)
    assert code == 0, err
    code, out, err = sgn("test", "--config", f"runs/{path.stem}/version_0/config.yaml")
    assert code == 0, err
    assert "relative L2" in out
    assert "nested autograd" not in caplog.text  # which is slow


@by_name(ALONE)
def test_python_alone(path, monkeypatch, capsys):
    assert len(path.read_text().splitlines()) <= 25

    class Short(lightning.Trainer):
        def __init__(self, **options):
            quiet = {"enable_progress_bar": False, "enable_model_summary": False}
            super().__init__(**options | quiet | {"max_steps": 1, "log_every_n_steps": 1})

    monkeypatch.setattr(lightning, "Trainer", Short)
    runpy.run_path(str(path), run_name="__main__")
    assert "relative L2" in capsys.readouterr().out
    assert list(Path().rglob("*.ckpt"))
