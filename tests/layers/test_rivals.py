"""What all rivals have in common: shapes, parameters, derivatives; and networks made of them."""

import pytest
import torch
from torch import nn

from sgn_sciml.layers import (
    Cauchy,
    Chebyshev,
    Elementwise,
    Fan,
    FinerGabor,
    FinerGaussian,
    FourierKan,
    GroupRational,
    HarmonicSine,
    Kaf,
    Mixture,
    PiNet,
    Selectable,
    Snake,
    Spder,
    Staf,
)
from sgn_sciml.networks import CoordinateMLP, count_parameters, inject

# factory, channels in and out and own parameters for n channels
RIVALS = {
    "finer++ gaussian": (FinerGaussian, lambda n: (n, n, 0)),
    "finer++ gabor": (FinerGabor, lambda n: (n, n, 0)),
    "spder": (Spder, lambda n: (n, n, 0)),
    "staf": (Staf, lambda n: (n, n, 15)),
    "harmonic": (lambda n: HarmonicSine(n, 2.0, 0.2, 0.1), lambda n: (n, n, 2 * n)),
    "snake": (Snake, lambda n: (n, n, n)),
    "cauchy": (Cauchy, lambda n: (n, n, 3)),
    "cauchy of channels": (lambda n: Cauchy(n, per_channel=True), lambda n: (n, n, 3 * n)),
    "fan": (Fan, lambda n: (n - n // 4, n, 0)),
    "kaf": (Kaf, lambda n: (n, n, 27 * n + 9 + n + 2)),
    "kaf of channels": (
        lambda n: Kaf(n, 5, per_channel=True, layer_norm=True),
        lambda n: (n, n, 15 * n + 5 + n + 2 * n + 2 * n),
    ),
    "rational": (GroupRational, lambda n: (n, n, 6 + 8 * 4)),
    "polynomial": (lambda n: PiNet(n, 3), lambda n: (3 * n, n, 0)),
    "fourier kan": (lambda n: FourierKan(n, 5), lambda n: (n, 10 * n, 0)),
    "mlp-kan": (Mixture, lambda n: (n, n + 9 * n, 2 * (n + 1))),
    "selectable": (Selectable, lambda n: (n, n + 9 * n + 8 * n + 16 * n, 4 * n)),
    "chebyshev": (lambda n: Chebyshev(n, 6), lambda n: (n, 6 * n, 0)),
}
FINER = (FinerGabor, FinerGaussian)  # whose chirp has no gradient of its own


def parameters(layer, inputs, n, depth, outputs):
    """Of a network with ``depth`` such layers of n channels."""
    wide, out, own = layer(n)
    behind = (depth - 1) * wide * (out + 1)
    return wide * (inputs + 1) + behind + outputs * (out + 1) + depth * own


@pytest.fixture(params=RIVALS)
def rival(request):
    return RIVALS[request.param]


@pytest.mark.parametrize("n", [8, 13])
def test_a_rival_has_the_channels_and_parameters_of_its_formula(rival, n):
    make, formula = rival
    act = make(n)
    assert (act.in_features, act.out_features, count_parameters(act)) == formula(n)


@pytest.mark.parametrize("depth", [1, 3])
def test_a_network_has_the_parameters_of_the_formula(rival, depth):
    make, formula = rival
    network = CoordinateMLP(2, 3, width=12, depth=depth, activation=make)
    assert count_parameters(network) == parameters(formula, 2, 12, depth, 3)


def test_networks_start_with_values_of_order_one(rival):
    torch.manual_seed(0)
    network = CoordinateMLP(2, 1, width=64, depth=3, activation=rival[0])
    y = network(2 * torch.rand(500, 2) - 1)
    assert 1e-3 < y.std() < 5


@pytest.mark.parametrize("skips", [False, True])
def test_networks_are_their_layers(rival, skips):
    # STAF's first phases, some ten radians a layer, make 1e-4 of single precision
    network = CoordinateMLP(2, 3, width=8, depth=3, activation=rival[0], skips=skips).double()
    x = torch.rand(5, 2, dtype=torch.float64)
    torch.testing.assert_close(network(x), network.layers(x))
    assert network(torch.rand(2, 4, 2, dtype=torch.float64)).shape == (2, 4, 3)


def test_every_parameter_has_a_role(rival):
    network = CoordinateMLP(2, 1, width=8, depth=2, activation=rival[0])
    roles = [id(p) for each in network.roles().values() for p in each]
    assert sorted(roles) == sorted(id(p) for p in network.parameters())
    assert all(p.ndim == 2 for p in network.roles()["matrices"])


def test_every_parameter_gets_a_gradient(rival):
    torch.manual_seed(0)
    network = CoordinateMLP(2, 1, width=8, depth=2, activation=rival[0])
    network(torch.rand(50, 2)).square().mean().backward()
    assert all(p.grad is not None and p.grad.abs().max() > 0 for p in network.parameters())


def test_gradients_are_those_of_differences(rival):
    torch.manual_seed(0)
    act = rival[0](8).double()
    if isinstance(act, FINER):
        act.true_gradient = True
    u = torch.randn(3, act.in_features, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(act, u)


@pytest.mark.parametrize("make", [Fan, PiNet, FourierKan])
def test_inject_leaves_alone_what_changes_the_number_of_channels(make):
    first, second = make(8), Elementwise(8)
    chain = nn.Sequential(
        *(nn.Linear(2, first.in_features), first),
        *(nn.Linear(first.out_features, 8), second, nn.Linear(8, 1)),
    )
    assert [r.name for r in inject(chain)] == ["3"]
