"""Weights of residual points against their formulas, and what a training step makes of them."""

import math

import pytest
import torch

from sgn_sciml.networks import CoordinateMLP
from sgn_sciml.pde import Burgers
from sgn_sciml.pinn import PINN, Causal, Collocation, ResidualAttention

# One point in each of four slices of time, in no order; times are scaled to [-1, 1].
TIMES = torch.tensor([[0.3, 0.9], [0.1, -0.9], [0.2, 0.1], [0.0, -0.1]])
RESIDUAL = torch.tensor([7.0, 1.0, 3.0, 2.0])


def test_causal_weights_are_those_of_the_formula():
    weights = Causal(slices=4, tolerances=[0.1]).update(TIMES, RESIDUAL)
    before = torch.tensor([1.0 + 4 + 9, 0, 1 + 4, 1])
    assert torch.allclose(weights, torch.exp(-0.1 * before))


def test_causal_slices_average_their_points_and_empty_ones_count_as_solved():
    times = torch.tensor([[-1.0], [-0.8], [1.0]])
    weights = Causal(slices=4, tolerances=[1.0]).update(times, torch.tensor([1.0, 2.0, 5.0]))
    assert weights.tolist() == pytest.approx([1, 1, math.exp(-2.5)])


def test_the_tolerance_rises_when_the_last_slice_counts():
    causal = Causal(slices=4, tolerances=[0.1, 1.0], threshold=0.99)
    causal.update(TIMES, RESIDUAL)
    assert causal.stage.tolist() == [0]
    small = 0.01 * RESIDUAL
    first, second, third = (causal.update(TIMES, small) for _ in range(3))
    assert causal.stage.tolist() == [1]
    assert first[0] == pytest.approx(math.exp(-0.1 * 14e-4))
    assert second[0] == third[0] == pytest.approx(math.exp(-14e-4))


@pytest.mark.parametrize(
    "bad", [{"slices": 1}, {"tolerances": []}, {"tolerances": [1.0, 0.1]}, {"threshold": 1.0}]
)
def test_causal_arguments_are_checked(bad):
    with pytest.raises(ValueError, match="Causal: need"):
        Causal(**bad)


def test_attention_follows_its_recursion():
    attention = ResidualAttention(decay=0.9, rate=0.5, initial=1.0)
    attention.update(TIMES, RESIDUAL)
    weights = attention.update(TIMES, RESIDUAL)
    share = RESIDUAL / 7
    expected = 0.9 * (0.9 + 0.5 * share) + 0.5 * share
    assert torch.allclose(weights, expected.square())


def test_attention_carries_on_points_that_stay_and_begins_others_at_the_mean():
    attention = ResidualAttention(decay=0.5, rate=0.5, initial=0.0)
    old = attention.update(TIMES, RESIDUAL).sqrt()
    points = torch.cat([TIMES, torch.rand(2, 2)])
    points[1] = 0.5
    new = attention.update(points, torch.zeros(6)).sqrt()
    expected = torch.stack([old[0], old.mean(), old[2], old[3], old.mean(), old.mean()]) / 2
    assert torch.allclose(new, expected)


def test_attention_survives_a_zero_residual():
    assert ResidualAttention().update(TIMES, torch.zeros(4)).isfinite().all()


@pytest.mark.parametrize("bad", [{"decay": 1.0}, {"rate": 0.0}, {"initial": -1.0}])
def test_attention_arguments_are_checked(bad):
    with pytest.raises(ValueError, match="ResidualAttention: need"):
        ResidualAttention(**bad)


@pytest.mark.parametrize("make", [Causal, ResidualAttention])
def test_what_weights_remember_is_in_the_state(make):
    one, two = make(), make()
    for _ in range(3):
        one.update(TIMES, 1e-3 * RESIDUAL)
    two.load_state_dict(one.state_dict())
    assert torch.equal(one.update(TIMES, RESIDUAL), two.update(TIMES, RESIDUAL))


@pytest.mark.parametrize("make", [Causal, ResidualAttention])
def test_weights_enter_the_training_loss_only(make, trainer, float64):
    seen = {}

    class Watching(PINN):
        def losses(self, batch):
            seen[self.training] = batch
            return super().losses(batch)

    task = Watching(CoordinateMLP(2, 1, 8, 2), Burgers(), point_weights=make())
    data = Collocation(Burgers(), num_points=32)
    trainer(max_steps=1, val_check_interval=1, precision="64-true").fit(task, data)
    batch = seen[True]
    assert batch["weights"].shape == (32,)
    assert not batch["weights"].requires_grad
    assert "weights" not in seen[False]


@pytest.mark.parametrize("make", [Causal, ResidualAttention])
def test_a_weighted_loss_is_the_weighted_mean(make, float64):
    task = PINN(CoordinateMLP(2, 1, 8, 2), Burgers())
    points = Burgers().box_points(torch.rand(20, 2))
    weights = make().update(task.network.scale(points), task.residual_magnitude(points))
    loss = task.losses({"residual": points, "weights": weights})["residual"]
    expected = (weights * task.residual_magnitude(points).square()).mean()
    assert loss.item() == pytest.approx(expected.item(), rel=1e-12)
