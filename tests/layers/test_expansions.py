"""Fourier and Chebyshev KAN layers against their sums."""

import numpy as np
import pytest
import torch
from torch import nn

from sgn_sciml.layers import ActivationEncoding, Chebyshev, FourierKan, Spline
from sgn_sciml.networks import CoordinateMLP


def test_a_fourier_kan_layer_is_its_sum():
    torch.manual_seed(0)
    expand, linear = FourierKan(3, harmonics=4), nn.Linear(24, 2)
    expand.init_behind(linear)
    u, (a, b) = torch.randn(5, 3), linear.weight.view(2, 2, 4, 3).unbind(1)
    expected = sum(
        a[:, k - 1] @ torch.cos(k * u).T + b[:, k - 1] @ torch.sin(k * u).T for k in range(1, 5)
    )
    torch.testing.assert_close(linear(expand(u)), expected.T + linear.bias)


@pytest.mark.parametrize("smooth", [False, True])
def test_coefficients_of_a_fourier_kan_start_as_in_the_paper(smooth):
    torch.manual_seed(0)
    expand, linear = FourierKan(100, 5, smooth), nn.Linear(1000, 200)
    expand.init_behind(linear)
    found = linear.weight.view(200, 2, 5, 100).std(dim=(0, 1, 3)) * 10
    k = torch.arange(1.0, 6)
    torch.testing.assert_close(found, k**-2 if smooth else k**0 * 5**-0.5, rtol=0.03, atol=0)
    if not smooth:  # outputs of unit spread, whatever the sizes
        assert linear(expand(torch.randn(500, 100))).std().item() == pytest.approx(1, rel=0.1)


def test_chebyshev_recursion_is_numpys():
    t = torch.linspace(-1, 1, 50, dtype=torch.float64)[:, None]
    expected = np.polynomial.chebyshev.chebvander(t[:, 0].numpy(), 9)[:, 1:]
    found = Chebyshev(1, 9, squash=None)(t)
    torch.testing.assert_close(found, torch.from_numpy(expected))


def test_channels_of_an_expansion_run_fastest():
    u = torch.randn(5, 3)
    found = Chebyshev(3, 2)(u)
    t = torch.tanh(u)
    torch.testing.assert_close(found, torch.cat([t, 2 * t**2 - 1], 1))


def test_a_kan_is_bases_and_matrices_in_turn():
    torch.manual_seed(0)

    def bases(n):
        return Chebyshev(n, 4)

    network = CoordinateMLP(
        2, 1, width=5, depth=1, encoding=ActivationEncoding(2, bases), activation=bases
    )
    expand, (first, inner, head), x = bases(2), network.layers, torch.rand(7, 2)
    torch.testing.assert_close(network(x), head(inner(first(expand(x)))))
    assert (first.in_features, head.in_features) == (8, 20)


@pytest.mark.parametrize("make", [Chebyshev, FourierKan, Spline])
@pytest.mark.parametrize("shape", [(0,), (1,), (7,), (3, 5)])
def test_points_come_some_at_a_time(make, shape, monkeypatch):
    expand, u = make(4), torch.randn(*shape, 4)
    whole = expand(u)
    monkeypatch.setattr("sgn_sciml.layers.expansions.CACHED", 2 * expand.out_features)
    torch.testing.assert_close(expand(u), whole)


def test_no_bases_are_refused():
    with pytest.raises(ValueError, match="Chebyshev needs at least one basis, got 0"):
        Chebyshev(3, 0)


def test_what_mixes_channels_is_no_encoding():
    from sgn_sciml.layers import Fan

    with pytest.raises(ValueError, match="Fan takes 6 channels and cannot encode 8 coordinates"):
        ActivationEncoding(8, Fan)
