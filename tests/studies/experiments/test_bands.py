"""Bands: known waves fall into theirs, and what is learned when is noted."""

import numpy as np
import pytest
import torch

from sgn_sciml.metrics import shell_energy
from sgn_sciml.studies.experiments.bands import BandLog, band_starts, joined


def test_bands_cover_all_shells_once():
    starts = band_starts(32)
    assert starts == [0, 1, 2, 3, 4, 6, 8, 12, 16, 24, 32]
    shells = torch.rand(3, 33, dtype=torch.float64)
    torch.testing.assert_close(joined(shells, starts).sum(-1), shells.sum(-1))
    assert band_starts(0) == [0]


def test_a_wave_that_is_missing_and_one_that_is_half_there():
    x = torch.arange(64, dtype=torch.float64) / 64
    low, high = (torch.sin(2 * torch.pi * k * x)[None, None] for k in (3, 13))

    def energy(u):
        return shell_energy(u, "periodic", 32)

    log = BandLog(energy(low + high), "train")
    log.look(0, energy(low + high))
    log.look(10, energy(high))
    log.look(15, energy(high), keep=False)
    log.look(20, energy(high / 2))
    curves = log.curves(0)
    assert list(curves["band_error"].axes["step"]) == [0, 10, 20]
    starts = list(curves["band_error"].axes["wavenumber"])
    relative = curves["band_error"].values[:, [starts.index(3), starts.index(12)]]
    np.testing.assert_allclose(relative, [[1, 1], [0, 1], [0, 0.5]], atol=1e-6)
    share = curves["spectral_error"].values
    np.testing.assert_allclose((share**2).sum(1), [1, 0.5, 0.125], atol=1e-9)
    learned = curves["time_to_learn"].values
    assert learned[starts.index(3)] == 10
    assert np.isnan(learned[starts.index(12)])
    scalars = log.scalars(0)
    assert scalars["train/relative_l2"] == pytest.approx(0.125**0.5)
    assert scalars["train/spectral_error/low_relative"] == pytest.approx(0, abs=1e-9)
    assert scalars["train/spectral_error/high_relative"] == pytest.approx(0.5)


def test_an_empty_band_of_the_target_has_a_finite_error():
    log = BandLog(torch.tensor([[0.0, 1.0, 0.0]]), "test")
    log.look(0, torch.tensor([[1.0, 0.0, 0.0]]))
    assert np.isfinite(log.curves(0)["band_error"].values).all()
