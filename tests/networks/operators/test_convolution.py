"""The Fourier convolution keeps frequencies on every grid."""

import pytest
import torch

from sgn_sciml.networks.operators import FNO, TFNO
from sgn_sciml.networks.operators.convolution import spectral_convolution


def convolution(**kwargs):
    conv = spectral_convolution()(1, 1, (8, 8), bias=False, **kwargs)
    with torch.no_grad():
        conv.weight.tensor.fill_(1.0)  # the identity on the kept modes
    return conv


@pytest.mark.parametrize("shape", [(16, 16), (15, 16), (16, 15), (15, 15), (33, 17), (5, 5)])
def test_unit_weights_leave_low_waves_alone(shape):
    x, y = (torch.arange(n) / n for n in shape)
    wave = torch.cos(2 * torch.pi * (2 * y - x[:, None]))[None, None]
    torch.testing.assert_close(convolution()(wave), wave, atol=1e-5, rtol=1e-5)


def test_odd_grids_are_still_wrong_in_the_library():
    """If this fails the library has been mended, and our class can go."""
    from neuralop.layers.spectral_convolution import SpectralConv

    conv = SpectralConv(1, 1, (8, 8), bias=False)
    with torch.no_grad():
        conv.weight.tensor.fill_(1.0)
    x, y = (torch.arange(n) / n for n in (15, 16))
    wave = torch.cos(2 * torch.pi * (2 * y - x[:, None]))[None, None]
    assert (conv(wave) - wave).abs().max() > 0.5


def test_double_precision_is_refused_by_name():
    with pytest.raises(ValueError, match="single precision"):
        convolution()(torch.zeros(1, 1, 8, 8, dtype=torch.float64))


@pytest.mark.parametrize("make", [FNO, TFNO])
@pytest.mark.parametrize("n", [16, 12, 6])
def test_both_paths_agree_on_even_grids(make, n):
    network = make(modes=(4, 4), width=6, depth=2)
    conv = network.model.fno_blocks.convs[0]
    x = torch.randn(2, 6, n, n)
    torch.testing.assert_close(conv._by_frequency(x, None), conv(x), atol=1e-6, rtol=1e-5)


def test_a_two_dimensional_operator_agrees_on_even_and_odd_grids():
    network = FNO(modes=(4, 4), width=8, depth=2, positional=False, non_linearity=torch.tanh)

    def field(n):
        x = torch.arange(n) / n
        return 0.1 * torch.cos(2 * torch.pi * (x[:, None] - 2 * x))[None, None]

    even, odd = network(field(60)), network(field(45))
    torch.testing.assert_close(even[..., ::4, ::4], odd[..., ::3, ::3], atol=1e-4, rtol=1e-3)
