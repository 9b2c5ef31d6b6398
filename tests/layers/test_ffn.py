"""The feed-forward block and elementwise activations."""

import pickle

import pytest
import torch
import torch.nn.functional as F

from sgn_sciml.layers import Elementwise, FeedForward, SpectralGate
from sgn_sciml.networks import count_parameters


def test_block_is_its_definition():
    torch.manual_seed(0)
    block, x = FeedForward(4, 8, 3).double(), torch.randn(5, 4, dtype=torch.float64)
    u = x @ block.fc1.weight.T + block.fc1.bias
    torch.testing.assert_close(block(x), block.act(u) @ block.fc2.weight.T + block.fc2.bias)


def test_out_features_default_to_in_features():
    assert FeedForward(4, 8)(torch.zeros(2, 4)).shape == (2, 4)


@pytest.mark.parametrize(("d", "n", "m"), [(16, 64, 9), (5, 7, 3)])
def test_parameter_formula(d, n, m):
    block = FeedForward(d, n, activation=lambda n: SpectralGate(n, num_frequencies=m))
    assert count_parameters(block) == 2 * d * n + n + d + 3 * m * n + m + 2 * n


@pytest.mark.parametrize("function", [torch.tanh, F.gelu, F.softplus, torch.sin])
def test_elementwise_applies_its_function(function):
    u = torch.linspace(-3, 3, 20).reshape(4, 5)
    assert torch.equal(Elementwise(5, function)(u), function(u))


def test_elementwise_has_no_parameters_and_pickles():
    activation = pickle.loads(pickle.dumps(Elementwise(5, torch.sin)))
    assert count_parameters(activation) == 0
    assert activation.function is torch.sin
    assert repr(activation) == "Elementwise(sin)"


def test_elementwise_needs_channels():
    with pytest.raises(ValueError, match="features >= 1, got 0"):
        Elementwise(0)


def test_activations_initialise_the_layer_in_front():
    torch.manual_seed(0)
    linear = torch.nn.Linear(30, 20)
    Elementwise(20).init_linear(linear, first=False)
    bound = (6 / 50) ** 0.5
    assert 0.95 * bound < linear.weight.abs().max() <= bound
    assert not linear.bias.any()
