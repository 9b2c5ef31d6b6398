"""Networks whose grids follow points: they stay the function they were."""

import pytest
import torch

from sgn_sciml.layers import ActivationEncoding, Elementwise, Extremes, Spline, Straight
from sgn_sciml.networks import CoordinateMLP, follow_data


def splines(n):
    return Spline(n, 8, boundary=Straight())


@pytest.mark.parametrize("skips", [False, True])
@pytest.mark.parametrize("encoded", [False, True])
def test_grids_follow_and_the_function_nearly_stays(encoded, skips, float64):
    torch.manual_seed(0)
    encoding = ActivationEncoding(2, splines) if encoded else None
    network = CoordinateMLP(
        2, 3, width=6, depth=2, activation=splines, encoding=encoding, skips=skips
    )
    network.set_domain((0.0, -2.0), (5.0, 3.0))
    for skip in network.skips:
        torch.nn.init.normal_(skip, std=0.3)
    x = torch.rand(500, 2) * 5 - torch.tensor([0.0, 2.0])
    before = network(x).detach()
    assert follow_data(network, x, Extremes(0.0), uniform=1.0) == 2 + encoded
    assert (network(x) - before).square().mean() < 0.01 * before.var()
    u = network.layers[0](network.encoding(network.scale(x)))  # as its grid now has it
    knots = network.layers[1].knots
    torch.testing.assert_close(knots[3], u.amin(0), rtol=0.05, atol=0.05)
    torch.testing.assert_close(knots[-4], u.amax(0), rtol=0.05, atol=0.05)


def test_a_network_without_splines_has_no_grids():
    assert follow_data(CoordinateMLP(2, 1, activation=Elementwise), torch.rand(5, 2)) == 0
