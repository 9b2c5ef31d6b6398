import numpy as np
import pytest

from sgn_sciml.laws import NavierStokes2D
from sgn_sciml.laws.law import relative_difference, rng_of


@pytest.fixture
def law():
    return NavierStokes2D(res=32, grid=32, nu=1e-2, time=2.0, frames=3)


def test_a_plane_wave_relaxes_to_balance_with_the_force(law):
    # Along x + y nothing is advected: w' = f - 8 pi^2 nu w, from w = 0.
    u = law.trajectory(np.zeros((256, 129), complex))
    x = law.coordinates()["x"]
    phase = 2 * np.pi * (x[:, None] + x)
    rate = 8 * np.pi**2 * law.nu
    for t in (1, 2):
        exact = 0.1 * (np.sin(phase) + np.cos(phase)) * (1 - np.exp(-rate * t)) / rate
        np.testing.assert_allclose(u[t], exact, atol=1e-13)


def test_initial_field_is_real_and_has_the_covariance_of_its_law(law):
    k = np.fft.fftfreq(256, 1 / 256)
    exact = 7**3 * (4 * np.pi**2 * (k[:, None] ** 2 + k**2) + 49) ** -2.5
    exact[0, 0] = 0
    power = np.mean([np.abs(law.initial(rng_of(0, i))) ** 2 for i in range(60)], axis=0)
    np.testing.assert_allclose(power[1:4, 0:4], exact[1:4, 0:4], rtol=0.6)
    assert 2 * power[:, 1:].sum() + power[:, 0].sum() == pytest.approx(exact.sum(), rel=0.1)
    start = law.initial(rng_of(0, 0))
    np.testing.assert_allclose(start[1:128, 0], np.conj(start[:128:-1, 0]), atol=1e-15)


def test_mean_vorticity_stays_zero(law):
    u = law.solve([rng_of(0, 0)])["u"][:, 1:]  # every eighth point of the first is aliased
    assert np.abs(u.mean((-2, -1))).max() < 1e-12


def test_grid_and_step_converge():
    law = NavierStokes2D(res=32, grid=64, nu=1e-2, time=2.0, frames=3)
    assert law.self_convergence(0) < 1e-4  # 32 points against 64
    finer = NavierStokes2D(res=32, grid=64, nu=1e-2, time=2.0, frames=3, cfl=0.2)
    u, v = (each.solve([rng_of(0, 0)])["u"] for each in (law, finer))
    assert relative_difference(u, v) < 1e-5
