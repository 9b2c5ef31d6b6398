"""Numerical references: against known solutions, differences in time, and finer resolutions."""

import math

import numpy as np
import pytest
import torch

from sgn_sciml.pde import (
    AllenCahn,
    KdV,
    KuramotoSivashinsky,
    allen_cahn,
    kdv,
    kuramoto_sivashinsky,
)
from sgn_sciml.pde.fourier import coefficients, evolve, power, waves


def grid(problem, n, times):
    lower, upper = problem.domain
    x = torch.linspace(lower[0], upper[0], n + 1, dtype=torch.float64)[:-1]
    t = torch.tensor(times, dtype=torch.float64)
    return torch.stack(torch.meshgrid(x, t, indexing="ij"), dim=-1).reshape(-1, 2)


def solution(problem, n, times):
    return problem.exact(grid(problem, n, times)).reshape(n, len(times)).numpy()


def test_powers_do_not_fold_back():
    x = 2 * np.pi * np.arange(64) / 64
    c = coefficients(np.cos(5 * x) + np.sin(3 * x), 6)
    for exponent in (2, 3):
        fine = coefficients((np.cos(5 * x) + np.sin(3 * x)) ** exponent, 6)
        np.testing.assert_allclose(power(c, exponent), fine, atol=1e-15)


def test_a_soliton_keeps_its_form_at_scattered_points():
    # u = 3 c sech^2(sqrt(c / 4) (x - c t) / delta), on a period so long that it vanishes there
    c, delta, modes = 1.0, 0.1, 255
    rng = np.random.default_rng(0)
    points = np.stack([rng.uniform(-4, 4, 20), rng.choice([0.0, 0.1, 0.33], 20)], axis=1)

    def exact(x, t):
        return 3 * c / np.cosh(math.sqrt(c / 4) * (x - c * t) / delta) ** 2

    start = coefficients(exact(-4 + 8 * np.arange(1024) / 1024, 0.0), modes)
    k = waves(modes, 8.0)
    u = evolve(
        torch.from_numpy(points),
        (-4.0, 4.0),
        start,
        1j * delta**2 * k**3,
        lambda v: -0.5j * k * power(v, 2),
        dt=5e-4,
    )
    np.testing.assert_allclose(u[:, 0].numpy(), exact(*points.T), atol=1e-8)


