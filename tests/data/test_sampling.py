import pytest
import torch
from scipy.stats import kstest

from sgn_sciml.data import LatinHypercube, ResidualAdaptive, Sobol, Uniform
from sgn_sciml.data.sampling import derive_seed

SAMPLERS = [Uniform(), LatinHypercube(), Sobol()]


@pytest.mark.parametrize("sampler", SAMPLERS, ids=lambda s: type(s).__name__)
def test_points_are_a_function_of_the_seed(sampler):
    assert torch.equal(sampler.draw(50, 2, 7), sampler.draw(50, 2, 7))
    assert not torch.equal(sampler.draw(50, 2, 7), sampler.draw(50, 2, 8))


@pytest.mark.parametrize("sampler", SAMPLERS, ids=lambda s: type(s).__name__)
def test_points_are_uniform_in_the_unit_cube(sampler):
    points = sampler.draw(1000, 3, 1)
    assert points.shape == (1000, 3)
    for column in points.T:
        assert kstest(column, "uniform").pvalue > 1e-3


def test_latin_hypercube_has_one_point_per_slice():
    points = LatinHypercube().draw(40, 2, 3)
    for column in points.T:
        assert sorted((column * 40).long().tolist()) == list(range(40))


def test_sobol_has_one_point_per_dyadic_slice():
    points = Sobol().draw(64, 2, 3)
    assert sorted((points[:, 0] * 64).long().tolist()) == list(range(64))


def test_adaptive_choice_follows_the_density():
    # Two halves with residual 1 and 3: density |r|/2 + 1 gives weights 1.5 and 2.5.
    residual = torch.ones(200_000)
    residual[100_000:] = 3
    chosen = ResidualAdaptive(power=1, offset=1).choose(residual, 4000, seed=0)
    share = (chosen >= 100_000).double().mean().item()
    assert share == pytest.approx(2.5 / 4, abs=0.03)  # four standard deviations


def test_adaptive_choice_is_without_replacement_and_repeatable():
    residual = torch.rand(100)
    a, b = (ResidualAdaptive().choose(residual, 50, seed=1) for _ in range(2))
    assert torch.equal(a, b)
    assert len(a.unique()) == 50


def test_adaptive_choice_survives_a_zero_residual():
    assert len(ResidualAdaptive().choose(torch.zeros(10), 5, seed=0).unique()) == 5


@pytest.mark.parametrize("bad", [{"power": -1}, {"offset": -1}, {"pool": 1}])
def test_adaptive_arguments_are_checked(bad):
    with pytest.raises(ValueError, match="must be >= 0 and pool >= 2"):
        ResidualAdaptive(**bad)


def test_seeds_of_neighbours_differ():
    assert len({derive_seed(a, b) for a in range(20) for b in range(20)}) == 400
