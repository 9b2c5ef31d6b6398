"""Diagonal gates as one operation: what is merged, and that nothing changes by it."""

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from sgn_sciml.jets import Equation, Fused, FusedFunction, Nested
from sgn_sciml.jets.merging import merged
from sgn_sciml.jets.record import record_values
from sgn_sciml.layers import SpectralGate

RESIDUALS = {
    1: lambda d: d.u_t + d.u * d.u_x,
    2: lambda d: d.u_t - d.u_xx - 0.3 * d.u_xt * d.u,
    3: lambda d: d.u_xxx - d.u * d.u_xt + d.u_xtt,
    4: lambda d: d.u_xxxx + d.u_xxt * d.u_x - d.u_tt**2 + d.u,
}
BASES = {"tanh": torch.tanh, "gelu": F.gelu, "sigmoid": torch.sigmoid, "exp": torch.exp}


@pytest.fixture(autouse=True)
def double(float64):
    torch.manual_seed(0)


def network(base=torch.tanh, depth=2, **options):
    """Gates whose numbers are all drawn."""
    layers, width = [], 2
    for _ in range(depth):
        gate = SpectralGate(5, spectral="diagonal", base=base, gate_init=0.4, **options)
        for parameter in gate.parameters():
            nn.init.uniform_(parameter, 0.3, 1.2)
        layers += [nn.Linear(width, 5), gate]
        width = 5
    return nn.Sequential(*layers, nn.Linear(width, 1))


def kinds(function, width=5):
    program = record_values(function, torch.rand(4, width))
    sizes = [tensor.numel() for tensor in program.tensors]
    nodes, outputs = merged(program.nodes, program.outputs, sizes)
    assert all(k < i for i, node in enumerate(nodes) for k in node.inputs)
    assert max(outputs) < len(nodes)
    return [(node.kind, node.function) for node in nodes]


def gate(**options):
    return SpectralGate(5, spectral="diagonal", **options)


def test_a_gate_is_one_operation():
    assert kinds(gate(base=torch.tanh)) == [("input", ""), ("gate", "tanh")]
    assert kinds(gate(base=None)) == [("input", ""), ("gate", "")]
    # a coefficient, and a gate that depends on the input, stay operations beside the waves
    assert ("gate", "") in kinds(gate(learnable_base=True))
    assert ("gate", "") in kinds(gate(gate="input"))


@pytest.mark.parametrize(
    "function",
    [
        lambda u: u.sin() + u.cos(),
        lambda u: 2 * (u * W + W).sin() + 3 * (u * W + W).cos(),  # two phases
        lambda u: W * (p := u * W + W).sin() + W * p.cos() + p,  # a phase that is used elsewhere
        lambda u: W * (p := u * W + W).sin() + W * p.sin(),
        lambda u: S * (p := S * u + S).sin() + S * p.cos(),  # one number for all channels
    ],
)
def test_what_is_no_gate_stays(function):
    assert "gate" not in dict(kinds(function))


W, S = torch.tensor([0.5, 1, 2, 3, 4]), torch.tensor([0.5])


@pytest.mark.parametrize(
    ("order", "base"),
    [(1, "gelu"), (2, "tanh"), (2, None), (2, "sigmoid"), (3, "exp"), (4, "tanh"), (4, "gelu")],
)
def test_losses_and_gradients_are_those_of_nested_differentiation(order, base):
    net = network(BASES.get(base), gate="scalar" if order == 3 else "channel")
    points = torch.rand(37, 2)
    equation = Equation(net, RESIDUALS[order], ("x", "t"), ("u",))
    found = []
    for engine in (Fused(block=16, threads=1), Nested()):
        net.zero_grad()
        loss = engine.loss(equation, points)
        loss.backward()
        found.append([loss.detach(), *(p.grad for p in net.parameters())])
    for one, two in zip(*found, strict=True):
        torch.testing.assert_close(one, two, rtol=1e-8, atol=1e-10 * two.abs().max().item())


def test_jacobians_too():
    net, points = network(depth=1), torch.rand(21, 2)
    equation = Equation(net, RESIDUALS[2], ("x", "t"), ("u",))
    parameters = list(net.parameters())
    for one, two in zip(
        *(e.jacobian(equation, points, parameters) for e in (Fused(block=16), Nested())),
        strict=True,
    ):
        torch.testing.assert_close(one, two)


def test_frozen_numbers_and_inputs_get_no_gradient():
    net, points = network(), torch.rand(20, 2)
    net[0].requires_grad_(False)  # nothing before the first gate trains
    net[1].spectral.phases.requires_grad_(False)
    target = torch.rand(20, 1)
    FusedFunction(net).loss(points, target).backward()
    found = {name: p.grad for name, p in net.named_parameters()}
    net.zero_grad()
    F.mse_loss(net(points), target).backward()
    for name, p in net.named_parameters():
        torch.testing.assert_close(found[name], p.grad)
    torch.testing.assert_close(FusedFunction(net).values(points).T, net(points))


def test_single_precision(float64):
    net, points = network(), torch.rand(50, 2)
    exact = FusedFunction(net).values(points)
    torch.testing.assert_close(
        FusedFunction(net.float()).values(points.float()).double(), exact, rtol=0, atol=1e-6
    )