@pytest.mark.parametrize("problem", [KdV(), KuramotoSivashinsky()], ids=lambda p: p.law)
def test_references_solve_their_equations(problem):
    n, h, t = 512, 1e-4, 0.02
    before2, before, now, after, after2 = solution(
        problem, n, [t - 2 * h, t - h, t, t + h, t + 2 * h]
    ).T
    wave = np.fft.rfft(now)
    k = waves(n // 2, problem.domain[1][0] - problem.domain[0][0])

    class Exact:
        u = now
        u_t = (before2 - 8 * before + 8 * after - after2) / (12 * h)
        u_x, u_xx, u_xxx, u_xxxx = (np.fft.irfft((1j * k) ** m * wave) for m in (1, 2, 3, 4))

    assert np.abs(problem.residual(Exact)).max() < 1e-6 * np.abs(Exact.u_t).max()


def test_allen_cahn_solves_its_equation():
    problem, h = AllenCahn(), 1e-3
    x, t = torch.tensor([-0.95, -0.5, 0.1, 0.4, 0.63]).double(), 0.02

    def central(dx, dt):
        points = [
            torch.stack([x + m * dx, torch.full_like(x, t + m * dt)], 1) for m in range(-2, 3)
        ]
        u = problem.exact(torch.cat(points)).reshape(5, -1)
        first = (u[0] - 8 * u[1] + 8 * u[3] - u[4]) / (12 * h)
        second = (-u[0] + 16 * u[1] - 30 * u[2] + 16 * u[3] - u[4]) / (12 * h * h)
        return u[2], first, second

    class Exact:
        u, u_x, u_xx = central(h, 0.0)
        u_t = central(0.0, h)[1]

    assert problem.residual(Exact).abs().max() < 1e-6


@pytest.mark.parametrize(
    "problem", [KdV(), KuramotoSivashinsky(), AllenCahn()], ids=lambda p: p.law
)
def test_references_begin_with_the_initial_value(problem):
    points = grid(problem, 50, [0.0])
    (condition,) = problem.conditions

    class AtFace:
        x = points[:, 0]
        u = problem.exact(points)[:, 0]

    assert condition.residual(AtFace).abs().max() < 1e-14


def test_the_kinked_initial_value_has_exact_modes():
    n = 2**16
    x = -1 + 2 * np.arange(n) / n
    sampled = coefficients(x**2 * np.cos(math.pi * x), 40)
    np.testing.assert_allclose(allen_cahn.modes(40), sampled, atol=1e-9)


def test_kdv_keeps_mass_and_energy():
    start, end = solution(KdV(), 512, [0.0, 0.05]).T
    assert end.mean() == pytest.approx(0.0, abs=1e-14)
    assert (end**2).mean() == pytest.approx((start**2).mean(), rel=1e-12)


def test_finer_steps_and_modes_change_little(monkeypatch):
    coarse = solution(KdV(), 16, [0.05])
    monkeypatch.setattr(kdv, "MODES", 500)
    monkeypatch.setattr(kdv, "STEP", kdv.STEP / 2)
    np.testing.assert_allclose(solution(KdV(), 16, [0.05]), coarse, rtol=0, atol=1e-12)


@pytest.mark.parametrize(
    ("problem", "modes", "step"),
    [
        (KdV(), 341, 2.5e-5),
        (KdV(delta=0.05), 341, 2.5e-5),
        (KdV(delta=0.003), 4 * 341, 2.5e-5 * 2 * 0.003 / 0.022),
        (AllenCahn(), 2047, 5e-4),
        (AllenCahn(nu=2.5e-5), 4095, 5e-4),
        (AllenCahn(rho=20.0), 4095, 1.25e-4),
        (KuramotoSivashinsky(), 170, 2e-5),
    ],
)
def test_modes_and_steps_follow_the_constants(problem, modes, step, monkeypatch):
    asked = []

    def noted(points, interval, initial, linear, nonlinear, dt, **more):
        asked.append((len(initial) - 1, dt))
        return torch.zeros(len(points), 1, dtype=torch.float64)

    for module in (kdv, allen_cahn, kuramoto_sivashinsky):
        monkeypatch.setattr(module, "evolve", noted)
    problem.exact(grid(problem, 2, [0.1]))
    assert asked == [(modes, pytest.approx(step))]


def test_constants_beyond_a_reference_are_refused():
    for problem in (KdV(delta=1e-4), AllenCahn(nu=1e-8), KuramotoSivashinsky(gamma=1e-7)):
        with pytest.raises(ValueError, match=f"{problem.law}: .* times the modes"):
            problem.exact(grid(problem, 2, [0.1]))


def test_too_few_modes_are_seen_by_their_tail():
    k, start = waves(20, 2.0), np.zeros(21, complex)
    start[1] = -0.5
    points = torch.tensor([[0.0, 0.25]], dtype=torch.float64)
    with pytest.raises(ValueError, match=r"20 modes do not resolve the reference at t = 0.25"):
        evolve(points, (-1.0, 1.0), start, 0j * k, lambda c: -0.5j * k * power(c, 2), dt=1e-2)


def test_modes_double_until_their_spectrum_has_decayed(monkeypatch):
    problem = KdV()
    expected = solution(problem, 16, [0.1])
    monkeypatch.setattr(kdv, "MODES", 8)
    monkeypatch.setattr(kdv, "STEP", 4e-4)
    asked = []

    def noted(points, interval, initial, *rest, **more):
        asked.append(len(initial) - 1)
        return evolve(points, interval, initial, *rest, **more)

    monkeypatch.setattr(kdv, "evolve", noted)
    np.testing.assert_allclose(solution(problem, 16, [0.1]), expected, atol=1e-7)
    assert asked == [8, 16, 32, 64, 128][: len(asked)]
    assert len(asked) > 1
    monkeypatch.setattr(kdv, "MODES", 2)
    monkeypatch.setattr(kdv, "STEP", 1e-2)
    with pytest.raises(ValueError, match="32 modes do not resolve the reference"):
        solution(problem, 16, [0.4])


def test_a_reference_that_finer_steps_change_is_refused(monkeypatch):
    monkeypatch.setattr(kuramoto_sivashinsky, "STEP", 5e-3)
    problem = KuramotoSivashinsky(beta=0.4)
    with pytest.raises(ValueError, match=r"more modes change the reference by .*1e-06"):
        problem.exact(grid(problem, 8, [0.1]))
