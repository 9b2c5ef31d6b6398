"""The table of a tested operator is made from its card only."""

from sgn_sciml.operators.table import operator_rows
from sgn_sciml.runs.card import write_card
from sgn_sciml.runs.table import summary
from tests.cards import FIRST


def table(folder, card):
    write_card(folder, card)
    rows = (line.strip().partition("  ") for line in summary(folder, operator_rows).splitlines())
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
    assert finer in summary(tmp_path, operator_rows)
    assert coarser in summary(tmp_path, operator_rows)


def test_a_grid_that_trained_beside_others_is_not_noted(card, tmp_path):
    card["test"]["data"]["training_grids"] = [{"x": 64}, {"x": 16}]
    write_card(tmp_path, card)
    text = summary(tmp_path, operator_rows)
    assert "above the training Nyquist" in text
    assert "coarser" not in text


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


def with_costs(card, solver):
    """The card of a run whose test measured the law's solver, which takes so many seconds."""
    about = {"solver": "law grid 8", "error": 0.02, "seconds": solver, "file_seconds": 2.0}
    card["test"]["costs"] = {"solver": about, "network_seconds": 0.001}
    card["training"]["cpu_seconds"] = 40.0
    card["data"] = {"files": [{"parts": {"train": 30, "test": 5}}]}
    return card


def test_training_and_its_data_have_paid_after_so_many_solves(card, tmp_path):
    rows = table(tmp_path, with_costs(card, 0.101))
    spent = "network 1 ms; training 40 s, its data about 60 s"
    assert rows["pays after"] == f"1,000 solves  (law grid 8: 101 ms at error 2.0e-02, {spent})"


def test_a_solver_as_fast_is_never_paid_off(card, tmp_path):
    assert table(tmp_path, with_costs(card, 0.001))["pays after"].startswith("never")


def test_a_file_of_unknown_law_has_no_breakeven(card, tmp_path):
    assert "pays after" not in table(tmp_path, card)
