"""Hash grids: what they interpolate, what is hashed, how many parameters."""

import pytest
import torch

from sgn_sciml.layers import Elementwise, HashGrid
from sgn_sciml.networks import CoordinateMLP, count_parameters


def grid(n):
    """Points of a grid of n intervals, the first coordinate fastest."""
    t = torch.linspace(-1, 1, n + 1, dtype=torch.float64)
    y, x = torch.meshgrid(t, t, indexing="ij")
    return torch.stack([x, y], -1).reshape(-1, 2)


def test_points_of_a_grid_have_its_features():
    encode = HashGrid(2, levels=1, channels=3, coarsest=5).double()
    torch.testing.assert_close(encode(grid(5)), encode.tables)


def test_linear_functions_are_interpolated_exactly():
    encode = HashGrid(2, levels=2, channels=1, coarsest=5, growth=1.5).double()
    with torch.no_grad():
        for table, n in zip(encode.tables.split(encode.sizes), (5, 7), strict=True):
            table.copy_((1 + grid(n) @ torch.tensor([2.0, -3.0]).double())[:, None])
    s = 2 * torch.rand(50, 2).double() - 1
    expected = 1 + s @ torch.tensor([2.0, -3.0]).double()
    torch.testing.assert_close(encode(s), expected[:, None].expand(-1, 2))


def test_it_is_continuous_across_hashed_cells():
    torch.manual_seed(0)
    encode = HashGrid(3, levels=1, log2_size=4, coarsest=6).double()
    edge = torch.tensor([[-1 / 3, 0.2, 0.7], [0.1, 1 / 3, -2 / 3]]).double()
    values = [encode(edge + offset) for offset in (-1e-9, 1e-9)]
    torch.testing.assert_close(*values, rtol=0, atol=1e-11)


@pytest.mark.parametrize("d", [1, 2, 3])
def test_parameters_are_those_of_the_formula(d):
    encode = HashGrid(d, levels=4, channels=2, log2_size=8, coarsest=4, growth=2.0)
    expected = 2 * sum(min((n + 1) ** d, 256) for n in (4, 8, 16, 32))
    assert count_parameters(encode) == expected
    assert encode.tables.abs().max() <= 1e-4


def test_an_optimiser_of_matrices_leaves_tables_alone():
    network = CoordinateMLP(2, 1, 8, 2, Elementwise, encoding=HashGrid(2))
    assert network.roles()["tables"] == [network.encoding.tables]


@pytest.mark.parametrize(
    "options", [{"in_features": 5}, {"levels": 0}, {"growth": 0.5}, {"coarsest": 0}]
)
def test_bad_numbers_are_refused(options):
    with pytest.raises(ValueError, match="HashGrid: "):
        HashGrid(**({"in_features": 2} | options))
