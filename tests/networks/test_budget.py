"""Every rival at equal parameters."""

import pytest
import torch

from sgn_sciml.layers import (
    ActivationEncoding,
    Cauchy,
    Chebyshev,
    Elementwise,
    Fan,
    Finer,
    FinerGaussian,
    FourierKan,
    GaussianFourierFeatures,
    GroupRational,
    HarmonicSine,
    Kaf,
    LearnableFourierFeatures,
    PiNet,
    Sine,
    Snake,
    Spder,
    SpectralGate,
    Spline,
    Staf,
)
from sgn_sciml.networks import CoordinateMLP, count_parameters, match_parameters

NETWORKS = {
    **{
        act.__name__: {"activation": act}
        for act in (
            *(Cauchy, Chebyshev, Elementwise, Fan, Finer, FinerGaussian, FourierKan),
            *(GroupRational, HarmonicSine, Kaf, PiNet, Sine, Snake, Spder, SpectralGate),
            *(Spline, Staf),
        )
    },
    "KAN": {"activation": Spline, "encoding": ActivationEncoding(2, Spline)},
    "random features": {"activation": Elementwise, "encoding": GaussianFourierFeatures(2)},
    "learned features": {
        "activation": Elementwise,
        "encoding": LearnableFourierFeatures(2, 4, 8, 8),
    },
}


@pytest.mark.parametrize("budget", [1_300, 50_000])
@pytest.mark.parametrize("name", NETWORKS)
def test_a_rival_has_the_parameters_of_a_budget(name, budget):
    def build(width, first):
        return CoordinateMLP(2, 1, width, depth=3, first_width=first, **NETWORKS[name])

    width, first = match_parameters(build, budget)
    assert count_parameters(build(width, first)) == pytest.approx(budget, rel=0.02)
    assert 0.3 < first / width < 3


def test_equal_widths_are_taken_where_they_do():
    def build(width, first):
        return CoordinateMLP(2, 1, width, 3, Elementwise, first_width=first)

    for budget in (3_000, 10_000, 100_000):
        width, first = match_parameters(build, budget)
        assert width == first


def test_random_numbers_are_left_alone():
    state = torch.get_rng_state()
    match_parameters(lambda w, f: CoordinateMLP(2, 1, w, 3, first_width=f), 3_000)
    assert torch.equal(torch.get_rng_state(), state)


def test_what_cannot_be_met_names_what_comes_nearest():
    with pytest.raises(ValueError, match=r"no widths give 50 .* width 1, first_width 1 come near"):
        match_parameters(lambda w, f: CoordinateMLP(2, 1, w, 3, Kaf, first_width=f), 50)


def test_what_cannot_be_built_says_why():
    with pytest.raises(ValueError, match="head_scale must be positive"):
        match_parameters(lambda w, f: CoordinateMLP(2, 1, w, head_scale=0.0), 1000)


def test_a_size_that_does_not_grow_says_so():
    with pytest.raises(ValueError, match="do not grow with the width"):
        match_parameters(lambda w, f: CoordinateMLP(2, 1, 4), 1000)


def test_an_empty_budget_is_refused():
    with pytest.raises(ValueError, match="at least 1 parameter, got 0"):
        match_parameters(lambda w, f: CoordinateMLP(2, 1, w), 0)
