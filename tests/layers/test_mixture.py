"""Mixtures: their sum, their start, their experts' initial weights."""

import pytest
import torch
from torch import nn

from sgn_sciml.layers import Elementwise, Fan, FourierKan, Mixture, Sine, Spline


def test_a_mixture_is_the_sum_of_its_experts():
    torch.manual_seed(0)
    act, linear = Mixture(3, [Elementwise, lambda n: FourierKan(n, 2)]), nn.Linear(15, 2)
    nn.init.normal_(act.router.weight)
    u = torch.randn(7, 3)
    shares = torch.softmax(act.router(u), -1)
    mlp, kan = (expert(u) for expert in act.experts)
    first, second = linear.weight[:, :3], linear.weight[:, 3:]
    expected = shares[:, :1] * (mlp @ first.T) + shares[:, 1:] * (kan @ second.T) + linear.bias
    torch.testing.assert_close(linear(act(u)), expected)


def test_experts_start_with_equal_shares_and_their_own_weights():
    torch.manual_seed(0)
    act, linear = Mixture(50, [lambda n: Sine(n, 10.0), Spline]), nn.Linear(500, 40)
    act.init_behind(linear)
    assert act.router(torch.randn(5, 50)).abs().max() == 0
    wave, spline = linear.weight[:, :50], linear.weight[:, 100:]
    assert wave.abs().max().item() == pytest.approx((6 / 50) ** 0.5 / 10, rel=0.01)
    assert spline.std().item() == pytest.approx(0.1, rel=0.03)
    assert linear.bias.abs().max() == 0


def test_experts_must_take_the_channels():
    with pytest.raises(ValueError, match="experts on 8 channels; Fan takes 6"):
        Mixture(8, [Fan])
    with pytest.raises(ValueError, match="experts on 8 channels; there are none"):
        Mixture(8, [])
