"""What every problem promises: its solution solves it, its conditions hold, jets carry it."""

import math

import pytest
import torch

from sgn_sciml.jets import Derivatives, Eager, Equation, Nested
from sgn_sciml.layers import Elementwise
from sgn_sciml.networks import CoordinateMLP
from sgn_sciml.pde import (
    PROBLEMS,
    Advection,
    Cavity,
    Darcy,
    Helmholtz,
    Poisson,
    Poisson2D,
    ReactionDiffusion,
    Wave,
)

CLOSED = {
    "advection": Advection(),
    "poisson": Poisson(),
    "sine": Poisson((100.0,), (1.0,)),
    "product": Poisson((106.0, 94.0), (0.5, -0.5)),
    "parabola": Poisson((500.0,), (1.0,), 2.0),
    "poisson 2d": Poisson2D(),
    "wave": Wave(),
    "helmholtz": Helmholtz(),
    "reaction": ReactionDiffusion(),
    "darcy": Darcy(),
}
ALL = {
    **CLOSED,
    "flat cavity": Cavity(flatness=9),
    **{law: problem() for law, problem in PROBLEMS.items()},
}


def derivatives(problem, function, points):
    return Derivatives(function, points, problem.coordinates, problem.fields)


def unit(problem, n=40):
    return torch.rand(n, len(problem.coordinates))


@pytest.mark.parametrize("case", CLOSED)
def test_the_solution_solves_the_equation(case, float64):
    problem = CLOSED[case]
    points = problem.box_points(unit(problem))
    of_solution = problem.residual(derivatives(problem, problem.exact, points))
    of_nothing = problem.residual(derivatives(problem, lambda p: p.sum(1, True) ** 2, points))
    assert of_solution.abs().max() < 1e-12 * of_nothing.abs().max().clamp(min=100)


@pytest.mark.parametrize("case", CLOSED)
def test_the_solution_meets_the_conditions(case, float64):
    problem = CLOSED[case]
    for condition in problem.conditions:
        points = problem.face_points(condition, unit(problem))
        d = derivatives(problem, problem.exact, points)
        assert condition.residual(d).abs().max() < 1e-12, condition.name


@pytest.mark.parametrize("case", CLOSED)
def test_the_solution_is_of_its_period(case, float64):
    problem = CLOSED[case]
    for name in problem.periodic:
        axis = problem.coordinates.index(name)
        points = problem.box_points(unit(problem))
        lower, upper = (corner[axis] for corner in problem.domain)
        ends = [points.index_fill(1, torch.tensor(axis), end) for end in (lower, upper)]
        torch.testing.assert_close(problem.exact(ends[0]), problem.exact(ends[1]))


@pytest.mark.parametrize("case", ALL)
def test_imposed_conditions_hold_for_any_network_output(case, float64):
    problem = ALL[case]
    names = {condition.name for condition in problem.conditions}
    assert problem.imposed <= names
    raw = torch.randn(40, len(problem.fields))
    for condition in problem.conditions:
        if condition.name in problem.imposed:
            points = problem.face_points(condition, unit(problem))
            d = derivatives(problem, lambda p: problem.impose(p, raw), points)
            assert condition.residual(d).abs().max() < 1e-13, condition.name


@pytest.mark.parametrize("case", ALL)
def test_jets_carry_solution_and_conditions(case, float64):
    problem = ALL[case]
    dimension = len(problem.coordinates)
    network = CoordinateMLP(
        dimension, len(problem.fields), 7, 2, activation=lambda n: Elementwise(n, torch.tanh)
    )
    network.set_domain(*problem.domain)

    def function(p):
        return problem.impose(p, network(p))

    residuals = [problem.residual, *(condition.residual for condition in problem.conditions)]
    points = problem.box_points(unit(problem, 9))
    for residual in residuals:
        equation = Equation(function, residual, problem.coordinates, problem.fields)
        expected = Nested().residuals(equation, points)
        found = Eager().residuals(equation, points)
        torch.testing.assert_close(found, expected, rtol=1e-9, atol=1e-9)


def test_a_string_is_at_rest_when_it_is_released(float64):
    problem = Wave()
    points = torch.cat([torch.rand(9, 1), torch.zeros(9, 1)], dim=1)
    d = derivatives(problem, lambda p: problem.impose(p, torch.sin(p[:, :1] + p[:, 1:])), points)
    assert d.u_t.abs().max() < 1e-14


def test_a_product_of_waves_is_a_sum_of_two(float64):
    x = torch.rand(50, 1)
    expected = torch.sin(6 * x) * torch.cos(100 * x)
    torch.testing.assert_close(CLOSED["product"].exact(x), expected, rtol=0, atol=1e-13)


def test_the_front_travels_at_its_speed(float64):
    problem = ReactionDiffusion()
    way = 5 * math.sqrt(problem.rho * problem.nu / 6) * 0.3
    x, t = torch.rand(9, 1), torch.full((9, 1), 0.3)
    there = problem.exact(torch.cat([x + way, t], dim=1))
    torch.testing.assert_close(there, problem.exact(torch.cat([x, 0 * t], dim=1)))


def test_problems_evolve_if_time_comes_last():
    assert (Wave().evolving, Wave().space) == (True, ("x",))
    assert (Darcy().evolving, Darcy().space) == (False, ("x", "y"))
    assert (Poisson().evolving, Poisson().space) == (False, ("x",))


@pytest.mark.parametrize("law", PROBLEMS)
def test_a_grid_has_a_size_per_coordinate(law):
    assert len(PROBLEMS[law].grid) == len(PROBLEMS[law].coordinates)


@pytest.mark.parametrize(
    ("problem", "constants", "message"),
    [
        (Advection, {"c": 0.0}, "Advection: c must be a positive number"),
        (Wave, {"c": -1.0}, "Wave: c must be a positive number"),
        (ReactionDiffusion, {"nu": math.nan}, "ReactionDiffusion: nu must be"),
        (Helmholtz, {"a1": 0}, "a1 and a2 must be at least 1"),
        (Cavity, {"reynolds": -1.0}, "Cavity: reynolds must be a positive number"),
        (Cavity, {"flatness": 0}, "flatness must be at least 1"),
        (Darcy, {"cells": 0}, "cells and halves must be at least 1"),
        (Poisson, {"amplitudes": (1.0,)}, "2 frequencies and 1 amplitudes"),
        (Poisson2D, {"halves": ()}, "whole numbers from 1"),
    ],
)
def test_constants_are_checked(problem, constants, message):
    with pytest.raises(ValueError, match=message):
        problem(**constants)
