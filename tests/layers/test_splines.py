"""B-splines and the layer made of them: what they reproduce, on and off the grid."""

import numpy as np
import pytest
import torch
from scipy.interpolate import BSpline
from torch import nn

from sgn_sciml.layers import (
    ActivationEncoding,
    HandOver,
    Periodic,
    Polynomial,
    Reflect,
    Spline,
    Straight,
    Vanish,
)
from sgn_sciml.layers.bspline import bspline_bases, bspline_slopes, extend, recursion
from sgn_sciml.networks import CoordinateMLP, count_parameters

BOUNDARIES = {
    "vanish": Vanish(),
    "straight": Straight(),
    "polynomial": Polynomial(),
    "reflect": Reflect(),
    "periodic": Periodic(),
    "hand over": HandOver(),
}


@pytest.fixture(autouse=True)
def double(float64):
    torch.manual_seed(0)


@pytest.fixture
def grid():
    """Uneven, another one for each of two channels."""
    return torch.tensor([[-1.0, -2], [-0.7, -1], [-0.1, -0.4], [0.2, 0.3], [0.9, 2], [1, 2.5]])


def within(grid, count=101):
    t = torch.linspace(0, 1, count)[:, None]
    return grid[0] + t * (grid[-1] - grid[0])


def fit(spline, function, x):
    """Coefficients with which a spline of one channel is a function at points."""
    return torch.linalg.lstsq(spline(x), function(x), driver="gelsd").solution


@pytest.mark.parametrize("degree", [1, 2, 3, 5])
def test_bases_are_scipys(grid, degree):
    knots = extend(grid, degree)
    x = within(grid, 97) * 1.3
    found = bspline_bases(x, knots, degree).unflatten(-1, (-1, 2))
    for c in range(2):
        for j in range(found.shape[1]):
            one = BSpline.basis_element(knots[j : j + degree + 2, c].numpy(), extrapolate=False)
            expected = np.nan_to_num(one(x[:, c].numpy()))
            torch.testing.assert_close(found[:, j, c], torch.from_numpy(expected))


@pytest.mark.parametrize("continued", [False, True])
@pytest.mark.parametrize("degree", [1, 2, 3])
def test_bases_add_up_to_one_on_the_grid(grid, degree, continued):
    x = torch.cat([within(grid), grid])  # its points too
    found = bspline_bases(x, extend(grid, degree), degree, continued).unflatten(-1, (-1, 2))
    torch.testing.assert_close(found.sum(1), torch.ones_like(x))


def test_slopes_are_those_of_scipy(grid):
    knots, at = extend(grid, 3), torch.tensor([0.37, -1.0])
    found = bspline_slopes(at, knots, 3).unflatten(-1, (-1, 2))
    for c in range(2):
        for j in range(found.shape[0]):
            one = BSpline.basis_element(knots[j : j + 5, c].numpy(), extrapolate=False)
            expected = np.nan_to_num(one.derivative()(at[c].item()))
            assert found[j, c].item() == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("continued", [False, True])
@pytest.mark.parametrize("degree", [1, 2, 3, 5])
def test_derivatives_are_those_of_the_recursion(grid, degree, continued):
    knots, outer = extend(grid, degree), degree if continued else None
    x = (1.3 * within(grid, 31)).requires_grad_()
    found = bspline_bases(x, knots, degree, continued)
    expected, _ = recursion(x, knots, degree, outer)
    for _ in range(degree):
        weights = torch.randn_like(found)
        found, expected = (
            torch.autograd.grad((y * weights).sum(), x, create_graph=True)[0]
            for y in (found, expected)
        )
        torch.testing.assert_close(found, expected)


@pytest.mark.filterwarnings("ignore:`torch.jit:DeprecationWarning")
@pytest.mark.parametrize("outer", [torch.func.jacfwd, torch.func.jacrev])
@pytest.mark.parametrize("inner", [torch.func.jacfwd, torch.func.jacrev])
def test_second_derivatives_in_any_mode(grid, inner, outer):
    knots, x = extend(grid, 3), within(grid, 6)[1:3].flatten()

    def bases(u):
        return bspline_bases(u.view(2, 2), knots, 3)

    twice = torch.func.jacrev(
        torch.func.jacrev(lambda u: recursion(u.view(2, 2), knots, 3, None)[0])
    )
    torch.testing.assert_close(outer(inner(bases))(x), twice(x))


def test_members_under_vmap_have_grids_of_their_own(grid):
    knots = torch.stack([extend(grid, 3), extend(2 * grid, 3)])
    x = torch.stack([within(grid), 1.5 * within(grid)])

    def slopes(x, knots):
        return torch.func.grad(lambda x: bspline_bases(x, knots, 3).square().sum())(x)

    expected = torch.stack([slopes(a, t) for a, t in zip(x, knots, strict=True)])
    torch.testing.assert_close(torch.vmap(slopes)(x, knots), expected)


@pytest.mark.parametrize("boundary", [Vanish(), Polynomial(), Straight(), Reflect()])
def test_cubics_are_reproduced_exactly(boundary):
    spline = Spline(1, 4, base_function=None, boundary=boundary)
    x = torch.linspace(-1, 1, 50)[:, None]
    weights = fit(spline, lambda x: 2 - x + 3 * x**2 - 4 * x**3, x)
    fine = torch.linspace(-1, 1, 501)[:, None]
    error = spline(fine) @ weights - (2 - fine + 3 * fine**2 - 4 * fine**3)
    assert error.abs().max() < 1e-12


