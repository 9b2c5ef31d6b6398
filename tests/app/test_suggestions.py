"""A slip in a configuration is answered by the name that was meant; other errors by one line."""

import sys

import pytest
import yaml

CONFIG = {
    "trainer": {"max_steps": 2, "accelerator": "cpu", "val_check_interval": 1},
    "model": {
        "class_path": "PINN",
        "init_args": {
            "network": {
                "class_path": "CoordinateMLP",
                "init_args": {"in_features": 1, "width": 4, "depth": 1, "activation": "tanh"},
            },
            "optimizer": {"class_path": "torch.optim.Adam"},
        },
    },
    "data": {
        "class_path": "Collocation",
        "init_args": {"problem": {"class_path": "Poisson"}, "num_points": 20},
    },
}


@pytest.fixture
def fit(sgn, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])

    def run(*words, old="", new=""):
        text = yaml.safe_dump(CONFIG)
        assert old in text
        (tmp_path / "mine.yaml").write_text(text.replace(old, new))
        code, out, err = sgn("fit", "--config", "mine.yaml", *words)
        return code, out, err.splitlines()[-1] if err else ""

    return run


SLIPS = {
    ("class_path: CoordinateMLP", "class_path: CoordinateMPL"): (
        "model.network: no class CoordinateMPL; did you mean CoordinateMLP?"
    ),
    ("class_path: Poisson", "class_path: Poison"): "data.problem: no class Poison; did you mean",
    ("torch.optim.Adam", "torch.optim.Adan"): "no Adan in torch.optim; did you mean Adam",
    ("class_path: PINN", "class_path: sgn_sciml.pinn.PIN"): "did you mean PINN?",
    ("width: 4", "widht: 4"): "CoordinateMLP takes no widht; did you mean width",
    ("num_points: 20", "num_pints: 20"): "Collocation takes no num_pints; did you mean num_points",
    ("max_steps: 2", "max_step: 2"): "no option trainer.max_step; did you mean max_steps",
    ("activation: tanh", "activation: {class_path: Elementwis}"): "did you mean Elementwise?",
    ("activation: tanh", "activation: tahn"): "no class tahn; did you mean tanh?",
    (
        "activation: tanh",
        "activation: torch.tanh",
    ): "torch.tanh is a function: give its name",
    ("class_path: Poisson", "class_path: nowhere.Poisson"): "no module 'nowhere'; looked in",
}


@pytest.mark.parametrize("slip", SLIPS)
def test_a_slip_is_answered_by_what_was_meant(slip, fit, tmp_path):
    code, _, error = fit(old=slip[0], new=slip[1])
    assert code == 1
    assert SLIPS[slip] in error
    assert not (tmp_path / "runs").exists()


@pytest.mark.parametrize(
    ("words", "meant"),
    [
        (["--model.netwrk", "CoordinateMLP"], "did you mean network"),
        (["--model.optimizer", "torch.optim.Adam", "--model.optimizer.lrr", "1"], "mean lr"),
        (["--treads", "3"], "did you mean threads"),
        (["--data.problem", "Burger"], "did you mean Burgers"),
    ],
)
def test_so_are_words_of_the_command_line(words, meant, fit):
    code, _, error = fit(*words)
    assert code == 1
    assert meant in error


def test_a_folder_is_no_configuration(sgn, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "place").mkdir()
    code, _, err = sgn("fit", "--config", "place")
    assert (code, "place is a folder, not a configuration" in err) == (1, True)


OWN = """
import torch

class Ripple(torch.nn.Module):
    def __init__(self, size: int = 1):
        super().__init__()
        self.layer = torch.nn.Linear(size, 1)
        {more}

    def forward(self, x):
        return torch.sin(self.layer(x))
"""


def test_a_module_beside_the_configuration_is_found(sgn, tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "path", [*sys.path])
    monkeypatch.chdir(tmp_path)
    (tmp_path / "there").mkdir()
    (tmp_path / "there" / "ripple_beside.py").write_text(OWN.format(more=""))
    settings = yaml.safe_load(yaml.safe_dump(CONFIG))
    settings["model"]["init_args"]["network"] = {"class_path": "ripple_beside.Ripple"}
    (tmp_path / "there" / "mine.yaml").write_text(yaml.safe_dump(settings))
    code, _, err = sgn("fit", "--config", "there/mine.yaml")
    assert code == 0, err


def test_an_error_of_ones_own_network_is_one_line_with_its_name(sgn, tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "path", [*sys.path])
    monkeypatch.chdir(tmp_path)
    (tmp_path / "ripple_broken.py").write_text(OWN.format(more="self.width = self.layers.width"))
    settings = yaml.safe_load(yaml.safe_dump(CONFIG))
    settings["model"]["init_args"]["network"] = {"class_path": "ripple_broken.Ripple"}
    (tmp_path / "mine.yaml").write_text(yaml.safe_dump(settings))
    code, _, err = sgn("fit", "--config", "mine.yaml")
    assert code == 1
    assert "Traceback" not in err
    assert "class_path 'ripple_broken.Ripple': 'Ripple' object has no attribute 'layers'" in err
    assert not (tmp_path / "runs").exists()
