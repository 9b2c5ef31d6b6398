"""Tones: known amplitudes are recovered, and cells that train together end as they would alone."""

import math

import numpy as np
import pytest
import torch

from sgn_sciml.layers import Elementwise, Sine
from sgn_sciml.networks import CoordinateMLP
from sgn_sciml.studies.experiments.tones import Tones, ToneSum, coefficients, snapshots


def siren(in_features, out_features, width):
    return CoordinateMLP(in_features, out_features, width, 2, activation=Sine)


def gelu(in_features, out_features, width):
    gelu = torch.nn.functional.gelu
    return CoordinateMLP(
        in_features, out_features, width, 2, activation=lambda n: Elementwise(n, gelu)
    )


@pytest.mark.parametrize("power", [0.0, -1.0, 1.0])
def test_projection_recovers_amplitudes(power):
    signal = ToneSum(64, power, seed=3)
    x = torch.arange(256, dtype=torch.float64) / 256
    found = coefficients(signal(x)[None], signal.waves(x)[None])[0]
    torch.testing.assert_close(found.real, signal.amplitudes)
    assert found.imag.abs().max() < 1e-12
    k = torch.arange(1, 65, dtype=torch.float64)
    torch.testing.assert_close(found.real / found.real[0], k**power)
    assert signal(x).square().mean().item() == pytest.approx(1)


def test_a_turned_tone_is_half_an_amplitude_and_no_tone_learned():
    signal = ToneSum(4)
    x = torch.arange(32, dtype=torch.float64) / 32
    turned = signal.waves(x)[:, 1] * complex(math.cos(math.pi / 3), math.sin(math.pi / 3))
    found = coefficients(turned.real[None], signal.waves(x)[None])[0]
    torch.testing.assert_close(found.real, torch.tensor([0, 0.5, 0, 0], dtype=torch.float64))
    assert abs(abs(found[1]) - 1) < 1e-12


def test_seeds_change_phases():
    assert not torch.equal(ToneSum(4, seed=0).phases, ToneSum(4, seed=1).phases)


def test_snapshots_end_with_the_last_step():
    assert snapshots(5000, 40)[:3] == [0, 1, 2]
    assert snapshots(5000, 40)[-1] == 5000


def tones(**keys):
    settings = {"parameters": 1023, "num_tones": 4, "points": 32, "steps": 300, "network": siren}
    return Tones(**(settings | keys))


def test_a_siren_learns_four_tones():
    outcome = tones(lr=3e-3, steps=400).run()
    assert outcome.scalars["tones_learned"] == 4
    assert outcome.scalars["train/relative_l2"] < 0.05
    assert abs(outcome.scalars["parameters"] / 1023 - 1) <= 0.02
    amplitude, error = outcome.curves["amplitude"], outcome.curves["error"]
    assert list(amplitude.axes["step"])[-1] == 400
    assert np.abs(amplitude.values[-1] - 1).max() < 0.1
    assert error.values[-1].max() < 0.1
    learned = outcome.curves["time_to_learn"].values
    assert (learned > 0).all()
    assert (learned < 400).all()


def test_low_tones_come_first_with_gelu():
    learned = tones(network=gelu, lr=1e-2, steps=800, num_tones=8).run().curves["time_to_learn"]
    assert learned.values[0] < 800
    assert np.isnan(learned.values[-1])


def test_together_as_alone():
    cells = [tones(lr=lr, seed=seed, steps=60) for lr in (1e-3, 3e-3) for seed in (0, 1)]
    together = Tones.run_together(cells)
    for cell, outcome in zip(cells, together, strict=True):
        alone = cell.run()
        for name, value in alone.scalars.items():
            assert outcome.scalars[name] == pytest.approx(value, rel=2e-3), name
        for name, curve in alone.curves.items():
            np.testing.assert_allclose(outcome.curves[name].values, curve.values, atol=2e-3)


@pytest.mark.parametrize(
    ("keys", "expected"),
    [
        ({"points": 8}, "8 points cannot tell 4 tones apart"),
        ({"lr": 0.0}, "positive"),
        ({"steps": 0}, "positive"),
        ({"num_tones": 0}, "positive"),
    ],
)
def test_wrong_arguments(keys, expected):
    with pytest.raises(ValueError, match=expected):
        tones(**keys)
