"""Equations: a PINN finds a known solution with either optimiser, and its error by band."""

import math
from functools import partial

import numpy as np
import pytest
import torch

from sgn_sciml.layers import Elementwise
from sgn_sciml.networks import CoordinateMLP
from sgn_sciml.optim import LevenbergMarquardt, SSBroyden
from sgn_sciml.pde import Burgers, Poisson
from sgn_sciml.studies.experiments.equations import Equations, solution

WAVE = Poisson(frequencies=(2 * math.pi,), amplitudes=(1.0,))


def tanh(in_features, out_features, width, **keys):
    return CoordinateMLP(
        in_features, out_features, width, 2, lambda n: Elementwise(n, torch.tanh), **keys
    )


def cell(**keys):
    settings = {"problem": WAVE, "parameters": 120, "points": 200, "adam_steps": 30, "steps": 6}
    settings |= {"lr": 1e-2, "network": tanh, "frames": 3}
    return Equations(**(settings | keys))


METHODS = {
    "LevenbergMarquardt": partial(LevenbergMarquardt, max_iter=5),
    "SSBroyden": partial(SSBroyden, max_iter=20),
}


@pytest.mark.parametrize("method", METHODS)
def test_a_wave_is_found(method):
    outcome = cell(optimizer=METHODS[method]).run()
    assert outcome.scalars["test/relative_l2"] < 0.05
    assert abs(outcome.scalars["parameters"] / 120 - 1) <= 0.02
    curve = outcome.curves["spectral_error"]
    per_step = 5 if method == "LevenbergMarquardt" else 20
    assert list(curve.axes["step"])[-1] == 30 + 6 * per_step
    share = math.sqrt((curve.values[-1] ** 2).sum())
    assert share == pytest.approx(outcome.scalars["test/relative_l2"], rel=1e-6)
    assert curve.values[-1].max() < curve.values[0].max()


def test_frames_of_an_evolving_problem():
    points, fields = solution(Burgers(), (33, 5))
    assert points.shape == (5, 33, 2)
    assert fields.shape == (5, 1, 33)
    assert (points[2, :, 1] == 0.5).all()
    torch.testing.assert_close(fields[0, 0], -torch.sin(math.pi * points[0, :, 0]))
    assert solution(Burgers(), (33, 5))[1] is fields


def test_equal_settings_have_equal_results():
    settings = {"problem": Burgers(), "redraw_every": 2, "adam_steps": 5, "steps": 2}
    one, other = (cell(**settings).run() for _ in range(2))
    assert one.scalars == other.scalars
    np.testing.assert_array_equal(
        one.curves["spectral_error"].values, other.curves["spectral_error"].values
    )


@pytest.mark.parametrize("keys", [{"steps": 0}, {"lr": 0.0}, {"redraw_every": -1}, {"frames": 1}])
def test_wrong_arguments(keys):
    with pytest.raises(ValueError, match=r"positive|at least"):
        cell(**keys)
