"""Integrals in a residual: analytic values, every engine alike, slopes of finite differences."""

import math

import pytest
import torch

from sgn_sciml.jets import (
    Automatic,
    Derivatives,
    Eager,
    Equation,
    Fused,
    IntegrationDomain,
    Nested,
)
from sgn_sciml.networks import CoordinateMLP

DOMAIN = IntegrationDomain({"x": (-1.0, 1.0), "t": (0.0, 1.0)})
END = torch.tensor(0.7, dtype=torch.float64, requires_grad=True)  # a limit that trains
RESIDUALS = {
    "fredholm": lambda d: d.u_t - d.integral(lambda s: s.u * torch.exp(s.x - d.x), over="x"),
    "volterra": lambda d: d.u_xx + d.integral("u", over="x", upper=d.x, nodes=6),
    "of a derivative": lambda d: d.u + d.integral("u_xx", over="t", lower=d.t - 1, nodes=3),
    "difference": lambda d: d.u_t + d.integral(lambda s: s.u - d.u + s.x, over="x", panels=2),
    "square": lambda d: d.u + d.integral(lambda s: (s.u - d.u_x) ** 2 * s.u_t, "x", nodes=4),
    "area": lambda d: d.u_xx + d.integral(lambda s: s.u * s.t, "xt", upper={"t": d.t}, nodes=4),
    "triangle": lambda d: (
        d.u_t
        + d.integral(
            lambda s: s.u * s.integral(lambda r: r.u_t + s.u + d.x, "t", upper=s.x, nodes=2),
            over="x",
            nodes=3,
        )
    ),
    "limit": lambda d: d.u + d.integral("u_x", over="x", lower=END, upper=d.x, nodes=4),
    "constant": lambda d: d.u_xx + d.integral(lambda s: 1.0, over="x", nodes=2),
}


@pytest.fixture
def points(float64):
    torch.manual_seed(0)
    return torch.rand(37, 2) * torch.tensor([2.0, 1.0]) - torch.tensor([1.0, 0.0])


@pytest.fixture
def network(float64):
    torch.manual_seed(0)
    network = CoordinateMLP(2, 1, width=7, depth=2, activation="tanh")
    network.set_domain((-1.0, 0.0), (1.0, 1.0))
    return network


def waves(p):
    x, t = p.unbind(-1)
    return (torch.sin(4 * x + 0.3) * torch.exp(-t))[:, None]


INTEGRALS = {
    "whole": (
        lambda d: d.integral("u", over="x"),
        lambda x, t: torch.exp(-t) * (math.cos(-3.7) - math.cos(4.3)) / 4,
    ),
    "to the point": (
        lambda d: d.integral("u", over="x", lower=0.0, upper=d.x),
        lambda x, t: torch.exp(-t) * (math.cos(0.3) - torch.cos(4 * x + 0.3)) / 4,
    ),
    "memory": (
        lambda d: d.integral(lambda s: torch.exp(s.t - d.t) * s.u, over="t", upper=d.t),
        lambda x, t: torch.sin(4 * x + 0.3) * t * torch.exp(-t),
    ),
    "of a derivative": (
        lambda d: d.integral("u_x", over="x", lower=-1.0, upper=d.x),
        lambda x, t: torch.exp(-t) * (torch.sin(4 * x + 0.3) - math.sin(-3.7)),
    ),
    "area": (
        lambda d: d.integral("u", over=("x", "t")),
        lambda x, t: 0 * x + (1 - math.exp(-1)) * (math.cos(-3.7) - math.cos(4.3)) / 4,
    ),
    "panels": (
        lambda d: d.integral(lambda s: torch.abs(s.x), over="x", nodes=1, panels=2),
        lambda x, t: 0 * x + 1,
    ),
}


@pytest.mark.parametrize("name", INTEGRALS)
def test_analytic_integrals(name, points):
    residual, truth = INTEGRALS[name]
    d = Derivatives(waves, points, "xt", "u", DOMAIN)
    assert torch.allclose(residual(d), truth(*points.T), rtol=0, atol=1e-12)


