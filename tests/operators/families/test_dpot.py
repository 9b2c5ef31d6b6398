"""DPOT: modes as its network says, frames merged by waves of time, the authors' outputs."""

import pytest
import torch
from torch import nn

from sgn_sciml.operators.families import DPOT
from sgn_sciml.operators.families.dpot import ModeNetwork
from sgn_sciml.operators.networks import Gated
from tests.operators.families.weights import field, told, waves


def small(**options):
    torch.manual_seed(0)
    given = {"frames": 3, "points": 16, "patch": 2, "width": 16, "depth": 2, "head": 5}
    options = {"in_channels": 6, "out_channels": 2, "modes": 3} | given | options
    return DPOT(**options).double()


# DPOTNet(16, 2, in_channels=2, out_channels=2, in_timesteps=3, embed_dim=16, depth=2, ...)
@pytest.mark.parametrize(
    ("modes", "expected"),
    [
        (3, [-204.4361662277303, 204.4361662277303, -0.3118471314742907]),
        (32, [-204.45870115860203, 204.45870115860203, -0.3119096352289875]),
    ],
)
def test_outputs_are_those_of_the_authors_code(modes, expected):
    network = waves(small(modes=modes, periodic=False))
    found = told(network(field(2, 6, 16, 16)), 1, 0, 3, 5)
    torch.testing.assert_close(found, torch.tensor(expected).double(), rtol=1e-6, atol=1e-9)


def test_modes_are_multiplied_where_the_activation_is_linear():
    torch.manual_seed(0)
    layer = ModeNetwork(4, 2, 3, nn.Identity()).double()
    with torch.no_grad():
        for bias in layer.biases:
            bias.zero_()
    x = torch.randn(2, 4, 8, 8).double()
    (w, v), kept = (torch.complex(*each) for each in layer.weights), torch.zeros(8, 5)
    kept[:3, :3] = 1
    wave = torch.fft.rfft2(x).reshape(2, 2, 2, 8, 5)
    wave = kept * torch.einsum("bkixy,kij,kjl->bklxy", wave, w, v)
    expected = x + torch.fft.irfft2(wave.flatten(1, 2), (8, 8))
    torch.testing.assert_close(layer(x), expected)


def test_weights_begin_as_in_the_authors_code():
    network = DPOT()
    assert network.filters[0].weights[0].max().item() == pytest.approx(32**-2, rel=1e-3)
    assert network.merge.std().item() == pytest.approx(1 / (10 * 128**0.5), rel=0.02)
    assert network.rates[[0, -1]].tolist() == pytest.approx([2**-10, 2**10])


def test_frames_are_told_apart():
    network, x = small(), torch.randn(1, 6, 16, 16).double()
    assert not torch.allclose(network(x), network(x.view(1, 3, 2, 16, 16).flip(1).flatten(1, 2)))


def test_another_grid_is_refused():
    with pytest.raises(ValueError, match="16 x 16 points and cannot take 32 x 16: set points"):
        small()(torch.zeros(1, 6, 32, 16).double())


def test_channel_networks_take_gates():
    gated = Gated(small(), where=["channel_mlp"], match_parameters=False)
    assert [r.name for r in gated.replacements] == ["mlp.0.act", "mlp.1.act"]
    assert gated(torch.zeros(1, 6, 16, 16).double()).shape == (1, 2, 16, 16)


@pytest.mark.parametrize(
    ("bad", "says"),
    [
        ({"depth": 0}, "at least 1"),
        ({"frames": 4}, "multiple of frames"),
        ({"patch": 3}, "one of patch"),
        ({"width": 12}, "multiple of 8"),
    ],
)
def test_sizes_out_of_range_are_refused(bad, says):
    with pytest.raises(ValueError, match=says):
        small(**bad)
