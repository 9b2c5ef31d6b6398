"""Several seeds of one configuration: mean and spread from their cards."""

import json
from pathlib import Path

import pytest
import torch

from sgn_sciml.app.ensemble import spread
from sgn_sciml.pinn import collocation


def test_mean_and_deviation_of_what_all_have_measured():
    cards = [
        {"test": {"test/loss": 1.0, "test/unknown/nu": nu, "checkpoint": "best"}}
        for nu in (1.0, 2.0, 6.0)
    ]
    cards[0]["test"]["test/other"] = 1.0
    found = spread(cards)
    assert list(found) == ["unknown/nu", "loss"]
    assert found["unknown/nu"] == pytest.approx((3.0, 7**0.5))
    assert found["loss"] == (1.0, 0.0)


def test_one_run_has_no_spread():
    with pytest.raises(ValueError, match="at least 2 runs"):
        spread([{}])


def test_an_ensemble_trains_and_tests_each_seed(config, sgn, monkeypatch):
    reads = []

    def watch(owner, name):
        original = getattr(owner, name)

        def note(path, **options):
            reads.append(Path(path).suffix)
            return original(path, **options)

        monkeypatch.setattr(owner, name, note)

    watch(collocation, "read_grid")
    watch(torch, "load")
    words = ["--trainer.max_steps", 2, "--model.init_args.unknown", "{nu: 0.1}"]
    words += ["--data.init_args.observations", "{count: 30}"]
    code, out, err = sgn("ensemble", "--seeds", "3,5", "--config", config, "--threads", 1, *words)
    assert code == 0, err
    assert "2 runs, mean and standard deviation" in out
    assert reads == [".h5", ".ckpt"] * 2  # once of each seed
    found = json.loads(Path("runs/tiny/ensemble_0-1.json").read_text())
    assert found["seeds"] == [3, 5]
    cards = [json.loads(Path(run, "card.json").read_text()) for run in found["runs"]]
    assert [card["seed"] for card in cards] == [3, 5]
    each = [card["test"]["test/unknown/nu"] for card in cards]
    assert found["mean_and_deviation"]["unknown/nu"][0] == pytest.approx(sum(each) / 2)


@pytest.mark.parametrize("seeds", [["3"], ["--seeds", "3,3"], ["a,b"], []])
def test_bad_seeds_are_refused(seeds, sgn):
    code, _, err = sgn("ensemble", *seeds, "--config", "burgers_pinn")
    assert code == 1
    assert "two or more different seeds" in err
