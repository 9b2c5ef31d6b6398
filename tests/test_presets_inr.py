"""The rivals of the picture configuration: each trains, with the base's number of parameters."""

import csv
import json
from functools import partial

import pytest
import torch
import yaml

from sgn_sciml.layers import DenseGate
from sgn_sciml.networks import CoordinateMLP
from tests.conftest import ROOT

BASE = ROOT / "configs" / "image_inr.yaml"
FOLDER = ROOT / "configs" / "presets" / "inr"
ADAM = FOLDER / "adam.yaml"
RIVALS = sorted(path for path in FOLDER.glob("*.yaml") if path != ADAM)
PARAMETERS = 50_977  # of the base
SLOW = ("fan", "gelu", "wire_complex")  # as published, and no rate makes them quick


@pytest.fixture(autouse=True)
def elsewhere(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def fit(sgn, tmp_path):
    """Train some steps on a small picture; returns the card, with the loss of each step."""

    def run(*files, steps=2):
        quick = {"trainer.max_steps": steps, "trainer.val_check_interval": steps}
        quick |= {"trainer.accelerator": "cpu", "trainer.log_every_n_steps": 1, "name": "small"}
        quick |= {"data.init_args.size": 24}
        code, _, err = sgn(
            "fit", *words(files), *(w for k, v in quick.items() for w in (f"--{k}", v))
        )
        assert code == 0, err
        folder = tmp_path / "runs" / "small" / "version_0"
        with (folder / "metrics.csv").open(newline="") as file:
            told = [row["train/loss"] for row in csv.DictReader(file)]
        losses = [float(loss) for loss in told if loss]
        return json.loads((folder / "card.json").read_text()) | {"losses": losses}

    return run


@pytest.fixture
def resolved(capfd):
    """The arguments of the task that configurations come to."""
    from sgn_sciml.app.training import train

    def resolve(*files):
        capfd.readouterr()
        with pytest.raises(SystemExit):
            train([str(word) for word in ("fit", *words(files), "--print_config")])
        return yaml.safe_load(capfd.readouterr().out)["model"]["init_args"]

    return resolve


def words(files):
    return [word for file in (BASE, *files) for word in ("--config", file)]


def given(path):
    return yaml.safe_load(path.read_text())["model"]["init_args"]


def test_the_base_has_the_parameters_that_rivals_are_measured_by(fit):
    assert fit()["parameters"] == PARAMETERS


def test_there_are_rivals():
    assert len(RIVALS) == 22


@pytest.mark.parametrize("path", RIVALS, ids=lambda p: p.stem)
def test_a_rival_trains_with_equal_parameters_and_no_gate_left(path, fit):
    card = fit(path, steps=60)
    assert card["steps"] == 60
    first, *_, last = card["losses"]
    assert last * (1.4 if path.stem in SLOW else 10) < first
    assert card["parameters"] == pytest.approx(PARAMETERS, rel=0.02)
    kernel = "torch" if path.stem == "cam" else "kernel in float32"  # as the base: times compare
    assert card["engine"].startswith(kernel)
    words = json.dumps(card["network"])
    assert ("SineGate" in words) == (path.stem == "cam")
    assert ("DenseGate" in words) == (path.stem == "sgn_dense")


@pytest.mark.parametrize("name", ["sgn_dense", "siren"])  # factors of its own, and none
def test_adam_replaces_muon_and_keeps_rate_and_factors(name, resolved):
    path = FOLDER / f"{name}.yaml"
    rates = given(path)["optimizer"]["init_args"]
    assert resolved(path, ADAM)["optimizer"] == {
        "class_path": "sgn_sciml.optim.GroupAdam",
        "init_args": {"lr": rates["lr"], "factors": rates["factors"], "betas": [0.9, 0.999]},
    }


def test_adam_trains_the_dense_gate(fit):
    assert fit(FOLDER / "sgn_dense.yaml", ADAM)["steps"] == 2


def test_dense_gates_start_with_input_frequencies_of_40_radians():
    options = given(FOLDER / "sgn_dense.yaml")["network"]["init_args"]
    first = options["first_activation"]["init_args"]
    squares = []
    for _ in range(30):
        network = CoordinateMLP(2, 1, options["width"], 1, partial(DenseGate, **first))
        ((linear, gate),) = network.hidden()
        squares.append((gate.spectral.frequencies @ linear.weight).square().mean())
    assert torch.stack(squares).mean().sqrt().item() == pytest.approx(40, rel=0.05)
