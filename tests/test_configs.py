"""Every shipped configuration is run: fit, validate, test and predict, a few steps each."""

import pytest
import yaml

from tests.conftest import ROOT

CONFIGS = sorted((ROOT / "configs").glob("*.yaml"))


@pytest.fixture(autouse=True)
def elsewhere(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def test_there_are_configurations():
    assert CONFIGS


@pytest.mark.parametrize("path", CONFIGS, ids=lambda p: p.stem)
def test_configuration_runs(path, reference, sgn, tmp_path):
    content = yaml.safe_load(path.read_text())
    steps = 2
    for phase in content["model"]["init_args"]["optimizer"]["init_args"].get("phases", []):
        phase["steps"] = 1  # one of each
        steps += 1
    content["trainer"] |= {"max_steps": steps, "val_check_interval": 1, "accelerator": "cpu"}
    content["data"]["init_args"] |= {"reference": str(reference), "num_points": 32}
    short = tmp_path / path.name
    short.write_text(yaml.safe_dump(content))
    for command in ("fit", "validate", "test", "predict"):
        code, _, err = sgn(command, "--config", short)
        assert code == 0, err
