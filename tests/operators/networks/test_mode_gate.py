"""Gates of modes against their formula on single waves."""

import math
from functools import partial

import pytest
import torch
from torch import nn

from sgn_sciml.operators.networks.mode_gate import ModeGate, ModeWave
from tests.networks.blocks import relative
from tests.operators.networks.waves import Convolution, wave


@pytest.mark.parametrize("n", [32, 33, 64])
def test_mode_is_scaled_by_its_own_amplitude(n):
    layer = ModeGate(Convolution(1, 9), ModeWave(1, 0.3, 2.0)).double()
    u = wave(n, 3, 0.7) + wave(n, 5, 0.02, 1.0)
    factor = [1 + 0.3 * math.sin(2 * math.log(a / 2)) for a in (0.7, 0.02)]
    expected = factor[0] * wave(n, 3, 0.7) + factor[1] * wave(n, 5, 0.02, 1.0)
    torch.testing.assert_close(layer(u[None, None])[0, 0], expected, rtol=0, atol=1e-7)


def test_mode_gate_commutes_with_shifts():
    torch.manual_seed(0)
    layer = ModeGate(Convolution(3, 6, 6), ModeWave(3, 0.5)).double()
    u = torch.randn(2, 3, 16, 15, dtype=torch.float64)
    shift = partial(torch.roll, shifts=(3, 4), dims=(2, 3))
    torch.testing.assert_close(layer(shift(u)), shift(layer(u)))


def test_mode_gate_is_not_linear_but_bounded():
    layer, u = ModeGate(Convolution(1, 9), ModeWave(1, 0.5)).double(), wave(32, 3)[None, None]
    assert relative(layer(4 * u), 4 * layer(u)) > 0.05
    for size in (1e-3, 1.0, 1e3):
        assert 0.5 <= (layer(size * u).norm() / (size * u).norm()).item() <= 1.5


def test_gradients_are_finite_where_modes_vanish():
    layer = ModeGate(Convolution(1, 9), ModeWave(1, 0.5))
    u = torch.zeros(1, 1, 32, requires_grad=True)
    layer(u).sum().backward()
    assert u.grad.isfinite().all()
    assert all(p.grad.isfinite().all() for p in layer.parameters())


def test_mode_gate_refuses_other_convolutions():
    with pytest.raises(ValueError, match="real Fourier modes"):
        ModeGate(nn.Conv1d(3, 3, 1), ModeWave(3))
