"""Inputs that leave a spline's grid: shares that are known, and grids that follow."""

from functools import partial

import pytest
import torch

from sgn_sciml.layers import Elementwise, Extremes, Spline
from sgn_sciml.networks import CoordinateMLP
from sgn_sciml.studies import Leaving
from sgn_sciml.studies.experiments.leaving import hidden_shares
from sgn_sciml.studies.reports.shares import percent

SETTINGS = {"parameters": 700, "num_tones": 2, "points": 32, "steps": 60}


def network(**settings):
    return partial(CoordinateMLP, depth=2, activation=partial(Spline, intervals=4, **settings))


def cell(**keys):
    return Leaving(**({"network": network()} | SETTINGS | keys))


def one_layer(weight, **settings):
    """A network whose only hidden input is weight times x in [-1, 1]."""
    made = CoordinateMLP(1, 1, 1, 1, activation=partial(Spline, intervals=4, **settings))
    made.set_domain([-1.0], [1.0])
    with torch.no_grad():
        made.layers[0].weight.fill_(weight)
    return made


def test_shares_of_a_known_line():
    x = torch.linspace(-1, 1, 2001)[:, None]
    outside, dead = hidden_shares(one_layer(4.0), x)
    assert outside == pytest.approx(0.75, abs=1e-3)
    assert dead == 0  # the base function has a slope everywhere
    # without it cubic splines reach three intervals of 0.5 further, to 2.5 of 4
    assert hidden_shares(one_layer(4.0, base_function=None), x)[1] == pytest.approx(
        1.5 / 4, abs=2e-3
    )


def test_small_inputs_stay():
    scalars = cell(gain=1e-3, steps=1).run().scalars
    assert scalars["outside/start"] == 0
    assert scalars["dead/start"] == 0


def test_a_large_gain_sends_inputs_outside():
    few, many = (cell(gain=gain, steps=1).run().scalars["outside/start"] for gain in (0.5, 8.0))
    assert few < 0.2 < 0.6 < many


def test_grids_follow():
    left = cell(gain=8.0).run()
    followed = cell(gain=8.0, follow_every=10, follow_until=60).run()
    assert left.scalars["outside/end"] > 0.5
    assert followed.scalars["outside/end"] < 0.1
    assert followed.scalars["outside/start"] == left.scalars["outside/start"]
    assert len(followed.curves["outside"].values) > 5


def test_nothing_is_outside_the_extremes():
    settings = {"follow_every": 60, "follow_until": 60, "within": Extremes()}
    assert cell(gain=8.0, **settings).run().scalars["outside/end"] == 0


def test_other_activations_have_no_dead_inputs():
    gelu = partial(CoordinateMLP, depth=2, activation=partial(Elementwise, function=torch.tanh))
    scalars = cell(network=gelu, gain=8.0, steps=1).run().scalars
    assert scalars["outside/start"] > 0.5
    assert scalars["dead/start"] == 0


@pytest.mark.parametrize(
    "keys", [{"gain": 0.0}, {"lr": -1.0}, {"points": 4}, {"steps": 0}, {"follow_every": -1}]
)
def test_wrong_arguments(keys):
    with pytest.raises(ValueError, match=r"must be positive|points"):
        cell(**keys)


def test_percent():
    assert percent([0.5, 1.0]) == "75 %"
    assert percent([0.5, float("inf")]) == ""
