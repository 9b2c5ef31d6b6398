"""What is kept of a test set, however its samples come in."""

import torch

from sgn_sciml.metrics import SpectralError
from sgn_sciml.operators import sample_record as room
from sgn_sciml.operators.sample_record import NEAR, Kept
from tests.operators.known import ERRORS


def fed(batches, worst=3):
    kept = Kept(SpectralError("periodic"), worst, axes=1)
    number = 0
    for error in batches:
        target = torch.randn(len(error), 1, 16)
        guess = target * (1 + error[:, None, None])
        kept.add({"input": target, "target": target, "prediction": guess}, number, keep=True)
        number += len(error)
    return kept


def test_best_median_and_worst_are_found_in_batches_of_any_size():
    errors = torch.from_numpy(ERRORS).float()
    for size in (1, 7, 40):
        kept = fed(errors.split(size))
        kept.gather()
        labels, few = kept.rows()
        assert labels == ["best", "median", "worst", "worst", "worst"]
        assert few["number"].tolist()[0] == ERRORS.argmin()
        assert few["number"].tolist()[2:] == ERRORS.argsort()[:-4:-1].tolist()
        torch.testing.assert_close(few["error"], errors[few["number"]], rtol=1e-4, atol=0)
        # Those near the median are chosen while it is only estimated.
        assert abs(few["error"][1] - errors.median()) < 0.05


def test_few_samples_are_kept_of_many():
    kept = fed(torch.rand(1000).split(10))
    assert kept.errors.shape == (1000,)
    assert {name: len(few["target"]) for name, few in kept.kept.items()} == {
        "best": 1,
        "median": NEAR,
        "worst": 3,
    }


def test_no_sample_is_drawn_twice():
    kept = fed([torch.tensor([0.1, 0.2])])
    kept.gather()
    assert kept.rows()[0] == ["best", "worst"]


def test_nan_is_the_worst():
    kept = fed([torch.tensor([0.1, torch.nan, 0.3, 0.2])], worst=1)
    kept.gather()
    labels, few = kept.rows()
    assert few["number"][labels.index("worst")] == 1
    assert few["error"][labels.index("worst")] == torch.inf


def test_a_step_does_not_wait_for_the_device():
    spectral = SpectralError("periodic").to("meta")  # a device whose values cannot be read
    kept = Kept(spectral, 3, axes=1)
    for _ in range(2):
        field = torch.randn(8, 5, 1, 16, device="meta")
        kept.add({"input": field[:, :2], "target": field, "prediction": field}, 0, keep=True)
    assert kept.errors.shape == (16,)


def test_samples_of_all_processes_count(monkeypatch):
    errors = torch.from_numpy(ERRORS).float()
    parts = [fed([errors[:15]]), fed([errors[15:]])]
    for few in parts[1].kept.values():
        few["number"] += 15
    none = Kept(SpectralError("periodic"), 3, axes=1)  # a process without a batch
    states = [(dict(p.kept), p.errors, p.frames, p.grid) for p in (*parts, none)]
    monkeypatch.setattr(room, "_from_all", lambda mine: states)
    for mine in (parts[0], none):
        mine.gather()
        few = mine.rows()[1]
        assert len(mine.errors) == 40
        assert few["number"].tolist()[0] == ERRORS.argmin()
        assert few["number"].tolist()[2:] == ERRORS.argsort()[:-4:-1].tolist()
