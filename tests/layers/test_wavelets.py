"""Local activations: formulas, slope, spectrum, initial weights."""

import math

import pytest
import torch

from sgn_sciml.layers import Gabor, Gaussian
from sgn_sciml.networks import CoordinateMLP


def inputs(*shape):
    return torch.randn(*shape, dtype=torch.float64, generator=torch.Generator().manual_seed(1))


def test_gaussian_is_the_formula_of_the_paper():
    a, u = 0.1, inputs(5, 3)
    expected = torch.exp(-(u**2) / (2 * a**2))
    torch.testing.assert_close(Gaussian(3, scale=1 / (a * math.sqrt(2)))(u), expected)


def test_steepest_slope_of_the_gaussian():
    u = torch.linspace(-2, 2, 40_001, dtype=torch.float64).requires_grad_()
    (slope,) = torch.autograd.grad(Gaussian(1, scale=3.0)(u).sum(), u)
    assert slope.abs().max().item() == pytest.approx(3 * math.sqrt(2 / math.e), rel=1e-6)
    assert abs(u[slope.argmin()].item()) == pytest.approx(1 / (3 * math.sqrt(2)), abs=1e-4)


def test_gabor_is_the_real_part_of_the_complex_wavelet():
    u = inputs(5, 3)
    expected = torch.exp(7j * u - (2 * u).abs() ** 2).real
    torch.testing.assert_close(Gabor(3, omega=7.0, scale=2.0)(u), expected)


def test_gabor_without_a_wave_is_the_gaussian():
    u = inputs(5, 3)
    torch.testing.assert_close(Gabor(3, omega=0.0, scale=2.0)(u), Gaussian(3, scale=2.0)(u))


@pytest.mark.parametrize("k", [0.0, 4.0, 7.0, 10.0])
def test_spectrum_of_gabor_is_two_gaussians(k):
    r"""The integral of T(u) cos(ku) is sqrt(pi)/2s sum_± exp(-(k ± omega)^2 / 4 s^2)."""
    omega, s = 7.0, 2.0
    u = torch.linspace(-5, 5, 2001, dtype=torch.float64)  # the rule is exact to rounding here
    found = torch.trapezoid(Gabor(1, omega, s)(u) * torch.cos(k * u), u).item()
    pair = sum(math.exp(-((k + sign * omega) ** 2) / (4 * s**2)) for sign in (-1, 1))
    assert found == pytest.approx(math.sqrt(math.pi) / (2 * s) * pair, abs=1e-12)


@pytest.mark.parametrize("act", [Gaussian(3, 1.5), Gabor(3, 2.0, 1.5)], ids=["gaussian", "gabor"])
def test_gradients_are_those_of_differences(act):
    assert torch.autograd.gradcheck(act, inputs(4, 3).requires_grad_())


@pytest.mark.parametrize("activation", [Gaussian, Gabor])
def test_weights_and_biases_are_uniform_of_the_inputs(activation):
    network = CoordinateMLP(2, 1, width=4000, depth=2, activation=activation)
    for k, d in ((0, 2), (2, 4000), (4, 4000)):
        weight, bias = network.layers[k].weight, network.layers[k].bias
        assert 0.99 * d**-0.5 < weight.abs().max() <= d**-0.5
        assert weight.std().item() == pytest.approx((3 * d) ** -0.5, rel=0.05)
        assert 0 < bias.abs().max() <= d**-0.5


def test_folding_the_gaussian_changes_nothing():
    network = CoordinateMLP(2, 3, width=6, depth=3, activation=Gaussian).double()
    x = inputs(10, 2)
    torch.testing.assert_close(network(x), network.layers(x), rtol=1e-12, atol=1e-12)


def test_gabor_does_not_fold():
    assert Gabor(3).folded() is None


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Gaussian(3, scale=0.0), "scale must be positive, got 0.0"),
        (lambda: Gabor(3, scale=float("nan")), "scale must be positive, got nan"),
        (lambda: Gabor(3, omega=-1.0), "omega must not be negative, got -1.0"),
    ],
)
def test_bad_numbers_are_refused(make, message):
    with pytest.raises(ValueError, match=message):
        make()
