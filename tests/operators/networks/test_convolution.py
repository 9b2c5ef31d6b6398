"""The Fourier convolution keeps frequencies on every grid."""

import pytest
import torch

from sgn_sciml.operators.networks import FNO
from sgn_sciml.operators.networks.convolution import spectral_convolution


def convolution(**kwargs):
    conv = spectral_convolution()(1, 1, (8, 8), bias=False, **kwargs)
    conv.weight.put("tensor", torch.ones(1, 1, 8, 5) + 0j)  # the identity on the kept modes
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


def test_double_precision_of_complex_weights_is_refused_by_name():
    conv = spectral_convolution()(1, 1, (8, 8), factorization="cp", rank=0.5)
    with pytest.raises(ValueError, match="in the form cp are complex and single precision"):
        conv(torch.zeros(1, 1, 8, 8, dtype=torch.float64))


@pytest.mark.parametrize("factorization", [None, "tucker", "cp", "tt"])
@pytest.mark.parametrize("shape", [(20,), (16, 16), (6, 12), (4, 8, 8)])
def test_even_grids_are_those_of_the_library(shape, factorization):
    from neuralop.layers.spectral_convolution import SpectralConv

    modes = tuple(range(8, 8 - 2 * len(shape), -2))
    ours = spectral_convolution()(3, 5, modes, factorization=factorization)
    library = SpectralConv(3, 5, modes, factorization=factorization)
    library.load_state_dict(ours.state_dict())
    x = torch.randn(2, 3, *shape)
    torch.testing.assert_close(ours(x), library(x), atol=1e-6, rtol=1e-5)


@pytest.mark.parametrize("out", [(32, 32), (9, 20), (8, 8)])
def test_a_wave_stays_itself_on_another_grid(out):
    def wave(*shape):
        x, y = (torch.arange(n) / n for n in shape)
        return torch.cos(2 * torch.pi * (2 * y - x[:, None]))[None, None]

    y = convolution()(wave(16, 16), output_shape=out)
    torch.testing.assert_close(y, wave(*out), atol=1e-5, rtol=1e-5)


def test_the_library_moves_waves_between_grids():
    """If this fails the library has been mended."""
    from neuralop.layers.spectral_convolution import SpectralConv

    conv = SpectralConv(1, 1, (8, 8), bias=False)
    with torch.no_grad():
        conv.weight.tensor.fill_(1.0)
    x, y = (torch.arange(n) / n for n in (16, 32))
    coarse, fine = (torch.cos(2 * torch.pi * (2 * t - t[:, None]))[None, None] for t in (x, y))
    assert (conv(coarse, output_shape=(32, 32)) - fine).abs().max() > 0.5


def test_half_precision_input_is_transformed_in_single():
    x = torch.randn(1, 1, 16, 16)
    y = convolution()(x.bfloat16())
    torch.testing.assert_close(y, convolution()(x.bfloat16().float()), atol=0, rtol=0)


def test_a_two_dimensional_operator_agrees_on_even_and_odd_grids():
    network = FNO(modes=(4, 4), width=8, depth=2, positional=False, non_linearity=torch.tanh)

    def field(n):
        x = torch.arange(n) / n
        return 0.1 * torch.cos(2 * torch.pi * (x[:, None] - 2 * x))[None, None]

    even, odd = network(field(60)), network(field(45))
    torch.testing.assert_close(even[..., ::4, ::4], odd[..., ::3, ::3], atol=1e-4, rtol=1e-3)
