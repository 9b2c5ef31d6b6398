"""The card of a run."""

import hashlib
import time
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
from lightning.pytorch.loggers import CSVLogger

from sgn_sciml.networks import CoordinateMLP, count_parameters
from sgn_sciml.operators import FnoSplit, OperatorData
from sgn_sciml.pde import Burgers
from sgn_sciml.pinn import PINN, Collocation
from sgn_sciml.runs import card as cards
from sgn_sciml.runs.card import Card, describe_data, file_sha256, write_card
from sgn_sciml.runs.results import read_card
from sgn_sciml.runs.table import summary

ROOT = Path(__file__).parents[2]


def test_card_holds_what_makes_a_number_trustworthy(trainer, reference, tmp_path):
    task = PINN(CoordinateMLP(2, 1, width=8, depth=2), Burgers())
    data = Collocation(Burgers(), str(reference), num_points=32, seed=5)
    logger = CSVLogger(tmp_path, "card")
    trainer(callbacks=[Card(seed=5)], logger=logger).fit(task, data)
    card = read_card(tmp_path / "card/version_0")
    assert card["seed"] == card["data"]["seed"] == 5
    assert card["steps"] == card["max_steps"] == 4
    assert card["parameters"] == count_parameters(task)
    assert card["problem"] == {"law": "burgers", "nu": Burgers.nu}
    (about,) = card["data"]["files"]
    assert about["sha256"] == hashlib.sha256(reference.read_bytes()).hexdigest()
    assert card["machine"]["packages"]["torch"] == torch.__version__
    assert card["training"]["final"]["val/relative_l2"] > 0
    assert card["training"]["wall_seconds"] > 0


def test_time_adds_up_over_a_resumed_run():
    card = Card()
    card.load_state_dict({"wall_seconds": 100.0, "cpu_seconds": 200.0})
    assert card.state_dict() == {"wall_seconds": 100.0, "cpu_seconds": 200.0}
    card.on_fit_start(None, None)
    time.sleep(0.02)
    assert 100.02 <= card.state_dict()["wall_seconds"] < 110


def test_card_is_replaced_in_one_go(tmp_path):
    write_card(tmp_path, {"a": 1})
    with pytest.raises(TypeError):
        write_card(tmp_path, {"a": object()})
    assert read_card(tmp_path) == {"a": 1}


def test_summary_shows_the_cards_numbers(tmp_path):
    (tmp_path / "figures").mkdir()
    (tmp_path / "figures" / "u.png").write_bytes(b"")
    card = {
        "steps": 1234,
        "parameters": 4321,
        "precision": "64-true",
        "training": {"wall_seconds": 12.3},
        "test": {
            "test/relative_l2": 1.5e-4,
            "test/max_error": 2e-3,
            "test/spectral_error/low": 1e-5,
            "test/spectral_error/low_relative": 3e-5,
            "checkpoint": "best.ckpt of step 1200",
            "data": {"grid": {"x": 257, "t": 101}},
        },
    }
    write_card(tmp_path, card)
    text = summary(tmp_path, PINN.application.rows)
    errors = ["1.50e-04", "2.00e-03", "1.00e-05  (relative 3.00e-05)"]
    cost = ["1,234 steps in 12 s", "4,321, 64-true", "of step 1200", "257 (x) x 101 (t)"]
    assert [word for word in (*errors, *cost, "figures/u.png") if word not in text] == []


def test_data_files_are_known_by_their_contents(tmp_path):
    path, other = "data/small/burgers_r10_64.h5", "data/small/darcy_22.h5"
    data = OperatorData(str(ROOT / path), split=FnoSplit(10, 5), test_path=str(ROOT / path))
    data.setup("test")
    files = describe_data(SimpleNamespace(datamodule=data))["files"]
    exact = hashlib.sha256((ROOT / path).read_bytes()).hexdigest()
    assert [about["sha256"] for about in files] == [exact] * 2
    assert file_sha256(ROOT / other) != exact


def test_a_file_is_read_once_until_it_changes(tmp_path, monkeypatch):
    read = []
    digest = hashlib.file_digest
    monkeypatch.setattr(
        cards.hashlib, "file_digest", lambda f, name: read.append(f.name) or digest(f, name)
    )
    path = tmp_path / "a.bin"
    for content in (b"one", b"other"):
        path.write_bytes(content)
        for _ in range(2):
            assert file_sha256(path) == hashlib.sha256(content).hexdigest()
    assert len(read) == 2


def test_a_test_without_checkpoint_leaves_card_and_results(trainer, reference, tmp_path):
    task = PINN(CoordinateMLP(2, 1, width=8, depth=2), Burgers())
    logger = CSVLogger(tmp_path, "card")
    data = Collocation(Burgers(), str(reference), num_points=32)
    trainer(callbacks=[Card()], logger=logger).test(task, data, verbose=False)
    folder = tmp_path / "card/version_0"
    assert read_card(folder)["test"]["checkpoint"] == "none: the weights in memory"
    assert f"| {reference.stem} | relative_l2 |" in (folder / "results.md").read_text()
