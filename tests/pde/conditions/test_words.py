"""Each word leaves nothing of a function that it describes, and what is known of another one."""

import math
from dataclasses import dataclass

import numpy as np
import pytest
import torch

from sgn_sciml.geometry import Box, Disk
from sgn_sciml.jets import Derivatives, Eager, Fused
from sgn_sciml.pde import (
    Condition,
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
from sgn_sciml.pde.places import condition_points, starting_with
from sgn_sciml.pinn.boundary import condition_equation

UNIT = torch.rand(20, 3, generator=torch.Generator().manual_seed(0), dtype=torch.float64)


@dataclass(frozen=True)
class Box3(Problem):
    """Two fields over x, y in a box of sides 2 and 1, and time."""

    words: tuple = ()
    k: float = 2.0

    law = "own"
    coordinates = ("x", "y", "t")
    fields = ("u", "v")
    domain = (0.0, 0.0, 1.0), (2.0, 1.0, 2.0)

    @property
    def conditions(self):
        return self.words

    def residual(self, d):
        return d.u_t, d.v_t


def known(p):
    """u = sin(2 x) e^y t and v = x^2 + y t."""
    x, y, t = p.unbind(-1)
    return torch.stack([torch.sin(2 * x) * torch.exp(y) * t, x**2 + y * t], -1)


def left(problem, condition, function=known):
    """What a condition leaves of a function at its own points, ``(E, N)``, and the points."""
    unit = UNIT[:, : len(problem.coordinates)]
    points = condition_points(problem, condition, 20, starting_with(unit))
    equation = condition_equation(function, condition.residual, problem, condition)
    return equation.nested(points).detach(), points


def two(x, y, t):
    return torch.sin(2 * x) * torch.exp(y) * t


RIGHT = {
    "value by text": Dirichlet("left", "sin(k*x)*exp(y)*t"),
    "value by a function": Dirichlet("top", lambda x, t: torch.sin(2 * x) * math.e * t),
    "value in order": Dirichlet("right", two),
    "value inside": Dirichlet("x = 0.5", "sin(1) * exp(y) * t"),
    "values by field": Dirichlet("bottom", {"u": "sin(2*x)*t", "v": "x**2"}),
    "slope, lower": Neumann({"x": 0.0}, "-2*exp(y)*t"),
    "slope, upper": Neumann("top", "t", field="v"),
    "robin": Robin("right", "3*sin(4)*exp(y)*t + y*2*cos(4)*exp(y)*t", a=3, b="y"),
    "initial": InitialValue("sin(2*x)*exp(y)"),
    "velocity": InitialVelocity({"u": lambda x, y: torch.sin(2 * x) * torch.exp(y), "v": "y"}),
    "points": PointValues(
        UNIT + torch.tensor([0, 0, 1]), known(UNIT + torch.tensor([0, 0, 1]))[:, :1]
    ),
    "rows on a face": Dirichlet("left", [[0.5, 1.5, 0.75], [0.0, 1.0, 0.0]], field="v"),
    "mirror of scalars": SymmetricWall("left", field="v"),
}


@pytest.mark.parametrize("case", RIGHT)
def test_a_word_leaves_nothing_of_its_solution(case):
    problem = Box3((RIGHT[case],))
    for condition in problem.conditions:
        rows, _ = left(problem, condition)
        assert rows.abs().max() < 1e-13
        more, _ = left(problem, condition, lambda p: known(p) + 0.1 * p.exp().prod(-1)[:, None])
        assert more.abs().max() > 0.01


def test_what_words_leave_of_another_function_is_known():
    words = (
        Dirichlet("left", 2.0),
        Neumann("bottom", 1.0),
        Robin("right", 0.0, a=2.0, b=3.0),
        InitialVelocity("x"),
        PeriodicPair("x", order=2, field="v"),
    )
    problem = Box3(words)
    value, slope, robin, velocity, pair = problem.conditions
    rows, p = left(problem, value)
    torch.testing.assert_close(rows[0], 0 * p[:, 0] - 2)  # sin(0) - 2
    rows, p = left(problem, slope)
    torch.testing.assert_close(rows[0], -torch.sin(2 * p[:, 0]) * p[:, 2] - 1)
    rows, p = left(problem, robin)
    growth = p[:, 1].exp() * p[:, 2]
    torch.testing.assert_close(rows[0], (2 * math.sin(4) + 6 * math.cos(4)) * growth)
    rows, p = left(problem, velocity)
    torch.testing.assert_close(rows[0], torch.sin(2 * p[:, 0]) * p[:, 1].exp() - p[:, 0])
    rows, p = left(problem, pair)  # of x^2: values, slopes, second derivatives
    torch.testing.assert_close(rows, torch.tensor([[-4.0], [-4.0], [0.0]]).double() + 0 * p[:, 0])


def test_a_periodic_pair_of_a_periodic_function_leaves_nothing():
    problem = Box3((PeriodicPair("x", order=3),))
    assert [c.name for c in problem.conditions] == ["periodic_x_u", "periodic_x_v"]
    for condition in problem.conditions:
        rows, _ = left(problem, condition, lambda p: torch.sin(math.pi * p[:, :2]) + p[:, 2:])
        assert rows.shape == (4, 20)
        assert rows.abs().max() < 1e-12


@pytest.mark.parametrize("engine", [Eager(), Fused()], ids=["eager", "fused"])
def test_pairs_and_points_have_programs_of_jets(engine, float64):
    network = torch.nn.Sequential(torch.nn.Linear(3, 8), torch.nn.Tanh(), torch.nn.Linear(8, 2))
    words = (PeriodicPair("y"), PointValues(UNIT + torch.tensor([0, 0, 1]), UNIT[:, :1]))
    problem = Box3(words)
    for condition in problem.conditions:
        points = condition_points(problem, condition, 20, starting_with(UNIT))
        equation = condition_equation(network, condition.residual, problem, condition)
        assert equation.program(points).outputs
        found = engine.residuals(equation, points)
        torch.testing.assert_close(found, equation.nested(points))


@dataclass(frozen=True)
class Ring(Problem):
    words: tuple = ()
    law, coordinates, fields = "ring", ("x", "y"), ("u", "v", "p")
    geometry = Disk((0, 0), 2.0, name="rim") - Box((-0.5, -0.5), (0.5, 0.5), name="hole")

    @property
    def conditions(self):
        return self.words

    def residual(self, d):
        return d.u_x, d.v_y, d.p_x


def test_words_on_a_curved_boundary():
    words = (
        Dirichlet("rim", "x*y"),
        Neumann("rim", "2*x*y/2"),
        Neumann("hole", lambda x, y, n_x, n_y: n_x * y + n_y * x, name="flow"),
        Robin("rim", lambda d: d.x * d.y + d.n_x * d.y + d.n_y * d.x),
    )
    problem = Ring(words)
    assert [c.name for c in problem.conditions] == ["rim", "rim_slope", "flow", "rim_robin"]
    for condition in problem.conditions:  # u = x y, whose slope along (x, y) / 2 is x y
        rows, _ = left(problem, condition, lambda p: p.prod(-1)[:, None] * torch.tensor([1, 0, 0]))
        assert rows.abs().max() < 1e-13


def test_a_mirror_turns_a_vector():
    problem = Ring((SymmetricWall("rim", vector=("u", "v")),))

    def turning(p):  # about the middle, as fast everywhere; p = r^2 has a slope of 4
        x, y = p.unbind(-1)
        r = (x**2 + y**2).sqrt()
        return torch.stack([-y / r, x / r, r**2], -1)

    flow, scalar = problem.conditions
    assert (flow.name, scalar.name) == ("rim_u", "rim_p")
    assert left(problem, flow, turning)[0].abs().max() < 1e-14
    torch.testing.assert_close(
        left(problem, scalar, turning)[0], torch.full((1, 20), 4.0).double()
    )
    rows, _ = left(problem, flow, lambda p: torch.cat([p, p[:, :1]], -1))  # outward: r
    torch.testing.assert_close(rows[0], torch.full((20,), 2.0).double())
    assert rows[1:].abs().max() < 1e-14  # along the normal, not across


def test_a_mirror_of_a_box_names_its_conditions():
    class Flow(Box3):
        fields = ("u", "v", "p")

        def residual(self, d):
            return d.u_t, d.v_t, d.p_x

    found = Flow((SymmetricWall("bottom", vector=("u", "v")),)).conditions
    assert [(c.name, c.field, c.order) for c in found] == [
        ("bottom_p", "p", 1),
        ("bottom_u", "u", 1),
        ("bottom_v", "v", 0),
    ]


@pytest.mark.parametrize(
    ("ending", "encoding"),
    [("csv", "utf-8"), ("csv", "utf-8-sig"), ("csv", "utf-16"), ("npz", ""), ("npy", "")],
)
def test_values_come_from_files(tmp_path, ending, encoding):
    points = (UNIT + torch.tensor([0, 0, 1])).numpy()
    u, v = known(torch.from_numpy(points)).numpy().T.copy()
    v[3] = np.nan
    path = tmp_path / f"sensors.{ending}"
    columns = dict(zip("xytuv", [*points.T, u, v], strict=True))
    if ending == "csv":
        lines = [
            ",".join(columns),
            *(",".join(map(repr, map(float, r))) for r in zip(*columns.values(), strict=True)),
        ]
        path.write_text("\n".join(lines).replace("nan", ""), encoding)
    elif ending == "npz":
        np.savez(path, **columns)
    else:
        np.save(path, np.stack(list(columns.values()), 1))
    problem = Box3((PointValues(path, field=("u", "v")),))
    first, second = problem.conditions
    assert (first.name, len(first.table), second.name) == ("measured_u", 20, "measured_v")
    assert len(second.table) == 19
    assert left(problem, first)[0].abs().max() < 1e-14
    assert left(problem, second)[0].abs().max() < 1e-14


def test_names_tell_conditions_apart():
    words = (
        Dirichlet("left"),
        Neumann("left"),
        Dirichlet(("left", "right"), field="v", name="cold"),
        Condition("right", {"x": 2.0}, lambda d: d.u),
        Dirichlet("right"),
        InitialValue(field=("u", "v")),
    )
    names = [condition.name for condition in Box3(words).conditions]
    assert names[:5] == ["left", "left_slope", "cold_left", "cold_right", "right"]
    assert names[5:] == ["right_u", "initial_u", "initial_v"]


def test_words_are_bound_once_and_those_of_a_base_stay():
    class More(Box3):
        @property
        def conditions(self):
            return (*super().conditions, Dirichlet("right"))

    found = More((Dirichlet("left"),)).conditions
    assert [condition.name for condition in found] == ["left", "right"]
    assert Derivatives(known, UNIT, "xyt", "uv").u.shape == (20,)
    assert found[0].residual(Derivatives(known, UNIT * 0, "xyt", "uv")).abs().max() == 0


WRONG = {
    "there is no side 'lft'; there are left (x = 0), right (x = 2)": Dirichlet("lft"),
    "there is no field 'w'; there are u, v": Dirichlet("left", field="w"),
    "has no outward normal": Neumann("x = 1"),
    "asks for z; it knows x, y, t, pi, e": Dirichlet("left", "sin(z)"),
    "asks for imposed; it knows": Dirichlet("left", "imposed"),
    "call the arguments of the function <lambda>": Dirichlet("left", lambda q, r: q),
    "a value is a number": Dirichlet("left", {"u": None}),
    "has no value for v": Dirichlet("left", {"u": 1.0}, field=("u", "v")),
    "no file of values": PointValues("nowhere.csv"),
    "points lie outside the domain: x = 3": PointValues([[3.0, 0.5, 1.5, 0.0]]),
    "expected rows of 4 numbers: x, y, t, u": PointValues([[3.0, 0.5]]),
    "expected rows of 3 numbers: y, t, u": Dirichlet("left", [1.0, 2.0]),
    "there is no coordinate 'z'": PeriodicPair("z"),
    "a vector has a component for each of x, y": SymmetricWall("left", vector=("u",)),
}


@pytest.mark.parametrize("message", WRONG)
def test_a_word_that_cannot_mean_anything_is_refused_in_one_line(message):
    with pytest.raises((ValueError, FileNotFoundError)) as error:
        Box3((WRONG[message],)).check_conditions()
    assert message in str(error.value)
    assert "\n" not in str(error.value)


def test_a_beginning_needs_time():
    with pytest.raises(ValueError, match="there is no time"):
        Ring((InitialValue(),)).check_conditions()
