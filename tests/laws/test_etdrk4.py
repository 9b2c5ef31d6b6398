import numpy as np

from sgn_sciml.laws.etdrk4 import etdrk4


def solve(linear, nonlinear, v, steps, time=1.0):
    step = etdrk4(linear, nonlinear, time / steps)
    for _ in range(steps):
        v = step(v)
    return v


def test_a_linear_equation_is_exact_in_one_step():
    linear = -np.array([0.0, 1e-9, 1.0, 1e4])
    v = solve(linear, lambda v: 0 * v, np.ones(4), 1)
    np.testing.assert_allclose(v, np.exp(linear), rtol=1e-14)


def test_a_constant_force_is_exact_for_every_stiffness():
    linear = -np.array([1e-12, 1e-6, 1e-3, 1.0, 1e3])
    v = solve(linear, lambda v: np.ones_like(v), np.zeros(5), 1)
    np.testing.assert_allclose(v, np.expm1(linear) / linear, rtol=1e-13)


def test_fourth_order():
    # v' = -50 v + 50 v^2, a logistic curve: v = 1 / (1 + (1/v0 - 1) e^{50 t})
    exact = 1 / (1 + np.exp(50 * 0.1))
    errors = [
        abs(solve(np.array([-50.0]), lambda v: 50 * v**2, np.array([0.5]), n, 0.1)[0] - exact)
        for n in (20, 40)
    ]
    assert 14 < errors[0] / errors[1] < 18


def test_a_wave_is_exact_in_one_step():
    linear = 1j * np.array([0.0, 1e-9, 1.0, 1e3])
    v = solve(linear, lambda v: np.ones_like(v), np.ones(4, complex), 1)
    exact = np.exp(linear) + np.array([1.0, *(np.expm1(linear[1:]) / linear[1:])])
    np.testing.assert_allclose(v, exact, rtol=1e-13)
