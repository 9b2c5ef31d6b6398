"""FAN: its formula, and what it does outside of what it has seen."""

import math

import pytest
import torch
from torch import nn

from sgn_sciml.layers import Elementwise, Fan
from sgn_sciml.networks import CoordinateMLP


def test_fan_is_its_formula():
    u = torch.randn(5, 6)
    expected = torch.cat([u[:, :2].cos(), u[:, :2].sin(), nn.functional.gelu(u[:, 2:])], 1)
    torch.testing.assert_close(Fan(8)(u), expected)


@pytest.mark.parametrize("act", [Fan, lambda n: Elementwise(n, nn.functional.gelu)])
def test_it_goes_on_with_a_sine_where_an_mlp_does_not(act):
    """Least squares of the read-out on [-1, 1], where waves of the right frequency are at hand."""
    torch.manual_seed(0)
    network = CoordinateMLP(1, 1, width=64, depth=1, activation=act).double()
    with torch.no_grad():
        network.layers[0].weight[:16] = 6.0
    hidden = network.layers[:2]
    x, far = (torch.linspace(*ends, 200).double()[:, None] for ends in ((-1, 1), (1, 5)))
    weights = torch.linalg.pinv(hidden(x), rtol=1e-6) @ torch.sin(6 * x)
    error = (hidden(far) @ weights - torch.sin(6 * far)).abs().max()
    assert (error < 1e-5) == (act is Fan)


def test_the_ratio_must_leave_both_parts():
    for n, ratio in ((8, 0.0), (8, 0.5), (3, 0.25), (8, math.nan)):
        with pytest.raises(ValueError, match="ratio must lie in"):
            Fan(n, ratio)
