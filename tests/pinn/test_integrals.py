"""Conditions on integrals, and equations with integrals, solved."""

import math
from dataclasses import dataclass

import pytest
import torch

from sgn_sciml.geometry import Disk
from sgn_sciml.local_solver import solve
from sgn_sciml.networks import CoordinateMLP
from sgn_sciml.optim import LevenbergMarquardt
from sgn_sciml.pde import Average, Condition, Integral, Problem, Window
from sgn_sciml.pinn import PINN, Collocation


@dataclass(frozen=True)
class Fredholm(Problem):
    """u(x) = x + x times the integral of s u(s) over [0, 1]: u = 1.5 x."""

    law = "fredholm"
    coordinates = ("x",)
    conditions = ()
    domain = (0.0,), (1.0,)

    def residual(self, d):
        return d.u - d.x - d.x * d.integral(lambda s: s.x * s.u, over="x")

    def exact(self, points):
        return 1.5 * points


@dataclass(frozen=True)
class Insulated(Fredholm):
    """u'' = -cos(pi x) between insulated walls, which leave a constant open: its mean is 2."""

    law = "insulated"
    conditions = (
        Condition("left", {"x": 0.0}, lambda d: d.u_x),
        Condition("right", {"x": 1.0}, lambda d: d.u_x),
        Average("level", over="x", equals=2.0),
    )

    def residual(self, d):
        return d.u_xx + torch.cos(math.pi * d.x)

    def exact(self, points):
        return 2 + torch.cos(math.pi * points) / math.pi**2


@dataclass(frozen=True)
class Spreading(Problem):
    """Heat whose mass decays."""

    law = "spreading"
    coordinates = ("x", "t")
    domain = (0.0, 0.0), (1.0, 1.0)
    conditions = (Integral("mass", over="x", equals=lambda d: torch.exp(-d.t)),)

    def residual(self, d):
        return d.u_t - d.u_xx


@dataclass(frozen=True)
class Plate(Problem):
    """A field on a disk with a given mean."""

    law = "plate"
    coordinates = ("x", "y")
    geometry = Disk((0.0, 0.0), 2.0)
    conditions = (Average("level", over="xy", equals=1.0),)

    def residual(self, d):
        return d.u_xx + d.u_yy


@pytest.mark.parametrize("problem", [Fredholm(), Insulated()], ids=lambda p: p.law)
def test_an_equation_with_an_integral_is_solved(problem, trainer):
    torch.manual_seed(0)
    task = PINN(CoordinateMLP(1, 1, 6, 1, activation="tanh"), problem, LevenbergMarquardt)
    data = Collocation(problem, num_points=30, redraw_every=0)
    trainer(max_steps=4, precision="64-true").fit(task, data)
    points = torch.linspace(0, 1, 50, dtype=torch.float64)[:, None]
    assert torch.allclose(task(points), problem.exact(points), rtol=0, atol=1e-3)


def test_a_condition_with_no_coordinate_left_is_one_point():
    points = Collocation(Insulated(), num_points=5).draw(0)
    assert [len(points[name]) for name in ("left", "right", "level")] == [1, 1, 1]
    assert len(Collocation(Spreading()).draw(0)["mass"]) == 200
    assert len(Collocation(Plate()).draw(0)["level"]) == 1


def test_a_mass_is_that_of_the_network_at_every_time(float64):
    task = PINN(CoordinateMLP(2, 1, 6, 1), Spreading())
    points = torch.tensor([[0.3, 0.2], [0.9, 0.2], [0.5, 0.7]])
    residual = task.loss_terms.equations["mass"].nested(points)[0]
    x = (torch.arange(2000) + 0.5) / 2000
    mass = [float(task(torch.stack([x, 0 * x + t], -1)).detach().mean()) for t in (0.2, 0.2, 0.7)]
    expected = torch.tensor(mass) - torch.exp(-points[:, 1])
    assert torch.allclose(residual, expected, rtol=0, atol=1e-6)


def test_over_a_geometry_points_inside_stand_for_it(float64):
    task = PINN(CoordinateMLP(2, 1, 6, 1, activation=torch.nn.Tanh), Plate())
    (residual,) = task.loss_terms.equations["level"].nested(torch.zeros(1, 2))
    points = Plate.geometry.sample(100_000, generator=torch.Generator().manual_seed(0))
    assert residual.item() == pytest.approx(task(points).mean().item() - 1, abs=3e-3)


def test_a_part_of_a_geometry_is_refused():
    @dataclass(frozen=True)
    class Half(Plate):
        conditions = (Integral("half", over="x"),)

    with pytest.raises(ValueError, match="over all of its space"):
        PINN(CoordinateMLP(2, 1, 6, 1), Half())


def test_a_window_of_time_knows_nothing_of_the_time_before():
    class Memory(Spreading):
        def residual(self, d):
            return d.u_t - d.integral("u", over="t", upper=d.t)

    with pytest.raises(ValueError, match=r"no integral over t: .* another network"):
        PINN(CoordinateMLP(2, 1, 6, 1), Window(Memory(), 0.5, 1.0))


def test_the_local_solver_refuses_integrals():
    with pytest.raises(ValueError, match="fredholm has an integral, which couples points"):
        solve(Fredholm())


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({}, "needs the coordinates it goes over"),
        ({"over": "x", "residual": lambda d: d.u}, "takes of and equals"),
        ({"over": "x", "on": "hole"}, "takes of and equals"),
    ],
)
def test_a_wrong_integral_is_refused(arguments, message):
    with pytest.raises(TypeError, match=message):
        Integral("mass", **arguments)


def test_terms_of_unlike_units_are_told(trainer, caplog):
    @dataclass(frozen=True)
    class Micrometres(Insulated):
        domain = (0.0,), (1e-6,)
        conditions = (Condition("left", {"x": 0.0}, lambda d: d.u - 1.0),)

    problem = Micrometres()
    task = PINN(CoordinateMLP(1, 1, 6, 1, activation="tanh"), problem, LevenbergMarquardt)
    trainer(max_steps=1, precision="64-true").fit(task, Collocation(problem, num_points=4))
    assert "insulated is of size" in caplog.text
    assert "insulated, left of size" in caplog.text
