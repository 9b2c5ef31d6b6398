import math

import numpy as np
import pytest
import torch

from sgn_sciml.jets import Derivatives
from sgn_sciml.pde import Burgers, cole_hopf

NU = 0.01 / math.pi


def fourier_solution(nu, t, modes, dt):
    """Independent solver: dealiased Fourier, integrating factor, classical Runge-Kutta 4."""
    x = -1 + 2 * np.arange(modes) / modes
    index = np.arange(modes // 2 + 1)
    k, keep = np.pi * index, index < modes // 3
    half = np.exp(-nu * k**2 * dt / 2)
    v = np.fft.rfft(-np.sin(np.pi * x))

    def flux(v):
        return dt * -0.5j * k * keep * np.fft.rfft(np.fft.irfft(v) ** 2)

    for _ in range(round(t / dt)):
        a = flux(v)
        b = flux(half * (v + a / 2))
        c = flux(half * v + b / 2)
        d = flux(half * (half * v + c))
        v = half * (half * (v + a / 6) + (b + c) / 3) + d / 6
    return x, np.fft.irfft(v)


def test_cole_hopf_agrees_with_an_independent_spectral_solution_after_the_shock():
    t = 0.5  # the shock forms at 1/pi
    x, coarse = fourier_solution(NU, t, modes=3072, dt=2e-4)
    _, fine = fourier_solution(NU, t, modes=3072, dt=1e-4)
    extrapolated = (16 * fine - coarse) / 15
    points = torch.from_numpy(np.stack([x, np.full_like(x, t)], axis=1))
    assert np.abs(cole_hopf(points, NU).numpy() - extrapolated).max() < 1e-10


@pytest.mark.parametrize("nu", [1e-5, 1e-3, NU, 0.1, 1.0, 100.0])
def test_cole_hopf_is_finite_and_obeys_the_maximum_principle(nu):
    points = torch.rand(200, 2, dtype=torch.float64) * torch.tensor([2.0, 1.0]) - torch.tensor(
        [1.0, 0]
    )
    u = cole_hopf(points, nu)
    assert u.isfinite().all()
    assert u.abs().max() <= 1


def test_cole_hopf_matches_the_decaying_mode_at_high_viscosity():
    # For nu >> 1 the equation is the heat equation up to O(1/nu).
    points = torch.tensor([[0.5, 0.02]], dtype=torch.float64)
    linear = -math.exp(-10 * math.pi**2 * 0.02)
    assert cole_hopf(points, 10.0).item() == pytest.approx(linear, rel=0.02)


def test_exact_solution_satisfies_the_equation(float64):
    problem = Burgers(0.05)
    points = torch.rand(50, 2) * torch.tensor([1.8, 0.8]) + torch.tensor([-0.9, 0.1])

    def central(offset):  # fourth-order differences
        h = 1e-3
        shift = torch.tensor(offset) * h
        values = [problem.exact(points + m * shift)[:, 0] for m in (-2, -1, 0, 1, 2)]
        first = (values[0] - 8 * values[1] + 8 * values[3] - values[4]) / (12 * h)
        second = (-values[0] + 16 * values[1] - 30 * values[2] + 16 * values[3] - values[4]) / (
            12 * h * h
        )
        return first, second

    class Exact:
        u = problem.exact(points)[:, 0]
        u_x, u_xx = central([1.0, 0.0])
        u_t = central([0.0, 1.0])[0]

    assert problem.residual(Exact).abs().max() < 1e-6


def test_exact_solution_satisfies_the_conditions(float64):
    problem = Burgers()
    for condition in problem.conditions:
        points = problem.face_points(condition, torch.rand(40, 2))

        class AtFace:
            x = points[:, 0]
            u = problem.exact(points)[:, 0]

        assert condition.residual(AtFace).abs().max() < 1e-12, condition.name


def test_imposed_conditions_hold_for_any_network_output(float64):
    problem = Burgers()
    for condition in problem.conditions:
        points = problem.face_points(condition, torch.rand(40, 2))
        d = Derivatives(lambda p: problem.impose(p, torch.randn(len(p), 1)), points, "xt", "u")
        assert condition.residual(d).abs().max() < 1e-14, condition.name


@pytest.mark.parametrize("nu", [0.0, -1.0, math.inf, math.nan])
def test_viscosity_must_be_positive(nu):
    with pytest.raises(ValueError, match="nu must be a positive number"):
        Burgers(nu)


def test_a_viscosity_whose_exact_solution_would_be_rounding_is_refused():
    with pytest.raises(ValueError, match=r"burgers: the exact solution is known .* got 1e-09"):
        Burgers(1e-9).exact(torch.tensor([[0.5, 0.5]]))
