"""Grids that follow samples: robust ends, and functions that stay."""

import pytest
import torch

from sgn_sciml.layers import (
    Deviations,
    Extremes,
    HandOver,
    Periodic,
    Polynomial,
    Quantiles,
    Spline,
    Straight,
    Vanish,
)
from sgn_sciml.layers.grids import grid_of


@pytest.fixture(autouse=True)
def double(float64):
    torch.manual_seed(0)


def test_ends_of_normal_samples():
    samples = torch.randn(100_000, 1) * 2 + 5
    for rule, expected in (
        (Quantiles(0.01, margin=0.0), 2.326),
        (Deviations(3.0), 3.0),
        (Quantiles(0.01, margin=0.25), 2.326 * 1.5),
    ):
        low, high = rule(samples)
        assert low.item() == pytest.approx(5 - 2 * expected, abs=0.15)
        assert high.item() == pytest.approx(5 + 2 * expected, abs=0.15)


@pytest.mark.parametrize("rule", [Quantiles(), Deviations()])
def test_outliers_do_not_move_robust_ends(rule):
    samples = torch.randn(1000, 2)
    clean = rule(samples)
    samples[:5] = 1e6
    for before, after in zip(clean, rule(samples), strict=True):
        assert (after - before).abs().max() < 0.5
    assert Extremes()(samples)[1].min() > 1e5


@pytest.mark.parametrize("uniform", [0.02, 0.5, 1.0])
def test_points_are_between_even_ones_and_quantiles(uniform):
    samples = torch.cat([torch.rand(9000, 1) * 0.1, torch.rand(1000, 1)])
    grid = grid_of(samples, 10, Extremes(margin=0.0), uniform)[:, 0]
    assert (grid.diff() > 0).all()
    assert grid[[0, -1]].tolist() == pytest.approx([0, 1], abs=1e-3)
    even, dense = torch.linspace(0, 1, 11), torch.quantile(samples, torch.linspace(0, 1, 11))
    torch.testing.assert_close(grid, uniform * even + (1 - uniform) * dense, atol=2e-3, rtol=0)


def test_a_constant_channel_has_a_grid():
    grid = grid_of(torch.full((100, 1), 3.0), 5, Deviations(), 0.5)
    assert (grid.diff(dim=0) > 0).all()
    assert grid[0] < 3 < grid[-1]


@pytest.mark.parametrize("boundary", [Vanish(), Straight(), Polynomial(), HandOver()])
def test_a_function_that_fits_both_grids_stays(boundary):
    """A cubic does, and the base function is not touched."""
    spline = Spline(2, 6, low=-3.0, high=3.0, boundary=boundary)
    samples, weight = torch.rand(300, 2) * 2 - 1, torch.randn(3, 20)
    x = torch.linspace(-3, 3, 99)[:, None].expand(-1, 2)
    expanded = spline(x)
    for c in range(2):  # coefficients of cubics
        cubics = x[:, :1] ** torch.arange(4) @ torch.randn(4, 3)
        one = expanded[:, 2 + c :: 2]
        weight[:, 2 + c :: 2] = torch.linalg.lstsq(one, cubics, driver="gelsd").solution.T
    # the window of a hand-over is 1 to some thousandths only
    tolerance = 0.02 if isinstance(boundary, HandOver) else 1e-9
    before, base = spline(samples) @ weight.T, weight[:, :2].clone()
    spline.follow(samples, [weight])
    assert spline.knots[3].min() > -1.2
    found = spline(samples) @ weight.T
    assert (found - before).abs().max() < tolerance * before.abs().max()
    assert torch.equal(weight[:, :2], base)


@pytest.mark.parametrize("boundary", [Vanish(), Straight(), Periodic()])
def test_any_function_nearly_stays(boundary):
    spline = Spline(2, 12, boundary=boundary)
    weight = 0.3 * torch.randn(3, 2 * spline.bases)
    samples = 0.9 * (torch.rand(500, 2) * 2 - 1)
    before = spline(samples) @ weight.T
    spline.follow(samples, [weight[:1], weight[1:]], Extremes(), uniform=0.5)
    found = spline(samples) @ weight.T
    assert (found - before).square().mean() < 0.02 * before.var()


def test_a_grid_that_stays_changes_nothing():
    spline, weight = Spline(1, 5), torch.randn(3, 9)
    ends = torch.tensor([[-1.0], [1.0]])
    before, old = weight.clone(), spline.knots.clone()
    spline.follow(ends, [weight], Extremes(margin=0.0), uniform=1.0)
    torch.testing.assert_close(spline.knots, old)
    torch.testing.assert_close(weight, before)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Quantiles(0.5), "tail must lie in"),
        (lambda: Deviations(0.0), "factor must be positive"),
        (lambda: grid_of(torch.rand(9, 1), 3, Extremes(), 0.0), "uniform must lie in"),
    ],
)
def test_bad_numbers_are_refused(make, message):
    with pytest.raises(ValueError, match=message):
        make()
