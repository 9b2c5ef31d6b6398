import numpy as np
import pytest

from sgn_sciml.laws import DarcyFlow, DarcyLognormal
from sgn_sciml.laws.darcy import solve_darcy
from sgn_sciml.laws.law import rng_of


def poisson(n):
    """Series solution of -u_xx - u_yy = 1 on the unit square."""
    x, k = np.linspace(0, 1, n), np.arange(1, 400, 2)
    sines = np.sin(np.pi * k * x[:, None])
    c = 16 / np.pi**4 / (np.outer(k, k) * (k[:, None] ** 2 + k**2))
    return sines @ c @ sines.T


def test_constant_coefficient_converges_to_the_series_at_second_order():
    errors = [np.abs(solve_darcy(np.full((n, n), 2.0)) - poisson(n) / 2).max() for n in (17, 33)]
    assert errors[1] < 5e-5
    assert 3.5 < errors[0] / errors[1] < 4.5


def test_flux_through_the_boundary_balances_the_source():
    law = DarcyFlow(res=85, grid=85)
    a = law.coefficient(rng_of(0, 0))
    u = solve_darcy(a)
    faces = sum(
        ((side[0] + side[1])[1:-1] / 2 * v[1][1:-1]).sum()
        for side, v in (
            (a[:2], u[:2]),
            (a[:-3:-1], u[:-3:-1]),
            (a.T[:2], u.T[:2]),
            (a.T[:-3:-1], u.T[:-3:-1]),
        )
    )
    assert faces == pytest.approx((83 / 84) ** 2, rel=1e-10)


def test_two_materials():
    a = DarcyFlow(res=11).solve([rng_of(0, 0)])["a"]
    assert set(np.unique(a)) == {3.0, 12.0}


def test_field_has_the_covariance_of_its_law():
    law = DarcyFlow(res=3, grid=3)  # corners, edges and the centre of the square
    values = np.stack([law.field(rng_of(0, i), 2)[0, 0] for i in range(400)])
    k = np.arange(421)
    weight = np.where(k > 0, 2, 1)
    exact = (np.outer(weight, weight) * law.deviations(2) ** 2).sum()  # cosines are 1 there
    assert values.var() == pytest.approx(exact, rel=0.2)


def test_lognormal_has_unit_spread_on_average():
    law = DarcyLognormal(res=15, grid=15)
    logs = np.stack([np.log(law.coefficient(rng_of(0, i))) for i in range(100)])
    assert logs.var() == pytest.approx(1.0, rel=0.25)


def test_smooth_medium_converges_at_second_order():
    coarse = DarcyLognormal(res=15, grid=29).self_convergence(0)
    fine = DarcyLognormal(res=15, grid=57).self_convergence(0)
    assert 3.5 < coarse / fine < 4.5


def test_benchmark_grids_differ_by_less_than_three_in_a_thousand():
    assert DarcyFlow(res=211, grid=211).self_convergence(0) < 3e-3


def test_solver_grid_is_at_least_211():
    assert [DarcyFlow(res=n).nodes for n in (85, 43, 22, 211, 421)] == [253, 211, 211, 211, 421]
