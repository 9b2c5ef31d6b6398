"""What words build into a solution: met exactly on the faces, or left alone where it cannot be."""

import math
import pickle
from dataclasses import dataclass

import pytest
import torch
from torch import nn

from sgn_sciml.geometry import Box, Disk
from sgn_sciml.jets import Eager, Equation, Fused, Nested
from sgn_sciml.pde import (
    Condition,
    Dirichlet,
    InitialValue,
    InitialVelocity,
    Neumann,
    PeriodicPair,
    Problem,
    Robin,
    Window,
)
from sgn_sciml.pde.conditions.lifting import hermite
from sgn_sciml.pde.places import condition_points, starting_with
from sgn_sciml.pinn.boundary import condition_equation

UNIT = torch.rand(40, 3, generator=torch.Generator().manual_seed(1), dtype=torch.float64)


@dataclass(frozen=True)
class Slab(Problem):
    """A field, or two, over x in [-1, 2], y in [0, 1] and t in [0.5, 2]."""

    words: tuple = ()
    c: float = 0.7

    law, coordinates, domain = "slab", ("x", "y", "t"), ((-1.0, 0.0, 0.5), (2.0, 1.0, 2.0))

    @property
    def conditions(self):
        return self.words

    def residual(self, d):
        return d.u_t - d.u_xx - d.u_yy


@dataclass(frozen=True)
class Pair(Slab):
    fields = ("u", "v")

    def residual(self, d):
        return d.u_t - d.v_xx, d.v_t + d.u_xx


@dataclass(frozen=True)
class Line(Slab):
    coordinates, domain = ("x",), ((-4.0,), (4.0,))

    def residual(self, d):
        return d.u_xxxx


@dataclass(frozen=True)
class Plate(Slab):
    domain = Problem.domain
    coordinates = ("x", "y")
    geometry = Box((0, 0), (4, 3), name="walls") - Disk((1, 1), 0.5, name="cold")

    def residual(self, d):
        return d.u_xx + d.u_yy


@dataclass(frozen=True)
class Heated(Plate):
    coordinates = ("x", "y", "t")

    def residual(self, d):
        return d.u_t - d.u_xx - d.u_yy


G = "sin(x)*exp(y)*(1 + t)"  # what several faces share fits together


EXACT = {
    "heat": Slab((InitialValue("sin(x)*exp(y)*1.5"), Dirichlet("boundary", G))),
    "wave": Slab(
        (
            InitialVelocity("sin(x)*exp(y)"),
            Dirichlet("left", G),
            InitialValue("sin(x)*exp(y)*1.5"),
            Dirichlet("top", lambda x, t: torch.sin(x) * math.e * (1 + t)),
        )
    ),
    "zero walls": Slab((Dirichlet("boundary"), InitialValue("sin(pi*(x+1)/3)*y*(1-y)"))),
    "constants": Slab((Dirichlet("left", 2.0), InitialValue("2 + c*(x+1)"))),
    "two fields": Pair((Dirichlet("left", {"u": "t", "v": 3}), InitialValue("y", field="v"))),
    "points of a line": Line((Dirichlet("x=0", 1.0), Dirichlet("boundary"), Neumann("left", 0.5))),
    "clamped beam": Line((Dirichlet("boundary", "x"), Neumann("boundary", "x/4"))),
    "clamped plate": Slab((Dirichlet("boundary"), Neumann("boundary"))),
    "plate with a hole": Plate((Dirichlet("cold", 1.0), Dirichlet("walls", "x*y"))),
    "one formula": Plate((Dirichlet("cold", "x*y"), Dirichlet("walls", "x*y"))),
    "heated plate": Heated((InitialValue("x*y"), InitialVelocity("x"), Dirichlet("walls", "x*y"))),
    "heated walls": Heated((InitialValue(0.0), Dirichlet("boundary", "x*(t - 0)"))),
}
NOT_ALL = {"two fields": {"left_v"}, "heated plate": {"velocity"}}


class Net(nn.Module):
    """A network that is nowhere small."""

    def __init__(self, d, f):
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(d, 6), nn.Tanh(), nn.Linear(6, f))

    def forward(self, x):
        return 3 + self.layers(x)


@pytest.mark.parametrize("case", EXACT)
def test_what_is_built_in_is_met_to_rounding(case, float64):
    problem = EXACT[case]
    d, f = len(problem.coordinates), len(problem.fields)
    network = Net(d, f)

    def function(points):
        return problem.impose(points, network(points))

    names = {condition.name for condition in problem.conditions}
    assert problem.imposed == names - NOT_ALL.get(case, set())
    for condition in problem.conditions:
        points = condition_points(problem, condition, 40, starting_with(UNIT[:, :d]))
        equation = condition_equation(function, condition.residual, problem, condition)
        rest = equation.nested(points).detach().abs().max()
        exact = condition.name in problem.imposed
        assert rest < 3e-14 if exact else rest > 1e-3
    inner = problem.box_points(0.1 + 0.8 * UNIT[:, :d])
    free = (problem.impose(inner, network(inner) + 1) - function(inner)).abs()
    assert free.min() > 1e-6  # the network has a say everywhere inside


