"""Transolver: points in any order, averages over slices, the authors' outputs."""

import pytest
import torch

from sgn_sciml.operators.families import Transolver
from sgn_sciml.operators.families.transolver import SliceAttention
from sgn_sciml.operators.networks import Gated
from tests.operators.families.weights import field, told, waves


def small(**options):
    torch.manual_seed(0)
    options = {"axes": 2, "width": 8, "depth": 2, "heads": 2, "slices": 3} | options
    return Transolver(**options).double()


# Model of structured_2D with ref 3, and of unstructured points; float32 positions there
@pytest.mark.parametrize(
    ("ours", "expected"),
    [
        (
            {"reference": 3, "kernel": 3},
            [-5.9176833419233805, 5.9176833419233805, -0.09935914734146359],
        ),
        ({"kernel": 1}, [-5.887289150337725, 5.887289150337725, -0.09849271498371232]),
    ],
)
def test_outputs_are_those_of_the_authors_code(ours, expected):
    network = waves(small(periodic=False, **ours))
    found = told(network(field(2, 1, 6, 5)), 1, 0, 3, 2)
    torch.testing.assert_close(found, torch.tensor(expected).double(), rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize("reference", [0, 4])
def test_the_order_of_points_does_not_matter(reference):
    network = small(kernel=1, reference=reference)
    x, points, order = (
        torch.randn(2, 30, 1).double(),
        torch.rand(30, 2).double(),
        torch.randperm(30),
    )
    y = network.on_points(x, points)
    torch.testing.assert_close(network.on_points(x[:, order], points[order]), y[:, order])


def test_a_grid_is_a_cloud_of_points():
    network = small(kernel=1, periodic=False)
    x = torch.randn(2, 1, 4, 5).double()
    points = torch.cartesian_prod(torch.linspace(0, 1, 4), torch.linspace(0, 1, 5)).double()
    y = network.on_points(x.flatten(2).mT, points.expand(2, -1, -1))
    torch.testing.assert_close(y.mT.view_as(x), network(x), rtol=1e-5, atol=1e-7)


def test_repeated_points_change_nothing_where_slices_are_averages():
    torch.manual_seed(0)
    attention = SliceAttention(8, 2, 3, (True,), 1).double()
    x = torch.randn(1, 50, 8).double()
    y = attention(torch.cat([x, x], 1))[:, :50]
    torch.testing.assert_close(y, attention(x), rtol=1e-5, atol=1e-6)  # up to the epsilon


def test_convolutions_refuse_clouds():
    with pytest.raises(ValueError, match="set kernel to 1"):
        small().on_points(torch.zeros(1, 3, 1).double(), torch.zeros(3, 2).double())


@pytest.mark.parametrize("axes", [1, 2, 3])
def test_any_grid_will_do(axes):
    network = small(axes=axes, in_channels=2, out_channels=3)
    for n in (4, 5):
        x = torch.randn(2, 2, *(n,) * axes).double()
        assert network(x).shape == (2, 3, *(n,) * axes)


def test_weights_begin_small():
    network = Transolver(width=64, depth=1)
    for weight in (network.attention[0].slice.weight, network.mlp[0].fc1.weight):
        assert weight.std().item() == pytest.approx(0.02, rel=0.1)
    assert torch.all(network.attention[0].temperature == 0.5)


def test_channel_networks_and_lifting_take_gates():
    gated = Gated(small(width=16), where=["channel_mlp", "lifting"])
    assert [r.name for r in gated.replacements] == ["lifting.act", "mlp.0.act", "mlp.1.act"]


@pytest.mark.parametrize(
    ("bad", "says"),
    [({"depth": 0}, "at least 1"), ({"heads": 3}, "multiple"), ({"kernel": 2}, "odd")],
)
def test_sizes_out_of_range_are_refused(bad, says):
    with pytest.raises(ValueError, match=says):
        small(**bad)
