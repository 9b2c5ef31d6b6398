"""Extrapolation: a wave of the right frequency goes on, others do not."""

import math

import numpy as np
import pytest
import torch

from sgn_sciml.layers import Elementwise, PeriodicEncoding, Sine
from sgn_sciml.networks import CoordinateMLP
from sgn_sciml.studies.experiments.extrapolation import Extrapolation


def periodic(in_features, out_features, width):
    return CoordinateMLP(
        in_features,
        out_features,
        width,
        1,
        activation=Elementwise,
        encoding=PeriodicEncoding(in_features, harmonics=3),
    )


def siren(in_features, out_features, width):
    return CoordinateMLP(in_features, out_features, width, 2, activation=Sine)


def cell(**keys):
    settings = {"parameters": 1023, "periods": 2, "reach": 2, "points": 32, "steps": 300}
    return Extrapolation(**(settings | {"harmonics": 1, "lr": 3e-3} | keys))


def test_a_periodic_network_goes_on():
    outcome = cell(network=periodic, parameters=1000, lr=1e-2, steps=500).run()
    assert outcome.scalars["val/relative_l2"] < 0.05
    inside, beyond = (outcome.scalars[name] for name in ("val/relative_l2", "test/beyond"))
    assert beyond == pytest.approx(inside, rel=0.01)
    curve = outcome.curves["error_by_period"]
    assert list(curve.axes["period"]) == [-2, -1, 0, 1]
    np.testing.assert_allclose(curve.values[:2], curve.values[2:], rtol=1e-2)


def zero(in_features, out_features, width):
    network = siren(in_features, out_features, width)
    with torch.no_grad():
        for p in network.parameters():
            p.zero_()
    return network


def test_a_constant_has_an_error_of_one():
    outcome = cell(network=zero, lr=1e-12, steps=1).run()
    assert outcome.scalars["test/beyond"] == pytest.approx(1, abs=1e-6)


def test_together_as_alone():
    cells = [cell(network=siren, seed=seed, steps=50) for seed in (0, 1)]
    for one, outcome in zip(cells, Extrapolation.run_together(cells), strict=True):
        for name, value in one.run().scalars.items():
            assert math.isclose(outcome.scalars[name], value, rel_tol=5e-3), name


@pytest.mark.parametrize("keys", [{"points": 33}, {"points": 4}, {"reach": 0}, {"lr": -1.0}])
def test_wrong_arguments(keys):
    with pytest.raises(ValueError, match=r"points|positive"):
        cell(**keys)
