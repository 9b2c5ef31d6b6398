"""The numbers of a run are those of its card."""

import csv

from sgn_sciml.runs.card import write_card
from sgn_sciml.runs.results import read_card, results, write_results
from tests.cards import FIRST, FURTHER


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
