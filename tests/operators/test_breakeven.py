"""The cheapest solver of a law at a given error, and when a network has paid."""

import math

import numpy as np
import pytest

from sgn_sciml.laws import LAWS, BurgersR10, DarcyFlow, NavierStokes2D
from sgn_sciml.laws.law import rng_of
from sgn_sciml.layouts import open_source
from sgn_sciml.operators.breakeven.solver_cost import breakeven, law_of, solver_cost
from tests.conftest import ROOT

SMALL = ROOT / "data" / "small"


def source(name):
    return open_source(SMALL / f"{name}.h5")


def test_a_file_says_its_law_with_its_constants():
    assert law_of(source("burgers_r10_64")) == BurgersR10(res=64)
    assert law_of(source("darcy_22")) == DarcyFlow(res=22, grid=421)


@pytest.mark.parametrize("law", [BurgersR10(res=64), DarcyFlow(res=8), NavierStokes2D(res=16)])
def test_solvers_end_with_the_one_of_the_file(law):
    rungs, shares = zip(*law.cheaper(), strict=True)
    assert shares[-1] == 1
    assert list(shares) == sorted(shares)
    ours, theirs = (each.outputs(each.draw([rng_of(0, 0)]))["u"] for each in (rungs[0], rungs[1]))
    assert ours.shape == theirs.shape  # the same grid, by other solvers
    assert not np.array_equal(ours, theirs)


def test_exact_laws_have_no_cheaper_solver():
    law = LAWS["advection-pdebench"](res=64)
    assert list(law.cheaper()) == [(law, 1.0)]


@pytest.mark.parametrize("error", [2e-2, 1e-3, 1e-5])
def test_the_cheapest_solver_is_as_accurate_as_asked_for(error):
    found = solver_cost(source("burgers_r10_64"), range(1000, 1020), error)
    assert found.error <= error
    assert found.solver.startswith("burgers-r10 grid ")
    assert 0 < found.seconds < found.file_seconds


def test_a_finer_solver_is_dearer_by_its_count_of_operations():
    coarse, fine = (solver_cost(source("darcy_22"), [290, 291], e) for e in (0.05, 0.01))
    assert (coarse.solver, fine.solver) == ("darcy grid 22", "darcy grid 43")
    assert fine.error < 0.01 < coarse.error


def test_the_solver_of_the_file_itself_has_its_rounding():
    found = solver_cost(source("burgers_lowvisc_64"), [0], 0.5)
    assert found.solver == "burgers-pdebench"
    assert found.error < 1e-7
    assert found.seconds == found.file_seconds


def test_a_file_of_unknown_law_has_no_solver(reference):
    assert solver_cost(open_source(reference), [0], 0.5) is None


def test_a_search_ends_with_its_budget():
    assert solver_cost(source("burgers_r10_64"), [0], 0.0, budget=0.0) is None


def test_training_pays_after_what_it_saves():
    assert breakeven(training=90, solver=1.0, network=0.1) == pytest.approx(100)
    assert breakeven(training=90, solver=0.1, network=0.1) == math.inf
