"""Waves: SIREN, SPDER, FINER, FINER++ and the sine form of the gate."""

import math

import pytest
import torch
from torch import nn

from sgn_sciml.layers import Finer, FinerGabor, FinerGaussian, Sine, Spder, SpectralGate
from sgn_sciml.networks import CoordinateMLP, count_parameters


def inputs(*shape):
    return torch.randn(*shape, dtype=torch.float64, generator=torch.Generator().manual_seed(1))


def test_siren_is_its_formula():
    u = inputs(5, 3)
    torch.testing.assert_close(Sine(3, omega=7.0)(u), torch.sin(7 * u))


def test_finer_is_its_formula():
    u = inputs(5, 3)
    torch.testing.assert_close(Finer(3, omega=7.0)(u), torch.sin(7 * (u.abs() + 1) * u))


def test_the_chirp_of_finer_carries_no_gradient():
    u = inputs(5).requires_grad_()
    (gradient,) = torch.autograd.grad(Finer(5, omega=2.0)(u).sum(), u)
    chirp = 2 * (u.detach().abs() + 1)
    torch.testing.assert_close(gradient, chirp * torch.cos(chirp * u.detach()))


def test_finer_plus_plus_puts_wavelets_behind_the_chirp():
    u = inputs(5, 3)
    c = torch.sin(2 * (u.abs() + 1) * u)
    gaussian, gabor = FinerGaussian(3, 2.0, 1.5), FinerGabor(3, 2.0, 4.0, 1.5)
    torch.testing.assert_close(gaussian(u), torch.exp(-((1.5 * c) ** 2)))
    torch.testing.assert_close(gabor(u), torch.cos(4 * c) * torch.exp(-((1.5 * c) ** 2)))


@pytest.mark.parametrize("activation", [Finer, FinerGaussian, FinerGabor])
def test_biases_of_finer_plus_plus(activation):
    torch.manual_seed(0)
    network = CoordinateMLP(
        2, 1, 4000, 2, activation=lambda n: activation(n, first_bias=2.0, hidden_bias=0.3)
    )
    for k, bound in ((0, 2.0), (2, 0.3)):
        assert 0.99 * bound < network.layers[k].bias.abs().max() <= bound


def test_spder_is_its_formula_with_the_derivative_in_closed_form():
    u = inputs(50, 3).requires_grad_()
    y = Spder(3, omega=7.0)(u)
    z = 7 * u.detach()
    torch.testing.assert_close(y.detach(), torch.sin(z) * z.abs().sqrt(), rtol=1e-9, atol=1e-10)
    (slope,) = torch.autograd.grad(y.sum(), u)
    root = z.abs().sqrt()
    expected = 7 * (root * torch.cos(z) + torch.sin(z.abs()) / (2 * root))
    torch.testing.assert_close(slope, expected, rtol=1e-8, atol=1e-8)


def test_spder_is_flat_at_the_origin():
    u = torch.zeros(1, 1, requires_grad=True)
    y = Spder(1)(u)
    (slope,) = torch.autograd.grad(y.sum(), u, create_graph=True)
    (bend,) = torch.autograd.grad(slope.sum(), u)
    assert y.item() == 0
    assert abs(slope.item()) < 1e-4
    assert bend.isfinite()


def test_sine_gate_without_a_base_is_its_formula():
    gate = SpectralGate(
        3, spectral="sine", base=None, gate_init=0.5, frequency_scale=(2.0, 4.0)
    ).double()
    u = inputs(5, 3)
    expected = 0.5 * torch.sin(torch.tensor([2.0, 3.0, 4.0]).double() * u)
    torch.testing.assert_close(gate(u), expected)


def test_sine_gate_with_a_base_is_their_sum():
    gate = SpectralGate(3, spectral="sine", gate_init=0.5, frequency_scale=2.0).double()
    u = inputs(5, 3)
    torch.testing.assert_close(gate(u), nn.functional.gelu(u) + 0.5 * torch.sin(2 * u))


