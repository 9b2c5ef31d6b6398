import pytest
import torch
from scipy.stats import kstest

from sgn_sciml.pinn import Arcsine, LatinHypercube, Sobol, Uniform
from sgn_sciml.runs.loaders import derive_seed

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


def test_arcsine_points_are_a_function_of_the_seed_and_follow_their_density():
    points = Arcsine(axes=(1,)).draw(1000, 2, 1)
    assert torch.equal(points, Arcsine(axes=(1,)).draw(1000, 2, 1))
    assert kstest(points[:, 0], "uniform").pvalue > 1e-3
    assert kstest(points[:, 1], "arcsine").pvalue > 1e-3
    assert torch.equal(Arcsine().draw(8, 2, 0), Arcsine(axes=(0, 1)).draw(8, 2, 0))


def test_latin_hypercube_has_one_point_per_slice():
    points = LatinHypercube().draw(40, 2, 3)
    for column in points.T:
        assert sorted((column * 40).long().tolist()) == list(range(40))


def test_sobol_has_one_point_per_dyadic_slice():
    points = Sobol().draw(64, 2, 3)
    assert sorted((points[:, 0] * 64).long().tolist()) == list(range(64))


def test_seeds_of_neighbours_differ():
    assert len({derive_seed(a, b) for a in range(20) for b in range(20)}) == 400
