import math

import pytest
import torch

from sgn_sciml.inr.weighting import FrequencyWeighting


def test_without_power_it_is_the_mean_square(float64):
    error = torch.randn(2, 6, 7)
    loss, slope = FrequencyWeighting(power=0.0)(error)
    assert float(loss) == pytest.approx(float(error.square().mean()))
    assert torch.allclose(slope, 2 * error / error.numel())


def test_a_fine_wave_weighs_more_by_the_power(float64):
    n = 32
    x = (torch.arange(n) + 0.5) / n
    coarse, fine = (torch.cos(math.pi * k * x)[None] for k in (4, 20))
    loss = FrequencyWeighting(power=2.0, corner=4.0)
    ratio = float(loss(fine)[0] / loss(coarse)[0])
    assert ratio == pytest.approx((1 + 5) ** 2 / (1 + 1) ** 2)


def test_the_derivative_is_that_of_the_loss(float64):
    loss, error = FrequencyWeighting(), torch.randn(1, 5, 6)
    step = 1e-6 * torch.randn(1, 5, 6)
    change = loss(error + step)[0] - loss(error - step)[0]
    assert float(change) == pytest.approx(2 * float((loss(error)[1] * step).sum()), rel=1e-6)


def test_a_corner_of_zero_is_refused():
    with pytest.raises(ValueError, match="corner"):
        FrequencyWeighting(corner=0.0)
