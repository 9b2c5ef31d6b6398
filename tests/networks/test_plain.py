import pytest
import torch
from torch import nn

from sgn_sciml.jets import Automatic, Equation, Nested
from sgn_sciml.networks import CoordinateMLP, as_coordinate_network, as_sized_network
from sgn_sciml.networks.plain import PlainNetwork
from sgn_sciml.operators.networks import FNO


class Rows(nn.Module):
    """Code that only tensors understand."""

    def __init__(self):
        super().__init__()
        self.linear = nn.Linear(2, 1)

    def forward(self, x):
        return torch.sin(self.linear(x.view(len(x), -1)))


def laplacian(d):
    return d.u_xx + d.u_yy + d.u


@pytest.mark.parametrize(
    "make",
    [
        Rows,
        lambda: nn.Sequential(nn.Linear(2, 5), nn.Tanh(), nn.Linear(5, 1)),
        lambda: nn.Sequential(nn.Linear(2, 4), nn.LayerNorm(4), nn.Softplus(), nn.Linear(4, 1)),
        lambda: nn.Sequential(nn.Unflatten(1, (2, 1)), nn.Flatten(), nn.LazyLinear(1)),
    ],
)
def test_any_module_has_the_residuals_of_nested_differentiation(make):
    torch.manual_seed(0)
    network = PlainNetwork(make(), 2, 1).double()
    equation = Equation(network, laplacian, "xy", "u")
    points = torch.rand(7, 2, dtype=torch.float64)
    found = Automatic().residuals(equation, points)
    assert torch.allclose(found, Nested().residuals(equation, points), rtol=1e-9, atol=1e-12)


def test_points_reach_a_module_in_their_own_units():
    module = nn.Identity()
    network = PlainNetwork(module, 2, 2)
    network.set_domain((0.0, 0.0), (10.0, 20.0))
    points = torch.tensor([[3.0, 4.0]])
    assert torch.equal(network(points), points)
    assert torch.allclose(network.scale(points), torch.tensor([[-0.4, -0.6]]))


def test_a_grid_of_points_is_rows_to_a_module():
    network = PlainNetwork(nn.Sequential(nn.Linear(2, 1), nn.BatchNorm1d(1)).eval(), 2, 1)
    points = torch.rand(3, 4, 2).transpose(0, 1)
    expected = network(points.reshape(-1, 2)).reshape(4, 3, 1)
    assert torch.equal(network(points), expected)


def test_a_coordinate_network_stays_itself():
    network = CoordinateMLP(2, 1)
    assert as_coordinate_network(network, 2, 1) is network


@pytest.mark.parametrize(
    ("module", "words"),
    [
        (nn.Identity(), r"Identity cannot be the network: .* \(2, 2\), not to .* \(2, 1\)"),
        (nn.Linear(3, 1), r"Linear cannot be the network: it fails at .* \(2, 2\)"),
        (nn.LSTM(2, 1), "to tuple"),
        (FNO(modes=(2, 2), width=2, depth=1), "FNO maps functions on grids"),
    ],
)
def test_what_is_no_map_of_points_is_refused_by_name(module, words):
    with pytest.raises(ValueError, match=words):
        as_coordinate_network(module, 2, 1)


def test_trying_a_module_leaves_it_as_it_was():
    module = nn.Sequential(nn.BatchNorm1d(2), nn.Dropout(), nn.Linear(2, 1))
    before = {k: v.clone() for k, v in module.state_dict().items()}
    PlainNetwork(module, 2, 1)
    assert module.training
    assert all(torch.equal(v, before[k]) for k, v in module.state_dict().items())


def test_a_module_tells_its_sizes_by_what_it_takes():
    network = as_sized_network(nn.Sequential(nn.Linear(2, 5), nn.Tanh(), nn.Linear(5, 3)))
    assert (network.in_features, network.out_features) == (2, 3)
    assert {name: len(each) for name, each in network.roles().items()} == {"others": 4}


@pytest.mark.parametrize(
    ("module", "found"),
    [(nn.Identity(), "1 or 2 or 3 or 4"), (nn.Linear(9, 1), "none"), (nn.LazyLinear(1), "none")],
)
def test_a_module_of_no_certain_size_is_refused(module, found):
    with pytest.raises(ValueError, match=f"it works with {found}.*PlainNetwork"):
        as_sized_network(module)
