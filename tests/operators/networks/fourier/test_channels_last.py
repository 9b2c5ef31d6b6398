"""Models run channels last against the library's own forward pass, of our modules and of its."""

import copy
from functools import partial

import pytest
import torch
from torch import nn

from sgn_sciml.layers import SpectralGate
from sgn_sciml.operators.networks import FNO, TFNO, UNO, Gated
from sgn_sciml.operators.networks.adapter import positions
from sgn_sciml.operators.networks.fourier import channels_last
from sgn_sciml.operators.networks.fourier.channels_last import run
from sgn_sciml.operators.networks.fourier.resampling import resample
from tests.operators.networks.fourier.test_weights import librarys

small = partial(FNO, modes=(4,), width=8, depth=2)
NETWORKS = {
    "line": (small, (16,)),
    "odd": (small, (17,)),
    "coarse": (small, (5,)),
    "plane": (partial(small, modes=(3, 4), channel_mlp=False), (12, 10)),
    "odd plane": (partial(small, modes=(3, 4)), (9, 11)),
    "space": (partial(small, modes=(2, 2, 3), channel_mlp_skip="linear"), (6, 5, 8)),
    "padding": (partial(small, modes=(3, 4), periodic=False, padding=0.2), (12, 9)),
    "group norm": (partial(small, norm="group_norm"), (16,)),
    "instance norm": (partial(small, modes=(3, 3), norm="instance_norm"), (8, 8)),
    "linear lifting": (partial(small, lifting_ratio=0, channel_mlp_skip="identity"), (16,)),
    "no path": (partial(small, channel_mlp_skip=None, non_linearity=nn.Tanh()), (16,)),
    "cp": (partial(small, factorization="cp", rank=0.5), (16,)),
    "tucker": (partial(TFNO, modes=(3, 4), width=8, depth=2, rank=0.5), (12, 10)),
    "uno line": (partial(UNO, modes=(8,), width=4, levels=2), (32,)),
    "uno plane": (partial(UNO, modes=(8, 6), width=4, periodic=False, padding=0.1), (18, 15)),
    "uno space": (partial(UNO, modes=(4, 4, 4), width=4), (8, 8, 10)),
    "gates": (lambda: Gated(small(), where=["channel_mlp", "between", "lifting"]), (16,)),
    "modes": (lambda: Gated(small(width=32), where=["modes", "high_pass"]), (16,)),
}


def given(network, *shape):
    generator = torch.Generator().manual_seed(1)
    inner = getattr(network, "network", network)
    x = torch.randn(2, 1, *shape, generator=generator)
    return torch.cat([x, positions(x, inner.periodic)], 1), inner.model


def agree(found, expected, tolerance=1e-5):
    for a, b in zip(found, expected, strict=True):
        assert (a - b).norm() <= tolerance * (b.norm() + 0.1)


def results(function, x, parameters):
    x = x.clone().requires_grad_()
    y = function(x)
    loss = (y * torch.linspace(0, 1, y.numel()).view_as(y)).sum()
    return [y, *torch.autograd.grad(loss, [x, *parameters])]


@pytest.mark.parametrize(("build", "shape"), NETWORKS.values(), ids=NETWORKS)
def test_outputs_and_all_gradients_are_those_of_the_librarys_pass(build, shape):
    torch.manual_seed(0)
    network = build()
    x, model = given(network, *shape)
    parameters = [*network.parameters()]
    agree(results(partial(run, model), x, parameters), results(model, x, parameters))


@pytest.mark.parametrize(
    ("modes", "shape"),
    [
        ((16,), (128,)),
        ((8,), (16,)),
        ((6, 6), (16, 12)),
        ((8, 8), (16, 16)),
        ((2, 2, 3), (8, 6, 8)),
    ],
    ids=str,
)
def test_outputs_and_all_gradients_are_those_of_the_library(modes, shape):
    """Of its own modules on even grids, up to the Nyquist wavenumbers."""
    network = FNO(modes=modes, width=8, depth=2)
    model = librarys(network)
    model.load_state_dict(network.model.state_dict())
    x, _ = given(network, *shape)
    found = results(partial(run, network.model), x, network.parameters())
    expected = results(model, x, model.parameters())
    owners = [*network.model.named_modules()]
    for name, module in owners:
        if name.endswith(".weight"):
            at = [*dict(network.model.named_parameters())].index(name + ".tensor") + 2
            expected[at] = module.pack("tensor", expected[at])
    agree(found, expected)


