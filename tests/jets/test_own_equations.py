"""Residuals as users write them: right as by plain differentiation, or one line that says why."""

import logging
import math
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from sgn_sciml.jets import Automatic, Eager, Equation, Nested
from sgn_sciml.layers import Elementwise
from sgn_sciml.networks import CoordinateMLP

NAMES = ("x",), ("u",)


@pytest.fixture
def network(float64):
    torch.manual_seed(0)
    return CoordinateMLP(1, 1, width=6, depth=2, activation=Elementwise)


def by_autograd(function, points):
    points = points.clone().requires_grad_()
    found = [function(points)[:, 0]]
    for _ in range(2):
        (slope,) = torch.autograd.grad(found[-1].sum(), points, create_graph=True)
        found.append(slope[:, 0])
    return SimpleNamespace(x=points[:, 0], u=found[0], u_x=found[1], u_xx=found[2])


RIGHT = {
    "abs": lambda d: d.u_xx - abs(d.u),
    "a layer": lambda d: torch.where(d.x < 0.5, 1.0, 2.0) * d.u_xx,
    "a mask": lambda d: ((d.x > 0.2) & (d.x <= 0.6)) * d.u_x,
    "equal": lambda d: d.u_xx + (d.x == 0.5) * 3.0,  # Python would say False by itself
    "not equal": lambda d: d.u_xx + (d.x != 0.5) * d.u,
    "where of fields": lambda d: torch.where(d.u > d.u_x, d.u, 0.1 * d.u),
    "power of a number": lambda d: d.u_xx + 2**d.u,
    "root": lambda d: d.u_x * (1 + d.u * d.u) ** 0.5,
    "remainder": lambda d: d.u_xx + d.x % 0.3 + d.x // 0.3,
    "keyword": lambda d: torch.sub(d.u_xx, d.u, alpha=2),
    "maximum": lambda d: d.u_xx - torch.maximum(d.u, d.u_x),
    "numbers of numpy": lambda d: np.float64(2) * d.u_xx + np.float32(3) * d.u + np.int64(1),
    "length": lambda d: d.u_xx + torch.ones(len(d.u)),
    "mean": lambda d: d.u_xx + d.u.mean(),
}


@pytest.mark.parametrize("form", RIGHT)
def test_forms_of_torch_and_python_are_those_of_plain_differentiation(form, network):
    points = torch.linspace(0, 1, 9)[:, None]
    found = Automatic().residuals(Equation(network, RIGHT[form], *NAMES), points)[0]
    assert torch.allclose(found, RIGHT[form](by_autograd(network, points)), rtol=0, atol=1e-12)


def test_numbers_of_numpy_do_not_cost_the_fast_engine(network, caplog):
    equation = Equation(network, lambda d: np.float64(2) * d.u_xx + np.pi**2 * d.u, *NAMES)
    with caplog.at_level(logging.WARNING, "sgn_sciml"):
        Automatic().residuals(equation, torch.rand(5, 1))
    assert not caplog.messages


@pytest.mark.parametrize("form", [list, tuple])
def test_a_list_of_residuals_is_a_mapping_without_names(form, network):
    points = torch.rand(5, 1)
    both = Equation(network, lambda d: form([d.u_xx, d.u_x - d.u]), *NAMES)
    named = Equation(network, lambda d: {"a": d.u_xx, "b": d.u_x - d.u}, *NAMES)
    for engine in (Automatic(), Nested()):
        assert torch.equal(engine.residuals(both, points), engine.residuals(named, points))


WRONG = {
    "line .*: no derivative 'u_yy': fields are u, coordinates x": lambda d: d.u_yy,
    "line .*: AttributeError: .* has no attribute 'nu'": lambda d: math.nu * d.u,
    "KeyError: 'a'": lambda d: {}["a"] * d.u,
    "torch's functions": lambda d: np.sin(d.x) * d.u,
    "torch's functions .* of all points": lambda d: d.u_xx + math.sin(d.x),
    "is ambiguous; a residual takes": lambda d: d.u_xx if d.u > 0 else d.u,
    "returns NoneType": lambda d: None,
    "returns float": lambda d: {"first": d.u_xx, "second": 0.0},
    "returns nothing": lambda d: [],
    "has torch.bool": lambda d: d.u > 0,
    "has torch.complex128, .* as two real ones": lambda d: d.u_xx + 1j * d.u,
}


@pytest.mark.parametrize("message", WRONG)
@pytest.mark.filterwarnings("ignore:Converting a tensor with requires_grad")
def test_what_is_wrong_is_one_line(message, network, caplog):
    equation = Equation(network, WRONG[message], *NAMES, "own")
    with pytest.raises(ValueError, match=f"residual of own.*{message}"):
        Automatic().residuals(equation, torch.rand(5, 1))
    assert not caplog.messages  # of another engine, which is not the matter


