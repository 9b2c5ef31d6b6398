"""WIRE in real numbers against WIRE in complex ones."""

import copy

import pytest
import torch

from sgn_sciml.layers import ComplexGabor
from sgn_sciml.networks import CoordinateMLP, count_parameters


def paired(real):
    """Complex channels from their real and imaginary parts."""
    return torch.complex(*real.chunk(2, -1))


def matrix(weight):
    """A complex matrix from the upper half of the real one."""
    real, minus = weight[: len(weight) // 2].chunk(2, 1)
    return torch.complex(real, -minus)


def wire(n):
    return ComplexGabor(n, omega=3.0, scale=1.5)


@pytest.fixture
def network():
    torch.manual_seed(0)
    return CoordinateMLP(2, 3, width=5, depth=3, activation=wire).double()


def test_a_network_is_the_complex_one(network):
    x = 2 * torch.rand(7, 2).double() - 1
    first, _, second, _, third, _, head = network.layers

    def gabor(z):
        return torch.exp(3j * z - (1.5 * z).abs() ** 2)

    h = gabor(paired(x @ first.weight.T + first.bias))
    for linear in (second, third):
        h = gabor(h @ matrix(linear.weight).T + paired(linear.bias))
    real, minus = head.weight.chunk(2, 1)
    expected = (h @ torch.complex(real, -minus).T).real + head.bias
    torch.testing.assert_close(network(x), expected)


def test_a_complex_number_counts_as_two(network):
    layers = 2 * 5 * (2 + 1), 2 * 5 * (5 + 1), 2 * 5 * (5 + 1), 3 * (2 * 5 + 1)
    assert count_parameters(network) == sum(layers)
    roles = network.roles()
    assert [tuple(p.shape) for p in roles["matrices"]] == [(5, 10), (5, 10)]
    assert sorted(id(p) for each in roles.values() for p in each) == sorted(
        id(p) for p in network.parameters()
    )


def test_weights_are_uniform_of_the_complex_inputs():
    network = CoordinateMLP(2, 1, width=400, depth=2, activation=wire)
    for k, d in ((0, 2), (2, 400), (4, 400)):
        assert 0.98 * d**-0.5 < network.layers[k].weight.abs().max() <= d**-0.5


def test_copies_and_checkpoints_keep_the_structure(network):
    x, other = torch.rand(7, 2).double(), CoordinateMLP(2, 3, 5, 3, activation=wire).double()
    other.load_state_dict(network.state_dict())
    for each in (other, copy.deepcopy(network)):
        assert torch.equal(each(x), network(x))


def test_bad_numbers_are_refused():
    for options in ({"omega": -1.0}, {"scale": 0.0}):
        with pytest.raises(ValueError, match="need omega not negative and scale positive"):
            ComplexGabor(3, **options)
