"""Every shipped configuration is run: fit, validate, test and predict, a few steps each."""

import pytest

from tests.conftest import ROOT

CONFIGS = sorted((ROOT / "configs").glob("*.yaml"))


@pytest.fixture(autouse=True)
def elsewhere(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def test_there_are_configurations():
    assert CONFIGS


@pytest.mark.parametrize("path", CONFIGS, ids=lambda p: p.stem)
def test_configuration_runs(path, reference, sgn):
    words = [
        "--config",
        path,
        "--data.init_args.reference",
        reference,
        "--trainer.accelerator",
        "cpu",
    ]
    few = [
        "--trainer.max_steps",
        2,
        "--trainer.val_check_interval",
        1,
        "--data.init_args.num_points",
        32,
    ]
    code, _, err = sgn("fit", *words, *few)
    assert code == 0, err
    for command in ("validate", "test", "predict"):
        code, _, err = sgn(command, *words)
        assert code == 0, err
