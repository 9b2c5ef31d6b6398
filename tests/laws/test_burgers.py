import numpy as np
import pytest
import torch

from sgn_sciml.laws import BurgersPaper, BurgersPDEBench, BurgersR10
from sgn_sciml.laws.cole_hopf import cole_hopf, num_steps
from sgn_sciml.laws.law import relative_difference, rng_of
from sgn_sciml.pde.burgers import cole_hopf as by_quadrature


def rngs(n):
    return [rng_of(0, i) for i in range(n)]


@pytest.fixture(scope="module")
def r10():
    return BurgersR10(res=256).solve(rngs(300))


def test_r10_has_the_spread_of_its_law(r10):
    k = np.arange(1, 4096)
    exact = np.sqrt((2 * (25 / ((2 * np.pi * k) ** 2 + 25)) ** 2).sum())
    assert r10["a"].std() == pytest.approx(exact, rel=0.06)
    assert r10["u"].std() == pytest.approx(0.493, rel=0.06)
    assert BurgersR10().draw(rngs(1))[0, 0] == 0


def test_r10_spectrum_at_each_wavenumber(r10):
    power = (np.abs(np.fft.rfft(r10["a"], norm="forward")) ** 2).mean(0)
    k = np.arange(1, 20)
    np.testing.assert_allclose(power[k], (25 / ((2 * np.pi * k) ** 2 + 25)) ** 2, rtol=0.3)


def test_r10_solver_converges():
    assert BurgersR10().self_convergence(0) < 1e-8


def test_r10_agrees_with_cole_hopf():
    law, n = BurgersR10(res=1024), 1024
    spectrum = law.draw(rngs(3))[:, :342]
    # v = u / length obeys v_t + (v^2/2)_x = (nu / length^2) v_xx
    k = 2j * np.pi * np.arange(342)
    shift = np.exp(k * 0.5 / n)  # values at the centres (j + 1/2)/n
    integral = np.fft.irfft(np.divide(spectrum, k, where=k != 0, out=0 * spectrum) * shift, n)
    integral = integral * n / law.length
    u = np.stack(
        [
            law.length * cole_hopf(line, 0.0, 1.0, law.nu / law.length**2, 1.0, n, 1)[0]
            for line in integral
        ]
    )
    ours = np.fft.rfft(law.solve(rngs(3))["u"]) * np.exp(1j * np.pi * np.arange(513) / n)
    assert relative_difference(np.fft.irfft(ours, n), u) < 1e-8


def test_the_papers_text_leaves_next_to_nothing():
    fields = BurgersPaper(res=256).solve(rngs(100))
    assert fields["a"].std() > 0.5
    assert fields["u"].std() == pytest.approx(0.011, rel=0.3)


def test_cole_hopf_meets_the_shock_of_the_pinn_benchmark():
    # u = -sin(pi x) on [-1, 1]; w = u/2 on the unit interval has a quarter of the viscosity.
    nu, n = 0.01 / np.pi, 512
    x = (np.arange(n) + 0.5) / n
    integral = (np.cos(2 * np.pi * x) - 1) / (-4 * np.pi)
    w = cole_hopf(integral, 0.0, 0.5, nu / 4, 0.25, n, 4)
    points = torch.tensor([[2 * y - 1, t] for t in (0.25, 0.5, 0.75, 1.0) for y in x])
    np.testing.assert_allclose(2 * w.ravel(), by_quadrature(points, nu).numpy(), atol=1e-12)


def test_cole_hopf_refuses_a_grid_that_is_too_coarse():
    with pytest.raises(ValueError, match="64 points are too few"):
        cole_hopf(np.zeros(64), 0.0, 1.0, 1e-4, 0.01, 64, 1)


def test_small_viscosity_takes_more_steps_between_frames():
    assert num_steps(1.0, 1e-2, 0.01) == 1
    assert num_steps(2.0, 1e-5, 0.01) > 1


@pytest.mark.parametrize("nu", [1e-3, 0.1])
def test_pdebench_solver_converges(nu):
    assert BurgersPDEBench(nu=nu, frames=21, time=0.2).self_convergence(0) < 1e-6


def test_pdebench_conserves_its_mean():
    u = BurgersPDEBench(frames=21, time=0.2, nu=0.1).solve(rngs(3))["u"]
    assert np.ptp(u.mean(-1), axis=1).max() < 1e-4  # the waves do not close: cells are not exact


def test_viscosity_is_nu_over_pi():
    # After a long time only a decaying first harmonic is left: rate 4 pi^2 nu / pi.
    law = BurgersPDEBench(nu=1.0, frames=41, time=0.4, res=64)
    u = law.solve(rngs(4))["u"]
    amplitude = np.abs(np.fft.rfft(u - u.mean(-1, keepdims=True))[..., 1])
    rate = -np.log(amplitude[:, 40] / amplitude[:, 30]) / 0.1
    np.testing.assert_allclose(rate, 4 * np.pi, rtol=1e-3)
