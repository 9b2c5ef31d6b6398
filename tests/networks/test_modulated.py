"""Coordinate-aware modulation: where it starts, what it interpolates, what an optimiser sees."""

import pytest
import torch

from sgn_sciml.layers import Elementwise
from sgn_sciml.networks import CoordinateMLP, ModulatedMLP, count_parameters


def networks(**options):
    made = []
    for kind in (CoordinateMLP, ModulatedMLP):
        torch.manual_seed(0)
        made.append(kind(2, 3, width=8, depth=2, **options).double())
    return made


@pytest.mark.parametrize("options", [{}, {"skips": True, "first_width": 11}])
def test_it_starts_as_the_network_without_it(options):
    plain, modulated = networks(**options)
    x = torch.rand(4, 5, 2, dtype=torch.float64)
    torch.testing.assert_close(modulated(x), plain(x))


def test_scales_and_shifts_are_those_of_the_place():
    """A layer of the identity passes the linear functions on that its grids hold."""
    network = ModulatedMLP(1, 1, 1, 1, lambda n: Elementwise(n, lambda u: u), intervals=4)
    linear, head = network.layers[0], network.layers[-1]
    with torch.no_grad():
        for layer, weight, bias in ((linear, 0.0, 3.0), (head, 1.0, 0.0)):
            layer.weight.fill_(weight)
            layer.bias.fill_(bias)
        nodes = torch.linspace(-1, 1, 5)
        network.modulation.tables.copy_(torch.stack([0.5 * nodes, 2 - nodes], 1))
    s = torch.linspace(-1, 1, 13)[:, None]
    torch.testing.assert_close(network(s), (1 + 0.5 * s) * 3 + 2 - s)


def test_parameters_and_roles():
    plain, modulated = networks()
    assert count_parameters(modulated) - count_parameters(plain) == 2 * 2 * 17**2
    assert modulated.roles()["tables"] == [modulated.modulation.tables]
    roles = [id(p) for each in modulated.roles().values() for p in each]
    assert sorted(roles) == sorted(id(p) for p in modulated.parameters())


def test_sizes_of_a_problem_are_taken():
    network = ModulatedMLP(width=4, depth=1, intervals=3)
    network.take_sizes(3, 2)
    assert network(torch.rand(7, 3)).shape == (7, 2)
    assert network.modulation.tables.shape == (64, 2)


def test_no_intervals_are_refused():
    with pytest.raises(ValueError, match="intervals must be at least 1"):
        ModulatedMLP(intervals=0)