def cubic(x):
    return 2 - x + 3 * x**2 - 4 * x**3


def outside(boundary, function=cubic):
    """A fitted spline outside its grid, where, and the function there."""
    spline = Spline(1, 8, base_function=None, boundary=boundary)
    x = torch.linspace(-1, 1, 50)[:, None]
    far = torch.cat([torch.linspace(-4, -1.01, 40), torch.linspace(1.01, 4, 40)])[:, None]
    return spline(far) @ fit(spline, function, x), far, function(far)


def test_polynomials_go_on_as_polynomials():
    found, _, expected = outside(Polynomial())
    torch.testing.assert_close(found, expected, rtol=1e-9, atol=1e-9)


def test_straight_goes_on_with_the_tangents():
    found, x, _ = outside(Straight())
    ends = torch.tensor([[-1.0], [1.0]])
    value, slope = cubic(ends), -1 + 6 * ends - 12 * ends**2
    side = (x > 0).long().squeeze(1)
    torch.testing.assert_close(found, value[side] + slope[side] * (x - ends[side]))


def test_reflection_mirrors():
    found, x, _ = outside(Reflect())
    mirrored = 1 - ((x + 1) % 4 - 2).abs()
    torch.testing.assert_close(found, cubic(mirrored), rtol=1e-9, atol=1e-9)


def test_what_vanishes_is_gone_k_intervals_outside():
    found, x, _ = outside(Vanish())
    assert found[x.abs() >= 1.75].abs().max() == 0
    assert found[x.abs() < 1.2].abs().max() > 0.1


def test_periodic_splines_repeat_and_are_smooth_across_the_ends():
    spline, weights = Spline(1, 6, base_function=None, boundary=Periodic()), torch.randn(6, 1)
    x = torch.linspace(-1, 1, 50)[:, None]
    torch.testing.assert_close(spline(x + 6), spline(x))
    torch.testing.assert_close(spline(x).sum(1), torch.ones(50))
    slopes = []
    for end in (-1.0, 1.0 - 1e-13):
        at = torch.full((1, 1), end, requires_grad=True)
        y, each = (spline(at) @ weights).sum(), []
        for _ in range(2):
            (y,) = torch.autograd.grad(y, at, create_graph=True)
            each.append(y.item())
        slopes.append(each)
    assert slopes[0] == pytest.approx(slopes[1], abs=1e-9)


def test_hand_over_goes_from_the_spline_to_the_base():
    spline = Spline(1, 5, boundary=HandOver())
    x = torch.tensor([[0.0], [-1.4], [1.4], [9.0]])  # inside, one interval outside, far
    y = spline(x)
    base, share = y[:, :1] / nn.functional.silu(x), y[:, 1:].sum(1)
    assert share.tolist() == pytest.approx([1, 0.5, 0.5, 0], abs=1e-3)
    assert base[1:, 0].tolist() == pytest.approx([0.5, 0.5, 1], abs=1e-3)


@pytest.mark.parametrize("name", BOUNDARIES)
def test_a_network_is_its_formula_and_has_its_parameters(name):
    boundary, n, g = BOUNDARIES[name], 6, 5

    def splines(features):
        return Spline(features, g, boundary=boundary)

    encoding = ActivationEncoding(2, splines)
    network = CoordinateMLP(2, 3, n, 2, activation=splines, encoding=encoding)
    bases = g + 1 + (0 if name == "periodic" else 3)
    expected = n * (2 * bases + 1) + n * (n * bases + 1) + 3 * (n * bases + 1)
    assert count_parameters(network) == expected
    first, act, second, last, head = network.layers
    x = torch.rand(7, 2)
    torch.testing.assert_close(network(x), head(last(second(act(first(encoding(x)))))))


def test_it_starts_as_in_the_paper():
    spline, linear = Spline(100), nn.Linear(900, 80)
    spline.init_behind(linear)
    base, rest = linear.weight[:, :100], linear.weight[:, 100:]
    assert rest.std().item() == pytest.approx(0.1, rel=0.02)
    assert base.abs().max().item() == pytest.approx((6 / 180) ** 0.5, rel=0.01)
    assert linear.bias.abs().max() == 0


@pytest.mark.parametrize("name", BOUNDARIES)
def test_gradients_are_those_of_differences(name):
    spline = Spline(2, 4, boundary=BOUNDARIES[name])
    u = torch.tensor([[0.13, -0.57], [1.21, -1.33], [2.3, -3.7]], requires_grad=True)
    assert torch.autograd.gradcheck(spline, u)


def test_grids_are_saved_with_the_weights():
    spline, other = Spline(2), Spline(2)
    spline.follow(torch.rand(100, 2) * 5, [torch.randn(3, 18)])
    other.load_state_dict(spline.state_dict())
    x = 5 * torch.rand(9, 2)
    assert torch.equal(spline(x), other(x))
    assert not torch.equal(spline(x), Spline(2)(x))


@pytest.mark.parametrize(
    "options", [{"intervals": 0}, {"degree": 0}, {"low": 1.0}, {"high": float("nan")}]
)
def test_bad_grids_are_refused(options):
    with pytest.raises(ValueError, match="need intervals >= 1, degree >= 1 and low < high"):
        Spline(3, **options)


def test_too_short_a_period_is_refused():
    with pytest.raises(ValueError, match="more intervals than their degree, got 3 and 3"):
        Spline(3, intervals=3, boundary=Periodic())


def test_a_hand_over_needs_some_room():
    with pytest.raises(ValueError, match="width must be positive, got 0"):
        HandOver(0.0)
