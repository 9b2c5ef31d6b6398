"""Images: pixels lie where they are said to, low bands come first, together is as alone."""

import math

import numpy as np
import pytest
import torch

from sgn_sciml.layers import Elementwise, Sine
from sgn_sciml.networks import CoordinateMLP
from sgn_sciml.studies.experiments.images import Images, picture, pixels


def siren(in_features, out_features, width, **keys):
    return CoordinateMLP(
        in_features, out_features, width, 2, activation=lambda n: Sine(n, 10.0), **keys
    )


def gelu(in_features, out_features, width, **keys):
    return CoordinateMLP(in_features, out_features, width, 2, activation=Elementwise, **keys)


@pytest.fixture
def ramp(tmp_path):
    """A picture that is bright where x is large: its grey value is x."""
    x = (np.arange(32, dtype=np.float32) + 0.5) / 32
    path = tmp_path / "ramp.npy"
    np.save(path, np.broadcast_to(x, (32, 32)))
    return str(path)


def cell(**keys):
    settings = {"parameters": 600, "size": 16, "steps": 40, "lr": 1e-2, "network": siren}
    return Images(**(settings | keys))


def test_pixels_lie_where_their_values_come_from(ramp):
    image = picture(ramp, 16)
    for held_out in (False, True):
        x = pixels(16, held_out)[:, 1]
        values = image[held_out::2, held_out::2].flatten()
        torch.testing.assert_close(values, 2 * x - 1)


def test_a_ramp_is_learned(ramp):
    outcome = cell(path=ramp, network=gelu, steps=150).run()
    assert outcome.scalars["val/relative_l2"] < 0.1
    assert outcome.scalars["train/psnr"] > 25
    assert abs(outcome.scalars["parameters"] / 600 - 1) <= 0.02


def test_low_bands_come_first_and_energies_add_up():
    outcome = cell(path="camera").run()
    last = outcome.curves["band_error"].values[-1]
    assert last[0] < 0.3 < last[-1]
    share = outcome.curves["spectral_error"].values[-1]
    whole = outcome.scalars["train/relative_l2"]
    assert math.sqrt((share**2).sum()) == pytest.approx(whole, rel=1e-4)


def test_together_as_alone():
    cells = [cell(seed=seed, lr=lr) for seed in (0, 1) for lr in (3e-3, 1e-2)]
    for one, outcome in zip(cells, Images.run_together(cells), strict=True):
        for name, value in one.run().scalars.items():
            assert math.isclose(outcome.scalars[name], value, rel_tol=5e-3), name


@pytest.mark.parametrize("keys", [{"size": 2}, {"steps": 0}, {"lr": 0.0}, {"every": 0}])
def test_wrong_arguments(keys):
    with pytest.raises(ValueError, match="positive"):
        cell(**keys)
