"""Cauchy activations: the formula, and the integral it comes from."""

import math

import pytest
import torch

from sgn_sciml.layers import Cauchy


def test_cauchy_is_its_formula():
    act = Cauchy(3, per_channel=True, width=0.7).double()
    with torch.no_grad():
        for p in act.parameters():
            p.add_(0.1 * torch.randn(3).double())
    u = torch.randn(5, 3).double()
    expected = act.odd * u / (u**2 + act.width**2) + act.even / (u**2 + act.width**2)
    torch.testing.assert_close(act(u), expected)


def test_a_sum_of_them_is_cauchys_integral():
    """The real part of f(z) dz / (z - x) on a circle gives an analytic function inside."""
    x = torch.linspace(-0.5, 0.5, 11, dtype=torch.float64)[:, None]
    angle = 2 * math.pi * torch.arange(64, dtype=torch.float64) / 64
    z = torch.polar(torch.ones(64, dtype=torch.float64), angle)
    weight = torch.exp(z) * z / 64  # f(z) dz / (2 pi i)
    act = Cauchy(64, per_channel=True).double()
    with torch.no_grad():  # w / (z - x), u = x - Re z: (w u + i w Im z) / -(u^2 + Im z^2)
        act.odd.copy_(-weight.real)
        act.even.copy_(weight.imag * z.imag)
        act.width.copy_(z.imag.abs())
    found = act(x - z.real)
    torch.testing.assert_close(found.sum(1, keepdim=True), torch.exp(x), atol=1e-6, rtol=0)


def test_the_width_must_be_positive():
    with pytest.raises(ValueError, match="width must be positive, got 0"):
        Cauchy(3, width=0.0)
