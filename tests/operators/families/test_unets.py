"""The convolutional U-Nets: shifts, grids, gates, and the outputs of The Well's code."""

import pytest
import torch
from torch import nn

from sgn_sciml.layers import DenseGate
from sgn_sciml.networks import count_parameters
from sgn_sciml.operators.families import ConvNextUNet, UNet
from sgn_sciml.operators.networks import Gated
from tests.operators.families.weights import field, told, waves

BOTH = pytest.mark.parametrize("kind", [UNet, ConvNextUNet])


def small(kind, **options):
    torch.manual_seed(0)
    options = {"axes": 2, "width": 2, "levels": 2} | options
    if kind is ConvNextUNet:
        options = {"scale": 1.0} | options
    return kind(**options).double()


# UNetClassic(1, 1, 2, (16, 16), init_features=2), and
# UNetConvNext(1, 1, 2, (16, 16), stages=3, blocks_per_stage=2, init_features=2)
@pytest.mark.parametrize(
    ("network", "expected"),
    [
        (
            UNet(axes=2, width=2, periodic=False),
            [51.83059020892156, 51.83118496397178, 0.1818511051100951],
        ),
        (
            ConvNextUNet(axes=2, width=2, levels=3, depth=2, periodic=False),
            [-28.55346012814441, 37.129353488999385, 0.002407211516020874],
        ),
    ],
    ids=lambda value: type(value).__name__,
)
def test_outputs_are_those_of_the_well(network, expected):
    found = told(waves(network)(field(2, 1, 16, 16)), 1, 0, 3, 5)
    torch.testing.assert_close(found, torch.tensor(expected).double(), rtol=1e-6, atol=1e-9)


def test_parameters_are_those_of_the_well():
    assert count_parameters(UNet(axes=2)) == 7_762_465
    # theirs has 42 more, biases of norms which it does not read
    assert count_parameters(ConvNextUNet(axes=2, width=2, levels=3, depth=2)) == 16_249 - 42


@BOTH
@pytest.mark.parametrize("axes", [1, 2, 3])
def test_it_commutes_with_shifts_by_its_stride(kind, axes):
    network = small(kind, axes=axes)
    x = torch.randn(2, 1, *(8,) * axes, dtype=torch.float64)
    torch.testing.assert_close(network(x.roll(4, -1)), network(x).roll(4, -1))
    assert not torch.allclose(network(x.roll(1, -1)), network(x).roll(1, -1))


@BOTH
def test_closed_axes_have_any_number_of_points(kind):
    network = small(kind, periodic=(False, True), positional=True)
    for n in (5, 8, 11):
        assert network(torch.zeros(2, 1, n, 8).double()).shape == (2, 1, n, 8)


@BOTH
def test_periodic_axes_must_be_halved_evenly(kind):
    with pytest.raises(ValueError, match=f"{kind.__name__} halves .* a multiple of 4, not 6"):
        small(kind)(torch.zeros(1, 1, 8, 6).double())


@BOTH
@pytest.mark.parametrize("bad", [{"width": 0}, {"levels": 0}])
def test_sizes_out_of_range_are_refused(kind, bad):
    with pytest.raises(ValueError, match="at least 1"):
        small(kind, **bad)


@BOTH
def test_a_gate_may_be_the_activation(kind):
    network = small(kind, activation=DenseGate)
    network(torch.randn(2, 1, 8, 8).double()).square().sum().backward()
    gates = [m for m in network.modules() if isinstance(m, DenseGate)]
    assert gates
    assert all(p.grad.abs().sum() > 0 for gate in gates for p in gate.parameters())


@pytest.mark.parametrize(
    ("norm", "kind"), [("batch", nn.BatchNorm2d), ("instance", nn.InstanceNorm2d), (None, None)]
)
def test_norms(norm, kind):
    modules = [type(m) for m in small(UNet, norm=norm).modules()]
    norms = [m for m in modules if "Norm" in m.__name__]
    assert set(norms) == ({kind} if kind else set())
    assert len(norms) == (10 if kind else 0)  # two in each of five blocks


def test_channel_networks_of_convnext_take_gates():
    network = ConvNextUNet(axes=1, width=8, levels=2)
    gated = Gated(network, where=["channel_mlp"])
    assert len(gated.replacements) == 5
    assert count_parameters(gated) == pytest.approx(
        count_parameters(ConvNextUNet(axes=1, width=8, levels=2)), rel=0.02
    )
    assert gated(torch.zeros(1, 1, 8)).shape == (1, 1, 8)


def test_convnext_begins_without_its_blocks():
    network = small(ConvNextUNet, scale=1e-6)
    x = torch.randn(1, 1, 8, 8, dtype=torch.float64)
    with torch.no_grad():
        y = network(x)
        for scale in (p for name, p in network.named_parameters() if "scales" in name):
            torch.testing.assert_close(scale, torch.full_like(scale, 1e-6), rtol=1e-6, atol=0)
            scale.zero_()
        torch.testing.assert_close(network(x), y, atol=1e-4, rtol=0)
