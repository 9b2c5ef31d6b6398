"""What lies above the modes, on single waves."""

import pytest
import torch
from torch import nn

from sgn_sciml.layers import SpectralGate
from sgn_sciml.operators.networks.high_pass import HighPassGate, high_pass
from tests.networks.blocks import operator
from tests.operators.networks.waves import plane, wave


@pytest.mark.parametrize(("k", "stays"), [(0, 0), (3, 0), (4, 0), (5, 1), (16, 1)])
def test_high_pass_keeps_what_the_convolution_drops(k, stays):
    u = wave(32, k, phase=0.3)[None, None]
    torch.testing.assert_close(high_pass(u, (5,)), stays * u, rtol=0, atol=1e-14)


@pytest.mark.parametrize("shape", [(16, 15), (15, 16)])
@pytest.mark.parametrize(
    ("k", "q", "stays"),
    [(3, 0, 0), (-3, 2, 0), (3, 3, 0), (4, 0, 1), (-4, 2, 1), (0, 4, 1), (2, 5, 1)],
)
def test_high_pass_is_a_projection_in_the_plane(shape, k, q, stays):
    u = plane(*shape, k, q)[None, None]
    torch.testing.assert_close(high_pass(u, (6, 4)), stays * u, rtol=0, atol=1e-14)


def test_high_pass_of_the_librarys_convolution_is_what_it_does_not_see():
    model, x = operator("FNO2")
    conv, x = model.fno_blocks.convs[0], torch.randn(1, 16, 16, 12)
    with torch.no_grad():
        low = x - high_pass(x, tuple(conv.n_modes))
        torch.testing.assert_close(conv(low), conv(x), rtol=0, atol=1e-6)


def test_high_pass_gate_is_its_definition():
    torch.manual_seed(0)
    gate = SpectralGate(4, base=None, gate_init=0.3).double()
    layer = HighPassGate(nn.Identity(), gate, (5,))
    u = torch.randn(2, 4, 32, dtype=torch.float64)
    expected = u + gate(high_pass(u, (5,)).mT).mT
    torch.testing.assert_close(layer(u), expected, rtol=1e-12, atol=1e-14)
