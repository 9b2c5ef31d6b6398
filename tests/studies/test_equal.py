"""Equal parameters."""

import pytest
import torch

from sgn_sciml.layers import Elementwise, SpectralGate
from sgn_sciml.networks import CoordinateMLP, count_parameters
from sgn_sciml.studies.equal import matching_width


@pytest.mark.parametrize("activation", [Elementwise, SpectralGate, SpectralGate.kaf])
@pytest.mark.parametrize("budget", [4000, 7777, 20000])
def test_within_two_per_cent(activation, budget):
    def make(width):
        return CoordinateMLP(1, 1, width, 2, activation=activation)

    state = torch.get_rng_state()
    width = matching_width(make, budget)
    assert torch.equal(torch.get_rng_state(), state)
    assert abs(count_parameters(make(width)) / budget - 1) <= 0.02


@pytest.mark.parametrize("budget", [3, 40, 10**9])
def test_no_width_is_near_enough(budget):
    with pytest.raises(ValueError, match="no width gives"):
        matching_width(lambda width: CoordinateMLP(1, 1, width, 3), budget, largest=16)
