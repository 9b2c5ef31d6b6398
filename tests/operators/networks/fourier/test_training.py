"""What complex weights stood in the way of: precisions, compilers and optimisers."""

import copy
from functools import partial

import pytest
import torch
from pytorch_optimizer import SOAP
from torch.optim import Adam

from sgn_sciml.operators.networks import FNO, TFNO, UNO

NETWORKS = {
    "line": partial(FNO, modes=(4,), width=8, depth=2),
    "plane": partial(FNO, modes=(3, 3), width=8, depth=2, channel_mlp=False),
    "tucker": partial(TFNO, modes=(3, 3), width=8, depth=2, rank=0.5),
    "uno": partial(UNO, modes=(4, 4), width=8),
}
every_network = pytest.mark.parametrize("build", NETWORKS.values(), ids=NETWORKS)


def made(build, dtype=torch.float32):
    torch.manual_seed(0)
    network = build()
    return network, torch.randn(4, 1, *[16] * network.axes, dtype=dtype)


def losses(network, x, optimizer, steps=4, clip=None):
    found = []
    for _ in range(steps):
        optimizer.zero_grad()
        loss = (network(x) - x).square().mean()
        loss.backward()
        if clip is not None:
            torch.nn.utils.clip_grad_value_(network.parameters(), clip)
        optimizer.step()
        found.append(loss.item())
    return found


@every_network
def test_double_precision_is_double(build):
    network, x = made(build)
    single, network = network(x), network.double()
    double = network(x.double())
    assert double.dtype == torch.float64
    torch.testing.assert_close(single.double(), double, rtol=1e-4, atol=1e-5)
    shifted = FNO(modes=(4,), width=4, depth=1, positional=False).double()
    y = torch.randn(1, 1, 15, dtype=torch.float64)
    torch.testing.assert_close(shifted(y.roll(4, -1)), shifted(y).roll(4, -1), rtol=0, atol=1e-13)


@every_network
def test_mixed_precision_is_near(build):
    network, x = made(build)
    with torch.autocast("cpu", torch.bfloat16):
        mixed = network(x)
    mixed.float().square().mean().backward()
    assert all(p.grad.dtype == torch.float32 for p in network.parameters())
    assert all(p.grad.isfinite().all() for p in network.parameters())
    torch.testing.assert_close(mixed.float(), network(x), rtol=0.05, atol=0.05)


@every_network
def test_half_precision_keeps_both_parts_of_the_weights(build):
    network, x = made(build)
    half = copy.deepcopy(network).bfloat16()(x.bfloat16())
    assert half.dtype == torch.bfloat16
    torch.testing.assert_close(half.float(), network(x), rtol=0.1, atol=0.1)


def test_it_compiles_as_one_graph():
    network, x = made(partial(NETWORKS["plane"], depth=1))
    compiled = torch.compile(network, fullgraph=True, backend="aot_eager")
    expected = torch.autograd.grad(network(x).square().sum(), [*network.parameters()])
    found = torch.autograd.grad(compiled(x).square().sum(), [*network.parameters()])
    torch.testing.assert_close(compiled(x), network(x))
    torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-4)


@every_network
@pytest.mark.parametrize(
    ("factory", "clip"),
    [(partial(SOAP, lr=1e-2), None), (partial(Adam, lr=1e-2, fused=True), 0.1)],
    ids=["soap", "fused adam, clipped by value"],
)
def test_optimizers_train_it(build, factory, clip):
    network, x = made(build)
    weight = next(p for name, p in network.named_parameters() if ".weight." in name)
    before = weight.detach().clone()
    found = losses(network, x, factory(network.parameters()), clip=clip)
    assert found[-1] < found[0]
    parts = (weight - before).abs().flatten().unflatten(0, (-1, 2))
    assert (parts > 0).float().mean(0).min() > 0.8  # not where a mode is real


def test_fused_adam_is_adam():
    network, x = made(NETWORKS["line"])
    other = copy.deepcopy(network)
    plain = losses(network, x, Adam(network.parameters(), lr=1e-2))
    fused = losses(other, x, Adam(other.parameters(), lr=1e-2, fused=True))
    assert fused == pytest.approx(plain, rel=1e-4)


def test_second_derivatives_are_those_of_the_composed_layer():
    """A gradient penalty: the fused layer and the library's own pass agree."""
    network, x = made(NETWORKS["line"])
    x = torch.cat([x, x], 1).requires_grad_()
    from sgn_sciml.operators.networks.fourier.channels_last import run

    found = []
    for function in (partial(run, network.model), network.model):
        (slope,) = torch.autograd.grad(function(x).sin().sum(), x, create_graph=True)
        found.append(torch.autograd.grad(slope.square().sum(), [*network.parameters()][:6]))
    torch.testing.assert_close(found[0], found[1], rtol=1e-4, atol=1e-5)