@pytest.mark.parametrize("case", ["heat", "wave", "two fields", "clamped plate", "heated plate"])
@pytest.mark.parametrize("engine", [Eager(), Fused()], ids=["eager", "fused"])
def test_it_travels_through_jets(case, engine, float64):
    problem = EXACT[case]
    d, f = len(problem.coordinates), len(problem.fields)
    network = Net(d, f)
    equation = Equation(
        lambda points: problem.impose(points, network(points)),
        problem.residual,
        problem.coordinates,
        problem.fields,
    )
    points = problem.box_points(0.2 + 0.6 * UNIT[:, :d])
    if problem.geometry is not None:
        points = points[(points[:, :2] - 1).norm(dim=1) > 0.6]
    assert equation.program(points).outputs
    torch.testing.assert_close(
        engine.residuals(equation, points), Nested().residuals(equation, points)
    )


def test_zero_walls_cost_a_factor_and_nothing_else():
    (lift,) = EXACT["zero walls"].built_in.lifts
    kept = {e.name for step in lift.steps for e in step.entries if e.kept}
    assert kept == {"initial"}
    points = EXACT["zero walls"].box_points(UNIT)
    x, y, t = points.unbind(-1)
    start = torch.sin(math.pi * (x + 1) / 3) * y * (1 - y)
    s = (x + 1) / 3
    factor = (t - 0.5) / 1.5 * 4 * s * (1 - s) * 4 * y * (1 - y)
    found = EXACT["zero walls"].impose(points, torch.full((40, 1), 2.0).double())
    torch.testing.assert_close(found[:, 0], start + 2 * factor)


DISAGREE = {
    "corner": (
        Slab((Dirichlet("left", 1.0), InitialValue(0.0), Dirichlet("right"))),
        {"initial", "right"},
        {"left": "contradicts initial where they meet"},
    ),
    "lid": (
        Slab((Dirichlet(("left", "right", "bottom")), Dirichlet("top", 1.0))),
        {"left", "right", "bottom"},
        {"top": "contradicts left where they meet"},
    ),
    "velocity": (
        Slab((InitialValue(), Dirichlet("left", "t - 0.5"), InitialVelocity(2.0))),
        {"initial", "left"},
        {"velocity": "contradicts left where they meet"},
    ),
    "twice": (
        Slab((Dirichlet("left", name="a"), Dirichlet("left", 1.0, name="b"))),
        {"a"},
        {"b": "lies where a does"},
    ),
    "touching parts": (
        Plate((Dirichlet("cold", 1.0), Dirichlet("walls.left", 0.0), Dirichlet("walls.top", "y"))),
        {"cold", "walls.left"},
        {"walls.top": "touches walls.left, where other values are given"},
    ),
    "not a number": (
        Slab((Dirichlet("left", "log(t - 1)"),)),
        set(),
        {"left": "is not a number everywhere on its face"},
    ),
    "slopes": (
        Slab((Neumann("left"), Robin("right"), Dirichlet("top", [[0.0, 1.0, 2.0]]))),
        set(),
        {},
    ),
    "of their own": (Slab((Condition("left", {"x": -1.0}, lambda d: d.u),)), set(), {}),
}


@pytest.mark.parametrize("case", DISAGREE)
def test_what_cannot_be_met_stays_a_term_and_says_why(case):
    problem, names, reasons = DISAGREE[case]
    assert problem.imposed == names
    assert problem.built_in.reasons == reasons


def test_a_problem_may_choose_or_impose_itself():
    class Chosen(Slab):
        imposed = frozenset({"left"})

    class Own(Slab):
        def impose(self, points, raw):
            return points[..., :1] * raw

    words = (Dirichlet("left"), Dirichlet("right"))
    assert Chosen(words).built_in.names == {"left"}
    assert Own(words).imposed == frozenset()
    raw = torch.ones(40, 1).double()
    assert torch.equal(Own(words).impose(UNIT, raw), UNIT[:, :1])
    assert Slab().impose(UNIT, raw) is raw


def test_a_pair_of_a_periodic_coordinate_is_built_in():
    class Round(Slab):
        periodic = frozenset({"x"})

    assert Round((PeriodicPair("x"), InitialValue())).imposed == {"periodic_x", "initial"}
    assert Slab((PeriodicPair("x"), InitialValue())).imposed == {"initial"}


def test_constants_that_train_move_what_is_built_in():
    problem = EXACT["constants"]
    assert problem.imposed == {"left", "initial"}
    c = torch.tensor(0.2, dtype=torch.float64, requires_grad=True)
    points = problem.box_points(UNIT)
    points[:, 2] = 0.5
    found = problem.holding({"c": c}).impose(points, torch.ones(40, 1).double())
    torch.testing.assert_close(found[:, 0], 2 + c * (points[:, 0] + 1))
    (slope,) = torch.autograd.grad(found.sum(), c)
    torch.testing.assert_close(slope, (points[:, 0] + 1).sum())


def test_a_problem_with_words_is_copied_with_its_window():
    problem = pickle.loads(pickle.dumps(EXACT["heat"]))
    points, raw = problem.box_points(UNIT), torch.ones(40, 1).double()
    assert torch.equal(problem.impose(points, raw), EXACT["heat"].impose(points, raw))
    later = Window(problem, 1.0, 1.5)
    assert later.imposed == {"left", "right", "bottom", "top"}
    assert torch.equal(later.impose(points, raw), problem.impose(points, raw))


def test_hermite_polynomials_are_those_of_the_textbook():
    found = hermite([(0.0, 2), (1.0, 2)])
    assert found[0.0, 0] == (1, 0, -3, 2)
    assert found[1.0, 0] == (0, 0, 3, -2)
    assert found[0.0, 1] == (0, 1, -2, 1)
    assert found[1.0, 1] == (0, 0, -1, 1)
