"""Every shipped configuration is run: fit, validate, test and predict, a few steps each."""

import json
import re
from pathlib import Path

import pytest
import torch
import yaml

from sgn_sciml.benchmark_data.solution import reference
from sgn_sciml.layouts import read_grid, write_grid
from sgn_sciml.pde import PROBLEMS
from tests.conftest import ROOT

CONFIGS = sorted((ROOT / "configs").glob("*.yaml"))
SMALL = sorted((ROOT / "configs" / "small").glob("*.yaml"))
PRESETS = sorted((ROOT / "configs" / "presets").glob("*.yaml"))
INVERSE = sorted((ROOT / "configs" / "problems").glob("*.yaml"))
SIGNALS = [path for path in CONFIGS if path.stem.endswith("_inr")]
SHAPES = [path for path in CONFIGS if path.stem.startswith("shape_")]
VISCOUS = "burgers_viscous"  # another constant
PINNS = [path for path in CONFIGS if path.stem.endswith("_pinn")]
UNKNOWN = ROOT / "configs" / "burgers_inverse.yaml"
OPERATORS = [path for path in CONFIGS if path not in [*SIGNALS, *SHAPES, *PINNS, UNKNOWN]]
DRAWN = (
    "burgers_pinn",
    "cavity_pinn",
    "image_inr",
    "shape_mesh",
    "darcy_sgn_fno",
)  # one of each kind
SMALLER = {  # signals that train in no time
    "image_inr": {"size": 16},
    "audio_inr": {"path": "tones", "seconds": 0.02},
    "volume_inr": {"size": 8},
    "field_inr": {},
    "shape_mesh": {"count": 64, "samples": 200, "cells": 8, "resolution": 16, "compared": 200},
    "shape_cloud": {"count": 64, "resolution": 16, "compared": 200},
}


def each(paths):
    """Parameters of a test, those of DRAWN with their figures."""
    marks = {path: [pytest.mark.drawn] * (path.stem in DRAWN) for path in paths}
    return [pytest.param(path, id=path.stem, marks=mark) for path, mark in marks.items()]


@pytest.fixture(autouse=True)
def elsewhere(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "data").symlink_to(ROOT / "data")


def test_there_are_configurations():
    assert CONFIGS
    assert PRESETS


def test_every_operator_has_a_small_overlay():
    assert {path.name for path in SMALL} == {path.name for path in OPERATORS}


def test_an_inverse_problem_runs(reference, sgn, tmp_path):
    content = yaml.safe_load(UNKNOWN.read_text())
    content["model"]["init_args"]["optimizer"]["init_args"]["phases"][0]["steps"] = 1
    content["trainer"] |= {"max_steps": 3, "val_check_interval": 1, "accelerator": "cpu"}
    content["data"]["init_args"] |= {"reference": str(reference), "num_points": 32}
    content["data"]["init_args"]["observations"]["count"] = 30
    short = tmp_path / UNKNOWN.name
    short.write_text(yaml.safe_dump(content))
    for command in ("fit", "validate", "predict", "test"):
        code, out, err = sgn(command, "--config", short)
        assert code == 0, err
    for name in content["model"]["init_args"]["unknown"]:
        assert re.search(rf"{name} .*relative error", out)


def test_every_problem_has_a_configuration():
    assert {path.stem for path in PINNS} == {f"{law}_pinn" for law in [*PROBLEMS, VISCOUS]}


@pytest.mark.parametrize("path", each(PINNS))
def test_a_pinn_runs(path, sgn, tmp_path, monkeypatch):
    content = yaml.safe_load(path.read_text())
    steps = 2
    optimizer = content["model"]["init_args"]["optimizer"]
    for phase in optimizer.get("init_args", {}).get("phases", []):
        phase["steps"] = 1  # one of each
        steps += 1
    content["trainer"] |= {"max_steps": steps, "val_check_interval": 1, "accelerator": "cpu"}
    data = content["data"]["init_args"]
    law = path.stem.removesuffix("_pinn")
    assert data["reference"] == f"data/{law}_reference.h5"
    constants = data["problem"].get("init_args", {})
    problem = PROBLEMS["burgers" if law == VISCOUS else law](**constants)
    assert data["problem"]["class_path"] == type(problem).__name__
    monkeypatch.setattr(type(problem), "exact", lambda self, points: points[:, :1].cos())
    grid = reference(problem, (9,) * len(problem.coordinates))  # some take their time to solve
    data |= {"reference": str(write_grid(tmp_path / "reference.h5", grid)), "num_points": 32}
    short = tmp_path / path.name
    short.write_text(yaml.safe_dump(content))
    predicts = law in ("burgers", "poisson", "helmholtz")  # one of each kind
    for command in ("fit", *(("validate",) if law == "burgers" else ()), "test"):
        code, _, err = sgn(command, "--config", short)
        assert code == 0, err
    run = tmp_path / "runs" / path.stem / "version_0"
    assert (run / "figures" / f"{problem.fields[0]}.png").is_file()
    if not predicts:
        return
    code, _, err = sgn("predict", "--config", short)
    assert code == 0, err
    predicted = read_grid(run / "predictions.h5")
    assert predicted.parameters == problem.parameters
    for name, values in predicted.coordinates.items():
        assert torch.equal(values, grid.coordinates[name])


