import numpy as np
import pytest
import torch

from sgn_sciml.ensembles import GaussianField, RandomWaves
from sgn_sciml.pde import AllenCahn, Burgers, Darcy

KINDS = [GaussianField(waves=6), RandomWaves(waves=5, amplitude=0.3)]


def along(problem, n):
    axes = problem.axes((n,) * len(problem.coordinates))
    return torch.meshgrid(*(axes[name] for name in problem.space), indexing="ij")


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("problem", [Burgers(), AllenCahn(), Darcy()])
def test_the_size_is_that_asked_for(kind, problem):
    x = along(problem, 40)
    drawn = [kind.draw(np.random.default_rng(k), problem)(*x) for k in range(200)]
    rms = torch.stack(drawn).square().mean().sqrt()
    assert rms == pytest.approx(kind.amplitude, rel=0.15)


def test_walls_and_periods():
    rng = np.random.default_rng(0)
    ends = torch.tensor([-1.0, 1.0]).double()
    between = GaussianField().draw(rng, Burgers())
    assert between(ends).abs().max() < 1e-12
    free = GaussianField(walls="free").draw(rng, Burgers())
    assert free(ends).abs().min() > 1e-3
    assert free.slope(0, ends).abs().max() < 1e-11
    around = RandomWaves().draw(rng, AllenCahn())
    assert around(ends).diff().abs() < 1e-12
    assert around.slope(0, ends).diff().abs() < 1e-11


@pytest.mark.parametrize("exponential", [False, True])
def test_slopes_are_those_of_the_values(exponential):
    kind = GaussianField(exponential=exponential, mean=0.5, walls="free", waves=4)
    function = kind.draw(np.random.default_rng(3), Darcy())
    points = torch.rand(30, 2, dtype=torch.float64).requires_grad_()
    values = function(*points.unbind(1))
    (slopes,) = torch.autograd.grad(values.sum(), points)
    for axis in (0, 1):
        found = function.slope(axis, *points.detach().unbind(1))
        torch.testing.assert_close(found, slopes[:, axis])
    assert bool((values > 0).all()) is exponential or not exponential


def test_a_function_has_the_type_and_shape_of_its_places():
    function = GaussianField().draw(np.random.default_rng(0), Darcy())
    x = torch.rand(3, 4)
    assert function(x, x).dtype == torch.float32
    assert function(x, x).shape == (3, 4)
    with pytest.raises(ValueError, match="of 2 coordinates was called with 1"):
        function(x)


def test_a_smooth_field_has_short_waves_that_are_small():
    def high(smoothness):
        kind = GaussianField(smoothness=smoothness, length=0.5)
        c = kind.draw(np.random.default_rng(0), AllenCahn()).coefficients
        return c[10:17].abs().max() / c.abs().max()

    assert high(8.0) < 0.01 * high(0.5)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: GaussianField(length=0.0), "GaussianField: length must be positive"),
        (lambda: RandomWaves(waves=0), "RandomWaves: waves must be positive"),
    ],
)
def test_arguments_are_checked(make, message):
    with pytest.raises(ValueError, match=message):
        make()
