"""Tables are made from cards only."""

import csv

import pytest

from sgn_sciml.callbacks.card import write_card
from sgn_sciml.callbacks.table import read_card, results, summary, write_results

FIRST = {
    "test/relative_l2": 0.02,
    "test/relative_l2/median": 0.015,
    "test/relative_l2/p95": 0.04,
    "test/relative_l2/max": 0.09,
    "test/relative_h1": 0.05,
    "test/vrmse": 0.021,
    "test/pdebench/rmse": 0.0111,
    "test/pdebench/nrmse": 0.0222,
    "test/pdebench/max": 0.333,
    "test/pdebench/frmse_low": 0.00123,
    "test/spectral_error/low": 1e-3,
    "test/spectral_error/low_relative": 2e-3,
    "test/conformal/coverage": 0.91,
    "test/conformal/width": 0.0456,
    "test/physics/burgers_defect/prediction": 3.3e-2,
    "test/physics/burgers_defect/target": 1.1e-4,
    "test/rollout/10": 0.3,
    "test/rollout/2": 0.1,
    "test/something/new": 0.777,
}
FURTHER = {
    "test/burgers@512/relative_l2": 0.03,
    "test/burgers@512/relative_l2/p95": 0.06,
    "test/burgers@512/beyond_training_nyquist": 0.005,
    "test/burgers@16/relative_l2": 0.2,
}


@pytest.fixture
def card():
    grids = {"burgers@64": 64, "burgers@512": 512, "burgers@16": 16}
    sets = [{"name": k, "samples": 200, "grid": {"x": n}} for k, n in grids.items()]
    return {
        "run": "burgers/version_0",
        "steps": 1234,
        "parameters": 4321,
        "precision": "32-true",
        "training": {"wall_seconds": 12.3},
        "test": {
            "checkpoint": "best.ckpt of step 1200",
            "data": {"grid": {"x": 64}, "test_sets": sets},
            **FIRST,
            **FURTHER,
        },
    }


def table(folder, card):
    write_card(folder, card)
    rows = (line.strip().partition("  ") for line in summary(folder).splitlines())
    return {label: value.strip() for label, _, value in rows}


def test_the_first_test_set_in_full(card, tmp_path):
    rows = table(tmp_path, card)
    assert rows["test set"] == "burgers@64: 200 samples on 64 (x)"
    spread = "(median 1.50e-02, 95 % below 4.00e-02, largest 9.00e-02)"
    assert rows["relative L2"] == f"2.00e-02  {spread}"
    assert rows["RMSE"] == "1.11e-02  (normalised 2.22e-02)"
    assert rows["worst point"] == "3.33e-01"
    assert rows["fRMSE"] == "1.23e-03 low"
    assert rows["error, low band"] == "1.00e-03  (relative 2.00e-03)"
    assert rows["band per function"] == "covers 91.0% of the samples, width 4.56e-02"
    assert rows["burgers defect"] == "3.30e-02  (truth 1.10e-04)"
    assert rows["rollout"] == "1.00e-01 at 2, 3.00e-01 at 10"
    assert rows["something/new"] == "7.77e-01"
    assert rows["training"] == "1,234 steps in 12 s"


def test_a_line_per_further_test_set(card, tmp_path):
    rows = table(tmp_path, card)
    line = "relative L2 3.00e-02  (95 % below 6.00e-02, 1.50 times the first)"
    assert rows["burgers@512"] == line
    assert rows["burgers@16"] == "relative L2 2.00e-01  (10.00 times the first)"


def test_other_grids_than_that_of_training_are_noted(card, tmp_path):
    write_card(tmp_path, card)
    finer = "above the training Nyquist (32 waves): burgers@512 (5.0e-03 of its amplitude)"
    coarser = "coarser than in training (64 (x)): burgers@16"
    assert finer in summary(tmp_path)
    assert coarser in summary(tmp_path)


def test_names_of_metrics_without_their_metric_are_understood(card, tmp_path):
    plain = {
        "test/relative_l2": 0.02,
        "test/rmse": 0.0111,
        "test/max_error": 0.333,
        "test/frmse/low": 0.00123,
        "test/coverage/function": 0.91,
        "test/width/function": 0.0456,
        "test/physics/burgers_defect": 3.3e-2,
        "test/physics/burgers_defect_truth": 1.1e-4,
    }
    card["test"] = {"data": card["test"]["data"], **FIRST}
    full = table(tmp_path, card)
    card["test"] = {"data": card["test"]["data"], **plain}
    for label in ("worst point", "fRMSE", "band per function", "burgers defect"):
        assert table(tmp_path, card)[label] == full[label]


def test_a_test_set_whose_name_begins_another(card):
    card["test"]["data"]["test_sets"].append({"name": "burgers", "samples": 1, "grid": {}})
    card["test"]["test/burgers/vrmse"] = 1.0
    found = results(card)
    assert found["burgers"] == {"vrmse": 1.0}
    assert found["burgers@16"] == {"relative_l2": 0.2}


def test_results_are_rows_of_test_set_metric_value(card, tmp_path):
    write_card(tmp_path, card)
    write_results(tmp_path)
    with (tmp_path / "results.csv").open() as file:
        header, *rows = csv.reader(file)
    assert header == ["test set", "metric", "value"]
    assert len(rows) == len(FIRST) + len(FURTHER)
    assert ["burgers@64", "relative_l2/p95", "0.04"] in rows
    assert ["burgers@512", "relative_l2", "0.03"] in rows
    text = (tmp_path / "results.md").read_text()
    assert "| burgers@512 | relative_l2/p95 | 0.06 |" in text
    assert "best.ckpt of step 1200" in text
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "card.json",
        "results.csv",
        "results.md",
    ]


def test_without_a_test_there_are_no_results(tmp_path):
    write_card(tmp_path, {"steps": 3})
    write_results(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["card.json"]


def test_results_of_a_solution_are_of_its_reference(tmp_path):
    card = {"test": {"test/relative_l2": 1e-3, "data": {"reference": "data/burgers.h5"}}}
    assert results(card) == {"burgers": {"relative_l2": 1e-3}}


def test_no_card(tmp_path):
    assert read_card(tmp_path) == {}
