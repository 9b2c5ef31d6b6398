"""The table of a run on the screen is made from its card only."""

import math

import pytest

from sgn_sciml.runs.card import write_card
from sgn_sciml.runs.table import summary
from tests.runs.cards import FIRST


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


@pytest.fixture
def signal(card):
    card["test"] = {
        "checkpoint": "best.ckpt of step 300",
        "data": {
            "signal": "picture",
            "name": "camera",
            "grid": {"y": 48, "x": 64},
            "channels": 3,
        },
        "test/loss": 1e-3,
        "test/psnr": 36.0206,
        "test/psnr/unseen": 30.0,
        "test/ssim": 0.98765,
        "test/spectral_error/low": 1e-3,
        "test/spectral_error/low_relative": 2e-3,
    }
    return card


def test_a_signal_has_what_is_measured_of_its_kind(signal, tmp_path):
    rows = table(tmp_path, signal)
    assert rows["picture"] == "camera, 48 (y) x 64 (x), 3 channels"
    assert rows["PSNR"] == "36.02 dB"
    assert rows["PSNR, unseen"] == "30.00 dB"
    assert rows["SSIM"] == "0.9877"
    assert rows["error, low band"] == "1.00e-03  (relative 2.00e-03)"
    assert rows["checkpoint"] == "best.ckpt of step 300"
    assert not {"SNR", "IoU", "held-out loss", "loss"} & set(rows)


def test_measures_of_sounds_volumes_and_fields(signal, tmp_path):
    signal["test"] |= {
        "test/snr": 20.0,
        "test/si_snr": 19.995,
        "test/iou": 0.99,
        "test/relative_l2": 0.0123,
        "test/resolved_waves": 52.64,
        "test/band_error/0-125Hz": 0.05,
    }
    rows = table(tmp_path, signal)
    assert rows["SNR"] == "20.00 dB"
    assert rows["SI-SNR"] == "20.00 dB"
    assert rows["IoU"] == "0.9900"
    assert rows["relative L2"] == "1.23e-02"
    assert rows["resolved"].startswith("52.6 waves")
    assert rows["band_error/0-125Hz"] == "5.00e-02"


def test_a_perfect_signal_has_no_bound(signal, tmp_path):
    signal["test"]["test/psnr"] = math.inf
    assert table(tmp_path, signal)["PSNR"] == "inf dB"
