"""Progress of masks while training."""

import pytest

from sgn_sciml.callbacks import ProgressiveFrequencies
from sgn_sciml.layers import Encoding, PositionalEncoding, Progressive
from sgn_sciml.networks import CoordinateMLP
from sgn_sciml.pde import Poisson2D
from sgn_sciml.pinn import PINN, Collocation


def fit(trainer, callback, encoding: Encoding):
    task = PINN(CoordinateMLP(2, 1, width=6, depth=2, encoding=encoding), Poisson2D())
    trainer(callbacks=[callback]).fit(task, Collocation(Poisson2D(), num_points=64))  # 4 steps


@pytest.mark.parametrize(
    ("until", "start", "expected"),
    [(2, 0.0, [0.0, 0.5, 1.0, 1.0]), (4, 0.5, [0.5, 0.625, 0.75, 0.875])],
)
def test_masks_move_with_the_steps(trainer, monkeypatch, until, start, expected):
    seen, encoding = [], Progressive(PositionalEncoding(2, 4))
    monkeypatch.setattr(encoding, "set_progress", seen.append)
    fit(trainer, ProgressiveFrequencies(until, start), encoding)
    assert seen == expected


def test_a_network_without_masks_is_refused(trainer):
    with pytest.raises(ValueError, match="no encoding of the network is a Progressive one"):
        fit(trainer, ProgressiveFrequencies(), PositionalEncoding(2))


def test_bad_numbers_are_refused():
    with pytest.raises(ValueError, match="need until >= 1 and 0 <= start <= 1, got 0"):
        ProgressiveFrequencies(until=0)