@pytest.mark.parametrize("modes", [(4,), (3, 3)], ids=str)
def test_twenty_steps_of_adam_are_those_of_the_library(modes):
    network = FNO(modes=modes, width=8, depth=2)
    model = librarys(network)
    model.load_state_dict(network.model.state_dict())
    x, _ = given(network, *[16] * len(modes))
    ends = []
    for function, parameters in (
        (partial(run, network.model), network.parameters()),
        (model, model.parameters()),
    ):
        adam = torch.optim.Adam(parameters, lr=2e-3)
        for _ in range(20):
            adam.zero_grad()
            loss = (function(x) - x[:, :1]).square().mean()
            loss.backward()
            adam.step()
        ends += [function(x), loss]
    agree(ends[:2], ends[2:], 1e-4)
    state, expected = network.model.state_dict(), model.state_dict()
    names = [name for name in state if name != "_metadata"]
    agree([state[name] for name in names], [expected[name] for name in names], 1e-3)


def test_a_band_limited_field_gives_the_same_on_twice_the_grid():
    network = FNO(modes=(4, 4), width=8, depth=2, positional=False, non_linearity=torch.tanh)

    def field(n):
        x = torch.arange(n) / n
        return 0.1 * torch.cos(2 * torch.pi * (x[:, None] - 2 * x))[None, None]

    coarse, fine = network(field(32)), network(field(64))
    torch.testing.assert_close(fine[..., ::2, ::2], coarse, atol=1e-5, rtol=1e-4)


def test_hooks_see_the_fields_that_the_library_shows_them():
    torch.manual_seed(0)
    network, seen = small(), []
    x, model = given(network, 16)
    before = run(model, x)
    hooked = [model.lifting, model.lifting.fcs[1], model.fno_blocks.convs[0], model.projection]
    hooked += [model.fno_blocks.fno_skips[1], model.fno_blocks.channel_mlp_skips[0]]
    for module in hooked:
        module.register_forward_hook(lambda _, args, y: seen.append((args[0].shape, y.shape)))
    torch.testing.assert_close(run(model, x), before)
    assert len(seen) == len(hooked)
    assert all(shape[0] == 2 and shape[2:] == (16,) for pair in seen for shape in pair)
    seen.clear()
    model.fno_blocks.register_forward_hook(lambda *args: seen.append(args))
    torch.testing.assert_close(run(model, x), before)
    assert len(seen) >= 2


def test_modules_of_others_get_channels_first():
    class Squeeze(nn.Module):
        def forward(self, x):
            return x * x.mean((0, 2), keepdim=True)

    torch.manual_seed(0)
    network = small()
    network.model.fno_blocks.channel_mlp[0] = Squeeze()
    network.model.projection.non_linearity = nn.PReLU(16)
    x, model = given(network, 16)
    torch.testing.assert_close(run(model, x), model(x))


def test_large_batches_run_in_portions(monkeypatch):
    torch.manual_seed(0)
    network = small(modes=(2,))
    x, model = given(network, 512)
    x = x.repeat(4, 1, 1) * torch.linspace(0.5, 1, 8)[:, None, None]
    parameters = [*network.parameters()]
    whole = results(partial(run, model), x, parameters)
    monkeypatch.setattr(channels_last, "PORTION", 2 * 512 * 8 * 4)
    assert channels_last._portion(model, x) == 2
    agree(results(partial(run, model), x, parameters), whole)
    model.projection.register_forward_hook(lambda *args: None)
    assert channels_last._portion(model, x) == 8


def test_copies_use_their_own_weights():
    network = small()
    other = copy.deepcopy(network)
    for p in other.parameters():
        p.data.mul_(1.1)
    x = torch.randn(1, 1, 16)
    assert not torch.allclose(network(x), other(x))
    other.load_state_dict(network.state_dict())
    assert torch.equal(network(x), other(x))


@pytest.mark.parametrize(
    ("old", "new"), [((9,), (14,)), ((8, 9), (5, 12)), ((4, 5, 6), (6, 5, 8))]
)
def test_resampling_is_the_librarys(old, new):
    from neuralop.layers.resample import resample as librarys_resample

    axes = len(old)
    x = torch.randn(2, 3, *old)
    expected = librarys_resample(x, 1.0, list(range(2, 2 + axes)), output_shape=new)
    found = resample(x.permute(*range(2, 2 + axes), 0, 1), new).permute(-2, -1, *range(axes))
    torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-5)


def test_gates_of_any_layout_are_called_with_channels_last():
    gated = Gated(small(), gate=partial(SpectralGate, spectral="diagonal"), where=["lifting"])
    shapes = []
    gate = gated.network.model.lifting.non_linearity.module
    gate.register_forward_pre_hook(lambda _, args: shapes.append(args[0].shape[-1]))
    gated(torch.randn(2, 1, 16))
    assert shapes == [gate.features]
