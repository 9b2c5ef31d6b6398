"""Problems whose conditions are words, solved by local least squares."""

import math
from dataclasses import dataclass

import pytest
import torch

from sgn_sciml import solve
from sgn_sciml.local_solver.checks.statement import rows_of
from sgn_sciml.pde import (
    Dirichlet,
    InitialValue,
    InitialVelocity,
    Neumann,
    PeriodicPair,
    PointValues,
    Problem,
    Robin,
    SymmetricWall,
)


@dataclass(frozen=True)
class Drift(Problem):
    """u = exp(-k^2 t) sin(k (x - t)) of u_t + u_x = u_xx."""

    words: tuple = ()

    law, coordinates, domain = "drift", ("x", "t"), ((0.0, 0.0), (1.0, 0.1))

    @property
    def conditions(self):
        return self.words

    def residual(self, d):
        return d.u_t + d.u_x - d.u_xx

    def exact(self, points):
        x, t = points.double().split(1, -1)
        k = 2 * math.pi
        return torch.exp(-(k**2) * t) * torch.sin(k * (x - t))


def error(problem, tolerance=1e-8):
    solution = solve(problem, tolerance=tolerance)
    unit = torch.rand(200, len(problem.coordinates), generator=torch.Generator().manual_seed(0))
    points = problem.box_points(unit.double())
    return (solution(points) - problem.exact(points)).abs().max().item()


def test_a_periodic_pair_is_a_periodic_coordinate():
    problem = Drift((InitialValue("sin(2*pi*x)"), PeriodicPair("x")))
    assert error(problem) < 1e-8
    assert problem.periodic == frozenset()
    ends = torch.tensor([[0.0, 0.05], [1.0, 0.05]]).double()
    left, right = solve(problem, 1e-8)(ends)
    assert abs(left - right) < 1e-8


def test_walls_by_words_are_walls():
    class Rod(Drift):
        def residual(self, d):
            return d.u_t - d.u_xx

        def exact(self, points):
            x, t = points.double().split(1, -1)
            return torch.exp(-t) * torch.cos(x)

    slope = "exp(-t)*(2*cos(1) - sin(1))"
    words = InitialValue("cos(x)"), SymmetricWall("left"), Robin("right", slope, a=2)
    assert error(Rod(words)) < 1e-8


def test_a_wave_by_words():
    class String(Drift):
        domain = ((0.0, 0.0), (1.0, 1.0))

        def residual(self, d):
            return d.u_tt - d.u_xx

        def exact(self, points):
            x, t = points.double().split(1, -1)
            return torch.sin(math.pi * x) * torch.sin(math.pi * t)

    words = InitialValue(), InitialVelocity("pi*sin(pi*x)"), Dirichlet("left"), Dirichlet("right")
    assert error(String(words)) < 1e-8


REFUSED = {
    "periodic in time": (PeriodicPair("t"), Dirichlet("boundary")),
    "holds at points of its own": (InitialValue(), PointValues([[0.5, 0.05, 1.0]])),
    "no condition at t = 0": (Neumann("left"), Dirichlet("right")),
}


@pytest.mark.parametrize("message", REFUSED)
def test_what_cannot_be_solved_is_refused(message):
    with pytest.raises(ValueError, match=message):
        rows_of(Drift(REFUSED[message]), 1e-6)


def test_a_pair_of_one_field_of_two_is_refused():
    class Two(Drift):
        fields = ("u", "v")

        def residual(self, d):
            return d.u_t - d.v_xx, d.v_t + d.u_xx

    with pytest.raises(ValueError, match="holds u only"):
        rows_of(Two((InitialValue(field=("u", "v")), PeriodicPair("x", field="u"))), 1e-6)
