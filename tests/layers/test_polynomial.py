"""Products: the degree of the polynomial that a network of them is."""

import pytest
import torch

from sgn_sciml.layers import PiNet
from sgn_sciml.networks import CoordinateMLP


def test_a_product_is_its_recursion():
    u = torch.randn(5, 6)
    a, b, c = u.chunk(3, -1)
    torch.testing.assert_close(PiNet(2, 3)(u), c * (b * a + a) + b * a + a)


@pytest.mark.parametrize(("degree", "depth"), [(2, 1), (3, 1), (2, 2), (2, 3)])
def test_a_network_is_a_polynomial(degree, depth):
    """Of degree K^L along any line: its differences of the next order vanish."""
    torch.manual_seed(0)
    network = CoordinateMLP(
        2, 1, width=8, depth=depth, activation=lambda n: PiNet(n, degree)
    ).double()
    t = torch.linspace(-2, 2, degree**depth + 2, dtype=torch.float64)[:, None]
    line = t * torch.tensor([[0.6, -0.8]])
    y = network(line).detach().squeeze(1)
    for _ in range(degree**depth):
        y = y.diff()
    assert y.abs().max() > 1e-6
    assert y.diff().abs().max() < 1e-9 * y.abs().max()


def test_the_degree_must_be_two_at_least():
    with pytest.raises(ValueError, match="degree >= 2, got 1"):
        PiNet(3, degree=1)
