"""Activations to choose from: what each channel keeps, and what is then left of the others."""

import pytest
import torch

from sgn_sciml.callbacks import SelectActivations
from sgn_sciml.layers import Chebyshev, Fan, Selectable, Sine, Spline
from sgn_sciml.networks import CoordinateMLP
from sgn_sciml.pde import Poisson2D
from sgn_sciml.pinn import PINN, Collocation


def pool(features):
    return Selectable(features, [lambda n: Sine(n, 3.0), lambda n: Chebyshev(n, 2)])


def test_it_is_the_weighted_activations_side_by_side():
    act, u = pool(3), torch.randn(5, 3)
    t = torch.tanh(u)
    parts = [torch.sin(3 * u), t, 2 * t**2 - 1]
    torch.testing.assert_close(act(u), torch.cat(parts, 1) / 2)


def test_channels_keep_what_has_the_greatest_weight():
    act, u = pool(3), torch.randn(5, 3)
    with torch.no_grad():
        act.shares.copy_(torch.tensor([0.9, 0.1, -0.8, 0.2, 0.3, 0.7]))
    before = act(u)
    assert act.select().tolist() == [[True, False, True], [False, True, False]]
    after = act(u)
    kept = [0, 2, 4, 7]  # sines of channels 0 and 2, both polynomials of 1
    torch.testing.assert_close(after[:, kept], before[:, kept])
    assert not after[:, [1, 3, 5, 6, 8]].any()
    after.square().sum().backward()
    assert (act.shares.grad == 0).tolist() == [False, True, False, True, False, True]


def test_what_was_left_out_stays_out():
    act = pool(3)
    act.select()
    first = act.mask.clone()
    with torch.no_grad():
        act.shares.add_(5 * (1 - first))
    act.select()
    assert torch.equal(act.mask, first)


def test_a_callback_selects_at_its_step(trainer):
    network = CoordinateMLP(2, 1, width=6, depth=2, activation=pool)
    task = PINN(network, Poisson2D())
    trainer(callbacks=[SelectActivations(2)]).fit(task, Collocation(Poisson2D(), num_points=64))
    for _, act in network.hidden():
        assert act.mask.view(2, 6).sum(0).tolist() == [1.0] * 6


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: Selectable(4, [Sine]), "needs two activations"),
        (lambda: Selectable(4, [Sine, Fan]), "each of 4 must keep its own"),
        (lambda: pool(4).select(3), "keep 1 to 2"),
        (lambda: SelectActivations(0), "step, keep >= 1"),
    ],
)
def test_bad_numbers_are_told(make, said):
    with pytest.raises(ValueError, match=said):
        make()


def test_a_network_without_a_choice_is_refused(trainer):
    task = PINN(CoordinateMLP(2, 1, 6, 2, Spline), Poisson2D())
    with pytest.raises(ValueError, match="no activation of the network is Selectable"):
        trainer(callbacks=[SelectActivations(2)]).fit(
            task, Collocation(Poisson2D(), num_points=64)
        )