def test_sixteen_nodes_are_enough_for_two_waves(points):
    d = Derivatives(lambda p: torch.sin(2 * math.pi * p[:, :1]) ** 2, points, "xt", "u", DOMAIN)
    error = (d.integral("u", over="x") - 1).abs().max().item()
    assert error < 1e-9
    assert (d.integral("u", over="x", nodes=6) - 1).abs().max() > 100 * error


@pytest.mark.parametrize("engine", [Eager(16), Fused(16)], ids=["eager", "fused"])
@pytest.mark.parametrize("name", RESIDUALS)
def test_engines_agree(name, engine, points, network):
    equation = Equation(network, RESIDUALS[name], "xt", "u", name, DOMAIN)
    parameters = [*network.parameters(), END]
    found, slopes = engine.jacobian(equation, points, parameters)
    expected, truth = Nested().jacobian(equation, points, parameters)
    assert not equation.couples(points)
    assert torch.allclose(found, expected, rtol=0, atol=1e-13)
    assert torch.allclose(slopes, truth, rtol=0, atol=1e-13)
    options = {"allow_unused": True, "materialize_grads": True}
    pairs = zip(
        torch.autograd.grad(engine.loss(equation, points), parameters, **options),
        torch.autograd.grad(Nested().loss(equation, points), parameters, **options),
        strict=True,
    )
    assert all(torch.allclose(a, b, rtol=0, atol=1e-12) for a, b in pairs)


@pytest.mark.parametrize("name", ["fredholm", "square", "triangle", "limit"])
def test_the_jacobian_is_that_of_finite_differences(name, points, network):
    equation = Equation(network, RESIDUALS[name], "xt", "u", name, DOMAIN)
    parameters = [*network.parameters(), END]
    slopes = Automatic().jacobian(equation, points, parameters)[1][0]
    row, h = 0, 1e-6
    for p in parameters:
        flat = p.data.view(-1)
        for k in {0, p.numel() // 2, p.numel() - 1}:
            values = []
            for sign in (1, -2, 1):
                flat[k] += sign * h
                values.append(Nested().residuals(equation, points)[0].detach())
            difference = (values[0] - values[1]) / (2 * h)
            assert torch.allclose(slopes[row + k], difference, rtol=1e-6, atol=1e-8)
        row += p.numel()


def test_many_nodes_go_to_nested_autograd_which_is_said(points, network, caplog):
    equation = Equation(network, lambda d: d.u_x + d.integral("u", "xt"), "xt", "u", "n", DOMAIN)
    found = Automatic().residuals(equation, points)
    assert "256 nodes" in caplog.text
    assert torch.allclose(found, Nested().residuals(equation, points))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"over": "z"}, "the coordinates are x, t"),
        ({"over": ""}, "the coordinates are x, t"),
        ({"over": "xt", "upper": 1.0}, "takes its limits by name"),
        ({"over": "x", "upper": {"t": 1.0}}, "a limit for 't'"),
        ({"over": "x", "nodes": 0}, "nodes >= 1"),
        ({"over": "t"}, "no integral over t: of a window"),
    ],
)
@pytest.mark.parametrize("engine", [Nested(), Automatic()], ids=["nested", "automatic"])
def test_wrong_integrals_are_refused(options, message, engine, points, network):
    refused = {"t": "of a window"} if options == {"over": "t"} else {}
    domain = IntegrationDomain({"x": (-1.0, 1.0)}, refused=refused)
    equation = Equation(network, lambda d: d.u + d.integral("u", **options), "xt", "u", "", domain)
    with pytest.raises(ValueError, match=message):
        engine.residuals(equation, points)


def test_without_a_domain_limits_are_needed(points):
    with pytest.raises(ValueError, match="needs its limits"):
        Derivatives(waves, points, "xt", "u").integral("u", over="x", lower=0.0)