COUPLED = {
    "mean": lambda d: d.u_xx + d.u.mean() + torch.sin(d.x),
    "norm": lambda d: {"first": d.u_x, "second": d.u / d.u.norm()},
    "neighbour": lambda d: d.u_xx - torch.roll(d.u, 1),
    "mean as a number": lambda d: d.u_xx + d.u.mean().detach(),
}


@pytest.mark.parametrize("form", COUPLED)
def test_residuals_that_couple_points_have_the_jacobian_of_their_loss(form, network):
    points = torch.rand(50, 1)
    weights = list(network.parameters())
    equation = Equation(network, COUPLED[form], *NAMES)
    loss = Nested().loss(equation, points)
    slopes = torch.autograd.grad(loss, weights, materialize_grads=True)
    for engine in (Automatic(), Nested()):
        residuals, jacobian = engine.jacobian(equation, points, weights)
        found = 2 / len(points) * torch.einsum("epn,en->p", jacobian, residuals)
        assert torch.allclose(found, torch.cat([s.flatten() for s in slopes]), rtol=0, atol=1e-12)


def test_residuals_of_each_point_do_not_count_as_coupled(network):
    equation = Equation(network, lambda d: d.u_xx + torch.sin(d.x) * d.u**2, *NAMES)
    assert not equation.couples(torch.rand(50, 1))


def as_users_write(x):
    first, time = x.split(1, -1)
    both, _ = x.split([1, 1], dim=1)
    start = torch.cat([2 / torch.cosh(first), torch.zeros_like(first)], -1)
    return start + torch.sinh(time) * both + torch.ones_like(time)


def test_split_cosh_and_powers_of_numbers_need_no_nested_autograd(float64):
    equation = Equation(
        as_users_write,
        lambda d: [d.u_xx + 10**d.t * d.v_t, d.u_xt + 2 ** (d.u - 2 * d.u_x)],
        ("x", "t"),
        ("u", "v"),
    )
    points = torch.rand(7, 2)
    found = Eager().residuals(equation, points)
    torch.testing.assert_close(found, Nested().residuals(equation, points))


@pytest.mark.parametrize(("size", "dim"), [(1, 0), (1, -2)])
def test_points_themselves_are_not_split(size, dim):
    equation = Equation(lambda x: x + sum(x.split(size, dim)), lambda d: d.u_x, *NAMES)
    with pytest.raises(NotImplementedError, match="split of points"):
        Eager().residuals(equation, torch.rand(3, 1))


@pytest.mark.parametrize("exponent", [5, 6, -2, 1 / 3, -1.5, 0.5])
def test_powers_and_logarithms_need_no_nested_autograd(exponent, network, caplog):
    def residual(d):
        return d.u_xx + (1.1 + d.u * d.u) ** exponent + torch.log(1.1 + d.u * d.u) * d.u_x

    points = torch.linspace(0, 1, 9)[:, None]
    with caplog.at_level(logging.WARNING, "sgn_sciml"):
        found = Automatic().residuals(Equation(network, residual, *NAMES), points)[0]
    assert not caplog.messages
    assert torch.allclose(found, residual(by_autograd(network, points)), rtol=0, atol=1e-12)


def test_derivatives_of_an_activation_with_powers_logarithms_and_angles(float64):
    class Softened(torch.nn.Module):
        def forward(self, z):
            return torch.log(1.5 + z * z) * (1.5 + z * z) ** (1 / 3) + torch.atan2(z, z * z - 0.1)

    torch.manual_seed(0)
    network = CoordinateMLP(1, 1, width=6, depth=2, activation=lambda width: Softened())
    points = torch.linspace(0, 1, 9)[:, None]
    equation = Equation(network, lambda d: d.u_xx + d.u_x, *NAMES)
    expected = by_autograd(network, points)
    for engine in (Automatic(), Eager(), Nested()):
        (found,) = engine.residuals(equation, points)
        assert torch.allclose(found, expected.u_xx + expected.u_x, rtol=0, atol=1e-11)


def test_the_angle_of_a_point_in_every_quadrant_and_on_the_axes(float64, network, caplog):
    points = torch.cartesian_prod(*[torch.tensor([-2.0, -1e-9, 0.0, 1.0])] * 2)
    points = points[points.abs().sum(1) > 0]
    network = CoordinateMLP(2, 1, width=6, depth=2)
    with caplog.at_level(logging.WARNING, "sgn_sciml"):
        for residual in (
            lambda d: torch.atan2(d.y, d.x) + 0 * d.u,
            lambda d: torch.arctan2(d.y, d.x) + 0 * d.u,
        ):
            found = Automatic().residuals(Equation(network, residual, ("x", "y"), ("u",)), points)[
                0
            ]
            assert torch.allclose(
                found, torch.atan2(points[:, 1], points[:, 0]), rtol=0, atol=1e-15
            )
    assert not caplog.messages