def short(path, *more):
    """Words of a run of two steps with the shipped data."""
    files = [path, ROOT / "configs" / "small" / path.name, *more]
    words = [word for file in files for word in ("--config", file)]
    quick = {"trainer.max_steps": 2, "trainer.val_check_interval": 1, "trainer.accelerator": "cpu"}
    quick["threads"] = 1  # two would wait for one another, busily, where two tests share two cores
    quick |= {f"trainer.limit_{part}_batches": 2 for part in ("val", "test", "predict")}
    quick["data.init_args.batch_size"] = 2
    return [*words, *(word for k, v in quick.items() for word in (f"--{k}", v))]


def quick(config, **more):
    """Words of a run of two steps with a signal's configuration."""
    found = {"trainer.max_steps": 2, "trainer.val_check_interval": 1, "trainer.accelerator": "cpu"}
    found |= {f"data.init_args.{k}": v for k, v in (SMALLER[config.stem] | more).items()}
    return ["--config", config, *(word for k, v in found.items() for word in (f"--{k}", v))]


def test_the_network_takes_the_channels_of_the_signal(sgn):
    words = quick(ROOT / "configs" / "image_inr.yaml", path="astronaut")
    code, _, err = sgn("fit", *words)
    assert code == 0, err
    resolved = yaml.safe_load(Path("runs/image_inr/version_0/config.yaml").read_text())
    assert resolved["model"]["init_args"]["network"]["init_args"]["out_features"] == 3


def test_a_checkpoint_of_another_signal_is_refused(sgn):
    path = ROOT / "configs" / "image_inr.yaml"
    assert sgn("fit", *quick(path))[0] == 0
    code, _, err = sgn("test", *quick(path, path="astronaut"))
    assert code == 1
    assert "2 axes and 1 channels, this one 2 and 3" in err


def test_a_budget_takes_the_place_of_the_steps(sgn):
    words = quick(ROOT / "configs" / "image_inr.yaml")
    code, _, err = sgn("fit", *words, "--budget", "3")
    assert code == 0, err
    assert json.loads(Path("runs/image_inr/version_0/card.json").read_text())["steps"] == 3


@pytest.mark.parametrize("path", each(SIGNALS))
def test_a_signal_is_fitted(path, sgn):
    words = quick(path)
    for command in ("fit", "validate", "test", "predict"):
        code, _, err = sgn(command, *words)
        assert code == 0, err


@pytest.mark.parametrize("path", each(SHAPES))
def test_a_shape_is_fitted(path, sgn):
    for command in ("fit", "test", "predict"):
        code, out, err = sgn(command, *quick(path))
        assert code == 0, err
    assert "predictions.ply" in out


@pytest.mark.parametrize("path", each(OPERATORS))
def test_an_operator_runs_with_its_small_overlay(path, sgn):
    commands = ["fit", "test", *(["predict"] if "sgn" in path.name else [])]
    commands += ["validate"] if path.stem == "burgers_sgn_fno" else []
    for command in commands:
        code, _, err = sgn(command, *short(path))
        assert code == 0, err


@pytest.mark.parametrize("preset", PRESETS, ids=lambda p: p.stem)
def test_a_preset_changes_a_configuration(preset, sgn):
    code, _, err = sgn("fit", *short(ROOT / "configs" / "burgers_fno.yaml", preset))
    assert code == 0, err


@pytest.mark.parametrize("problem", INVERSE, ids=lambda p: p.stem)
def test_an_inverse_problem_changes_a_configuration(problem, sgn):
    words = quick(ROOT / "configs" / "image_inr.yaml", size=12)
    code, _, err = sgn("fit", *words, "--config", problem, "--trainer.max_steps", "2")
    assert code == 0, err
    code, out, err = sgn("test", *words, "--config", problem)
    assert code == 0, err
    assert "PSNR" in out
