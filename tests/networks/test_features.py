"""Drawn functions: what they begin as, what trains, and linear problems to rounding."""

import math

import pytest
import torch

from sgn_sciml.networks import CoordinateMLP, DrawnFeatures
from sgn_sciml.optim import LevenbergMarquardt
from sgn_sciml.pde import Advection, Helmholtz
from sgn_sciml.pinn import PINN, Arcsine


@pytest.mark.parametrize("function", ["sin", "tanh"])
def test_begins_as_nothing_and_trains_its_sum(function):
    network = DrawnFeatures(2, 3, width=7, reach=5.0, function=function)
    assert network(torch.rand(4, 2)).abs().max() == 0
    trained = [name for name, p in network.named_parameters() if p.requires_grad]
    assert trained == ["head.weight", "head.bias"]
    assert all(p.requires_grad for p in DrawnFeatures(train_hidden=True).parameters())


def test_weights_stay_within_their_reach():
    weight = DrawnFeatures(2, width=1000, reach=(2.0, 30.0)).weight
    largest = weight.abs().amax(0)
    assert 1.9 < largest[0] <= 2
    assert 29 < largest[1] <= 30


def test_is_periodic_to_rounding_in_double_precision():
    network = DrawnFeatures(2, width=20, reach=(9.5, 3.0), axes=(0,), train_hidden=True)
    network.set_domain((0.0, 0.0), (2 * math.pi, 1.0))
    network = network.double()
    torch.nn.init.ones_(network.head.weight)
    points = torch.rand(9, 2, dtype=torch.float64)
    there = points + torch.tensor([2 * math.pi, 0.0], dtype=torch.float64)
    assert (network(points) - network(there)).abs().max() < 1e-13
    network(points).sum().backward()
    assert network.weight.grad[:, 0].abs().max() == 0  # whole periods do not train
    assert network.weight.grad[:, 1].abs().max() > 0


def test_corners_are_exact_in_the_precision_of_the_network():
    network = CoordinateMLP(1, 1, 4, 1, "tanh")
    network.set_domain((0.0,), (2 * math.pi,))
    assert network.double().upper.item() == 2 * math.pi
    network.upper.fill_(3.0)  # as a checkpoint may
    assert network.float().double().upper.item() == 3


@pytest.mark.parametrize(
    ("problem", "reach", "axes", "width"),
    [(Advection(c=5.0), (3.2, 6.0), (0,), 60), (Helmholtz(a2=1), 8.0, (), 250)],
    ids=["advection", "helmholtz"],
)
def test_a_linear_equation_is_one_least_squares_problem(problem, reach, axes, width, float64):
    task = PINN(DrawnFeatures(2, 1, width, reach, axes=axes), problem)
    points = {"residual": problem.box_points(Arcsine().draw(4 * width, 2, 0))}
    trained = [p for p in task.parameters() if p.requires_grad]
    optimizer = LevenbergMarquardt(trained, max_iter=2, damping=1e-28, acceleration=0.0)
    optimizer.residuals = lambda p, j: task.loss_terms.stacked(points, [1.0], p if j else None)
    optimizer.step()
    held_out = problem.box_points(torch.rand(500, 2))
    truth = problem.exact(held_out)
    with torch.no_grad():
        assert (task(held_out) - truth).norm() < 1e-9 * truth.norm()


@pytest.mark.parametrize(
    ("settings", "what"),
    [
        ({"width": 0}, "at least 1"),
        ({"reach": (1.0,)}, "one number or 2"),
        ({"reach": 0.0}, "positive"),
        ({"axes": (2,)}, "axes must lie"),
        ({"axes": (0,), "function": "tanh"}, "only waves are periodic"),
        ({"axes": (0,), "reach": 3.0}, "reach of pi"),
        ({"function": "cos"}, "sin or tanh"),
    ],
)
def test_bad_settings_are_refused(settings, what):
    with pytest.raises(ValueError, match=what):
        DrawnFeatures(**settings)
