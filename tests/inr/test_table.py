"""The table of a fitted signal is made from its card only."""

import math

import pytest

from sgn_sciml.inr.table import signal_rows
from sgn_sciml.runs.card import write_card
from sgn_sciml.runs.table import summary


def table(folder, card):
    write_card(folder, card)
    text = summary(folder, lambda card: signal_rows(card["test"]))
    rows = (line.strip().partition("  ") for line in text.splitlines())
    return {label: value.strip() for label, _, value in rows}


@pytest.fixture
def signal(card):
    card["test"] = {
        "checkpoint": "best.ckpt of step 300",
        "data": {
            "signal": "image",
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
    assert rows["image"] == "camera, 48 (y) x 64 (x), 3 channels"
    assert rows["PSNR"] == "36.02 dB"
    assert rows["PSNR, unseen"] == "30.00 dB"
    assert rows["SSIM"] == "0.9877"
    assert rows["error, low band"] == "1.00e-03  (relative 2.00e-03)"
    assert rows["checkpoint"] == "best.ckpt of step 300"
    assert not {"SNR", "IoU", "held-out loss", "loss"} & set(rows)


def test_a_dim_image_tells_its_range_beside_the_peak_of_the_psnr(signal, tmp_path):
    signal["test"]["data"]["range"] = [0.0, 0.0625]
    found = table(tmp_path, signal)["image"]
    assert found == "camera, 48 (y) x 64 (x), 3 channels, values 0 to 0.0625 of 1"


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


def test_a_card_of_an_earlier_version_is_understood(signal, tmp_path):
    signal["test"]["data"]["signal"] = "picture"
    assert table(tmp_path, signal)["image"] == "camera, 48 (y) x 64 (x), 3 channels"


@pytest.mark.parametrize("data", [{}, {"module": "Mine", "count": 3}])
def test_data_that_told_nothing_have_numbers_only(data, signal, tmp_path):
    signal["test"]["data"] = data
    rows = table(tmp_path, signal)
    assert rows["PSNR"] == "36.02 dB"
    assert not {"image", "field"} & set(rows)


def test_a_run_without_a_test_has_no_rows():
    assert signal_rows({}) == []
