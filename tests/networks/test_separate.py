"""Networks side by side: unknown functions of fewer coordinates than the solution."""

import pytest
import torch

from sgn_sciml.jets import Automatic, Derivatives, Equation, Fused
from sgn_sciml.networks import CoordinateMLP, Separate


def small(*sizes):
    return CoordinateMLP(*sizes, width=4, depth=1, activation="tanh")


@pytest.fixture
def network():
    torch.manual_seed(0)
    network = Separate([small(), small()], axes=[None, [0]])
    network.take_sizes(3, 2)
    network.set_domain((0.0, 1.0, 2.0), (1.0, 3.0, 5.0))
    return network.double()


def test_each_network_has_its_sizes_and_its_part_of_the_domain(network):
    first, second = network.networks
    assert (network.in_features, network.out_features) == (3, 2)
    assert (first.in_features, second.in_features) == (3, 1)
    assert second.upper.tolist() == [1.0]
    assert len(network.lower) == 3
    points = torch.rand(5, 3).double()
    assert torch.equal(network(points)[:, 1:], second(points[:, :1]))


def test_a_field_does_not_depend_on_what_it_does_not_see(network):
    d = Derivatives(network, torch.rand(5, 3).double(), "xyt", "uk")
    assert not d.k_t.any()
    assert d.k_x.all()
    assert d.u_t.all()


def test_jets_pass_through(network):
    engine, points = Automatic(), torch.rand(5, 3).double()
    equation = Equation(network, lambda d: d.u_t - d.k * d.u_xx - d.k_x * d.u_x, "xyt", "uk")
    expected = equation.nested(points)
    assert torch.allclose(engine.residuals(equation, points), expected, rtol=0, atol=1e-12)
    assert torch.allclose(Fused().residuals(equation, points), expected, rtol=0, atol=1e-12)


def test_what_does_not_fit_is_refused():
    with pytest.raises(ValueError, match="1 networks and 2 axes"):
        Separate([small()], axes=[None, [0]])
    with pytest.raises(ValueError, match="sees the coordinate 2, of 2 coordinates"):
        Separate([small()], axes=[[2]]).take_sizes(2, 1)
    with pytest.raises(ValueError, match="in_features=2 and sees 1"):
        Separate([small(2, 1)], axes=[[0]]).take_sizes(3, 1)
