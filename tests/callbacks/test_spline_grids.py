"""Grids that move on schedule, and training that goes on."""

import pytest
import torch

from sgn_sciml.callbacks import FollowData
from sgn_sciml.layers import Elementwise, Spline
from sgn_sciml.networks import CoordinateMLP
from sgn_sciml.pde import Burgers
from sgn_sciml.pinn import PINN, Collocation


def fit(trainer, callback, activation=Spline):
    torch.manual_seed(0)
    task = PINN(CoordinateMLP(2, 1, width=6, depth=2, activation=activation), Burgers())
    trainer(callbacks=[callback]).fit(task, Collocation(Burgers(), num_points=64))  # 4 steps
    return task.network


@pytest.mark.parametrize(("every", "until", "moves"), [(2, 4, 2), (1, 3, 3), (3, 9, 1), (5, 9, 0)])
def test_grids_move_when_they_should(trainer, monkeypatch, every, until, moves):
    seen = []
    monkeypatch.setattr(
        "sgn_sciml.callbacks.spline_grids.follow_data", lambda *args: seen.append(args) or 1
    )
    fit(trainer, FollowData(every, until, points=50))
    assert len(seen) == moves
    for _, points, _, uniform in seen:
        assert points.shape == (50, 2)
        assert (points[:, 0].abs() <= 1).all()
        assert uniform == 0.5


def test_a_run_is_repeatable(trainer):
    networks = [fit(trainer, FollowData(every=1)) for _ in range(2)]
    x = torch.rand(9, 2)
    assert torch.equal(networks[0](x), networks[1](x))
    assert not torch.equal(networks[0].layers[1].knots, Spline(6).knots)


def test_a_network_without_splines_is_told_so(trainer):
    with pytest.warns(UserWarning, match="the network has no splines"):
        fit(trainer, FollowData(every=2), Elementwise)


def test_bad_numbers_are_refused():
    with pytest.raises(ValueError, match="must be at least 1, got 0, 1000, 2000"):
        FollowData(every=0)
