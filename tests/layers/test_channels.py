"""Channels-first evaluation against the channels-last one."""

import pytest
import torch
from torch import nn
from torch.func import functional_call, jacrev, vmap

from sgn_sciml.layers import ChannelsFirst, DenseSpectralMap, SpectralGate
from sgn_sciml.layers.spectral import is_transposed

jit_warning = pytest.mark.filterwarnings("ignore:`torch.jit:DeprecationWarning")
GATES = {
    "dense": lambda n: SpectralGate(n, normalize=True),
    "input": lambda n: SpectralGate(n, gate="input"),
    "scalar": lambda n: SpectralGate.kaf(n),
    "diagonal": lambda n: SpectralGate(n, spectral="diagonal"),
    "norm": lambda n: SpectralGate(n, layer_norm=True),
    "no base": lambda n: SpectralGate(n, base=None),
}


def fields(*shape, dtype=torch.float64):
    return torch.randn(*shape, dtype=dtype, generator=torch.Generator().manual_seed(1))


@pytest.mark.parametrize("space", [(12,), (4, 5), (2, 3, 4), (1,), (1, 6)])
@pytest.mark.parametrize("name", GATES)
def test_values_and_gradients_are_those_of_the_gate(name, space):
    torch.manual_seed(0)
    gate = GATES[name](6).double()
    u = fields(3, 6, *space).requires_grad_()
    first, last = ChannelsFirst(gate)(u), gate(u.movedim(1, -1).contiguous()).movedim(-1, 1)
    torch.testing.assert_close(first, last, rtol=1e-12, atol=1e-14)
    wrt, seed = (u, *gate.parameters()), fields(3, 6, *space)
    for a, b in zip(
        torch.autograd.grad(first, wrt, seed), torch.autograd.grad(last, wrt, seed), strict=True
    ):
        torch.testing.assert_close(a, b, rtol=1e-11, atol=1e-13)


def test_one_channel_and_an_empty_batch():
    assert ChannelsFirst(SpectralGate(1))(fields(2, 1, 7, dtype=torch.float32)).shape == (2, 1, 7)
    assert ChannelsFirst(SpectralGate(4))(torch.zeros(0, 4, 7)).shape == (0, 4, 7)


def test_dense_map_leaves_the_channels_where_they_are():
    seen = []
    gate = SpectralGate(6)
    gate.spectral.register_forward_hook(lambda m, a, y: seen.append((a[0], y)))
    y = ChannelsFirst(gate)(fields(2, 6, 5, 5, dtype=torch.float32))
    assert all(is_transposed(t) for t in seen[0])
    assert y.is_contiguous()


def test_fields_that_lie_with_their_channels_last_stay_so_in_the_map():
    gate, u = SpectralGate(6), fields(2, 6, 5, 5, dtype=torch.float32)
    last = u.to(memory_format=torch.channels_last)
    torch.testing.assert_close(ChannelsFirst(gate)(last), ChannelsFirst(gate)(u))


def test_phases_keep_full_precision_under_autocast():
    torch.manual_seed(0)
    wave = DenseSpectralMap(6, frequency_scale=30.0)
    u = fields(2, 6, 50, dtype=torch.float32)
    with torch.autocast("cpu", torch.bfloat16):
        low = ChannelsFirst(wave)(u)
    assert low.dtype is torch.bfloat16
    torch.testing.assert_close(low.float(), ChannelsFirst(wave)(u), rtol=0, atol=0.03)


@jit_warning
def test_function_transforms():
    layer, u = ChannelsFirst(SpectralGate(3)).double(), fields(4, 2, 3, 5)
    torch.testing.assert_close(vmap(layer)(u), torch.stack([layer(x) for x in u]))
    jacobian = jacrev(lambda p: functional_call(layer, p, (u[0],)))(dict(layer.named_parameters()))
    assert jacobian["module.gate"].shape == (2, 3, 5, 3)


def test_any_module_of_the_last_axis():
    u = fields(2, 3, 4, 5, dtype=torch.float32)
    y = ChannelsFirst(nn.LayerNorm(3))(u)
    torch.testing.assert_close(y.mean(1), torch.zeros(2, 4, 5), rtol=0, atol=1e-6)