@pytest.mark.parametrize("first", [True, False])
def test_a_range_of_frequencies_goes_into_the_weights_in_front(first):
    gate = SpectralGate(5, spectral="sine", base=None, frequency_scale=(1.0, 9.0))
    linear = nn.Linear(2000, 5)
    gate.init_linear(linear, first)
    bound = 1 / 2000 if first else math.sqrt(6 / 2000) / 5
    assert gate.spectral.frequencies.tolist() == [5.0] * 5
    largest = linear.weight.abs().amax(1) / bound
    torch.testing.assert_close(largest, torch.tensor([1, 3, 5, 7, 9]) / 5, rtol=0.01, atol=0)


@pytest.mark.parametrize(("activation", "most"), [(Sine, 1.0), (Finer, 5.0)])
def test_first_weights_are_those_of_the_papers(activation, most):
    torch.manual_seed(0)
    network = CoordinateMLP(2, 1, width=4000, depth=2, activation=activation)
    first, second, head = (network.layers[k] for k in (0, 2, 4))
    bound = math.sqrt(6 / 4000) / 30
    for tensor, limit in [(first.weight, 1 / 2), (second.weight, bound), (head.weight, bound)]:
        assert 0.99 * limit < tensor.abs().max() <= limit
    assert 0.7 * most < first.bias.abs().max() <= most


def test_second_layer_of_siren_starts_with_phases_of_unit_spread():
    torch.manual_seed(0)
    network = CoordinateMLP(2, 1, width=2000, depth=2, activation=Sine)
    x = 2 * torch.rand(500, 2) - 1
    h = network.layers[1](network.layers[0](x))
    phases = 30 * h @ network.layers[2].weight.T
    assert phases.std().item() == pytest.approx(1, abs=0.05)


def test_sine_gates_have_two_parameters_per_channel():
    assert count_parameters(SpectralGate(7, spectral="sine", base=None)) == 14


FOLDED = {
    "siren": lambda n: Sine(n, omega=20.0),
    "gate": lambda n: SpectralGate(
        n, spectral="sine", base=None, gate_init=0.7, frequency_scale=(5.0, 9.0)
    ),
    "scalar gate": lambda n: SpectralGate(
        n, spectral="sine", base=None, gate="scalar", gate_init=0.7, frequency_scale=3.0
    ),
}


def folded_network(name):
    torch.manual_seed(0)
    return CoordinateMLP(2, 3, width=6, depth=3, activation=FOLDED[name]).double()


@pytest.mark.parametrize("name", FOLDED)
def test_folding_changes_nothing(name):
    network, x = folded_network(name), inputs(10, 2)
    torch.testing.assert_close(network(x), network.layers(x), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("name", FOLDED)
def test_folding_changes_no_gradient(name):
    network, x = folded_network(name), inputs(10, 2)
    parameters = list(network.parameters())
    ours = torch.autograd.grad(network(x).square().sum(), parameters)
    plain = torch.autograd.grad(network.layers(x).square().sum(), parameters)
    torch.testing.assert_close(ours, plain, rtol=1e-10, atol=1e-10)


def test_a_hook_sees_the_input_of_a_folded_gate():
    network, x, seen = folded_network("gate"), inputs(10, 2), []
    plain = network(x)
    handle = network.layers[3].register_forward_pre_hook(lambda _, u: seen.append(u[0]))
    torch.testing.assert_close(network(x), plain, rtol=1e-12, atol=1e-12)
    handle.remove()
    torch.testing.assert_close(seen[0], network.layers[:3](x))


@pytest.mark.parametrize(
    "options", [{"gate": "input"}, {"layer_norm": True}, {"base": torch.tanh}]
)
def test_what_cannot_fold_does_not(options):
    gate = SpectralGate(4, **({"spectral": "sine", "base": None, "gate_init": 0.5} | options))
    assert gate.folded() is None


def test_frequencies_must_be_positive():
    with pytest.raises(ValueError, match="positive"):
        SpectralGate(4, spectral="sine", frequency_scale=0.0)
    with pytest.raises(ValueError, match="omega must be positive"):
        Sine(4, omega=0.0)
