"""F-FNO: one axis at a time, weights by the sum of the modes, the authors' outputs."""

import pytest
import torch
from torch import nn

from sgn_sciml.networks import count_parameters
from sgn_sciml.operators.families import FFNO
from sgn_sciml.operators.families.ffno import AxisSpectralConvolution
from sgn_sciml.operators.networks import Gated
from sgn_sciml.operators.networks.adapter import require_resolved
from tests.operators.families.weights import field, told, waves


def small(**options):
    torch.manual_seed(0)
    return FFNO(**{"modes": (3, 3), "width": 4, "depth": 2} | options).double()


# FNOFactorized2DBlock(modes=3, width=4, input_dim=1, n_layers=3, factor=4, ...), axes in our order
@pytest.mark.parametrize(
    ("ours", "expected"),
    [
        (
            {"shared": True, "weight_norm": True},
            [55.067481214946696, 55.067481214946696, 0.43021892298297054],
        ),
        (
            {"shared": False, "weight_norm": False},
            [359.46819868813895, 359.46819868813895, 2.808474607152777],
        ),
    ],
)
def test_outputs_are_those_of_the_authors_code(ours, expected):
    network = waves(small(depth=3, positional=False, **ours))
    found = told(network(field(2, 1, 8, 8)), 1, 0, 3, 5)
    torch.testing.assert_close(found, torch.tensor(expected).double(), rtol=1e-6, atol=1e-9)


def test_sizes_and_start_are_those_of_the_authors_code():
    network = FFNO()  # torus_li/markov/24_layers
    assert count_parameters(network) == 1_072_834
    assert network.convs[0].weights[0].std().item() == pytest.approx(0.0022, rel=0.02)


def test_weights_grow_with_the_number_of_axes():
    sizes = [count_parameters(AxisSpectralConvolution(4, (5,) * axes, 1.0)) for axes in (1, 2, 3)]
    assert sizes == [axes * 2 * 5 * 4 * 4 for axes in (1, 2, 3)]


def test_each_axis_is_transformed_by_itself():
    torch.manual_seed(0)
    layer = AxisSpectralConvolution(2, (3, 4), 1.0).double()
    a, b = torch.randn(8, 2).double(), torch.randn(9, 2).double()
    x = (a[:, None] + b)[None]  # f(x) + g(y): an axis sees the other's part as constants
    lines = [AxisSpectralConvolution(2, (m,), 1.0).double() for m in (3, 4)]
    for line, weight in zip(lines, layer.weights, strict=True):
        line.weights[0] = weight
    along_x = lines[0](a[None])[0][:, None] + lines[0](b[:, None].expand(9, 8, 2)).mean(1)
    along_y = lines[1](b[None])[0] + lines[1](a[:, None].expand(8, 9, 2)).mean(1)[:, None]
    torch.testing.assert_close(layer(x)[0], along_x + along_y)


def test_a_wave_is_multiplied_by_its_weight():
    layer = AxisSpectralConvolution(1, (3,), 1.0).double()
    with torch.no_grad():
        layer.weights[0][0, 0] = torch.tensor([[1.0, 0], [0, -1], [2, 0]])
    x = 2 * torch.pi * torch.arange(16, dtype=torch.float64) / 16
    u = (3 + x.cos() + (2 * x).sin() + (3 * x).sin())[None, :, None]
    expected = 3 + x.sin() + 2 * (2 * x).sin()  # 1, -i, 2, and nothing above
    torch.testing.assert_close(layer(u)[0, :, 0], expected)


@pytest.mark.parametrize("axes", [1, 2, 3])
def test_the_same_function_on_two_grids(axes):
    network = small(modes=(3,) * axes, activation="tanh")
    x = 2 * torch.pi * torch.arange(32, dtype=torch.float64) / 32
    u = x.sin().view(1, 1, -1, *(1,) * (axes - 1)).expand(1, 1, 32, *(4,) * (axes - 1))
    torch.testing.assert_close(network(u[:, :, ::2]), network(u)[:, :, ::2], rtol=1e-3, atol=1e-4)


def test_without_positions_it_commutes_with_shifts():
    network = small(positional=False)
    x = torch.randn(1, 1, 9, 8).double()
    torch.testing.assert_close(network(x.roll(2, 2)), network(x).roll(2, 2))


def test_grids_carry_modes_up_to_their_nyquist_wavenumber():
    require_resolved(small(), {"x": 6, "y": 6})
    with pytest.raises(ValueError, match="3 modes along y, where 4 points carry 2"):
        require_resolved(small(), {"x": 6, "y": 4})


def test_channel_networks_take_gates():
    gated = Gated(small(weight_norm=False, width=16), where=["channel_mlp"])
    assert [r.name for r in gated.replacements] == ["mlp.0.act", "mlp.1.act"]
    with pytest.raises(ValueError, match="parametrized"):
        Gated(small(width=16), where=["channel_mlp"])
    assert Gated(small(), where=["channel_mlp"], match_parameters=False).replacements


def test_linear_layers_are_weight_normalised():
    modules = [m for m in small().modules() if isinstance(m, nn.Linear)]
    assert all(hasattr(m, "parametrizations") for m in modules)
    assert not any(hasattr(m, "parametrizations") for m in small(weight_norm=False).modules())


@pytest.mark.parametrize("bad", [{"width": 0}, {"modes": (0, 1)}, {"depth": 0}])
def test_sizes_out_of_range_are_refused(bad):
    with pytest.raises(ValueError, match="at least 1"):
        small(**bad)
