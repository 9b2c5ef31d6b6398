"""The spectral gate against its definition T(u) = a phi(u) + g(u) Psi(u)."""

import copy
import math
import pickle
import shutil

import pytest
import torch
import torch.nn.functional as F
from torch import nn
from torch.func import functional_call, jacrev, jvp, stack_module_state, vmap

from sgn_sciml.layers import SpectralGate
from sgn_sciml.networks import count_parameters

SPECTRAL = ("dense", "diagonal", "sine")
FORMS = ("scalar", "channel", "input")
# torch.func.jvp and the compiler load parts of torch that still use torch.jit (torch 2.13)
jit_warning = pytest.mark.filterwarnings("ignore:`torch.jit:DeprecationWarning")
every_gate = pytest.mark.parametrize("form", FORMS)
every_map = pytest.mark.parametrize("spectral", SPECTRAL)


def make(n=6, dtype=torch.float64, **options):
    torch.manual_seed(0)
    return SpectralGate(n, **options).to(dtype)


def inputs(*shape, dtype=torch.float64, seed=1):
    return torch.randn(*shape, dtype=dtype, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize(("n", "m"), [(1, 1), (7, 3), (64, 9), (128, 9), (3072, 9)])
def test_kaf_parameter_count(n, m):
    assert count_parameters(SpectralGate.kaf(n, m)) == 3 * m * n + m + n + 2


@pytest.mark.parametrize(
    ("options", "count"),
    [
        ({"gate": "scalar"}, 27 * 32 + 9 + 32 + 1),
        ({"gate": "channel"}, 27 * 32 + 9 + 32 + 32),
        ({"gate": "input"}, 27 * 32 + 9 + 32 + 64),
        ({"gate": "channel", "learnable_base": True}, 27 * 32 + 9 + 32 + 64),
        ({"gate": "channel", "layer_norm": True}, 27 * 32 + 9 + 32 + 96),
        ({"spectral": "diagonal", "gate": "scalar"}, 4 * 32 + 1),
        ({"base": None, "learnable_base": True, "gate": "scalar"}, 27 * 32 + 9 + 32 + 1),
    ],
)
def test_parameter_count(options, count):
    assert count_parameters(SpectralGate(32, **options)) == count


@every_gate
@every_map
def test_forward_is_its_definition(form, spectral):
    layer = make(spectral=spectral, gate=form, gate_init=0.3, learnable_base=True)
    with torch.no_grad():
        layer.base_coefficient.mul_(1.7)
    u = inputs(5, 6)
    expected = 1.7 * F.gelu(u) + layer.gate_value(u) * layer.spectral(u)
    torch.testing.assert_close(layer(u), expected, rtol=1e-13, atol=1e-13)


@pytest.mark.parametrize("learnable_base", [False, True])
@pytest.mark.parametrize("form", ["scalar", "channel"])
@every_map
def test_zero_gate_is_the_base_exactly(form, spectral, learnable_base):
    layer = make(
        dtype=torch.float32,
        spectral=spectral,
        gate=form,
        gate_init=0.0,
        learnable_base=learnable_base,
    )
    u = 3 * inputs(100, 6, dtype=torch.float32)
    assert torch.equal(layer(u), F.gelu(u))


def test_default_gate_starts_near_the_base():
    layer, u = make(256).requires_grad_(False), inputs(512, 256)
    change = (layer(u) - F.gelu(u)).norm() / F.gelu(u).norm()
    expected = 1e-2 * math.sqrt(18 / (18 + 256) + 1 / 54) / F.gelu(u).square().mean().sqrt()
    assert change == pytest.approx(expected.item(), rel=0.2)
    assert change < 0.01


@pytest.mark.parametrize(
    ("optimizer", "lr"), [(torch.optim.Adam, 1e-3), (torch.optim.SGD, 1.0)], ids=["adam", "sgd"]
)
@every_gate
@every_map
def test_every_number_moves_in_one_step(form, spectral, optimizer, lr):
    layer = make(spectral=spectral, gate=form, gate_init=1e-2, learnable_base=True)
    stepper = optimizer(layer.parameters(), lr=lr)
    before = copy.deepcopy(layer.state_dict())
    u = inputs(32, 6)
    (layer(u) - torch.sin(7 * u + 1)).square().mean().backward()
    stepper.step()
    still = [k for k, v in layer.named_parameters() if (v == before[k]).any()]
    assert not still


def test_optimiser_made_after_the_layer_holds_every_tensor():
    layer = SpectralGate(8)
    layer(torch.zeros(2, 8))
    assert {n.split(".")[-1] for n, _ in layer.named_parameters()} == {
        *("gate", "frequencies", "phases", "readout", "bias")
    }


def test_siren_is_a_diagonal_gate():
    options = {"base": None, "gate": "scalar", "gate_init": 1.0, "frequency_scale": 30.0}
    layer, u = make(spectral="diagonal", **options), inputs(100, 6)
    torch.testing.assert_close(layer(u), torch.sin(30 * u), rtol=0, atol=1e-14)


@every_gate
@every_map
def test_gradients_in_inputs_and_parameters(form, spectral):
    layer = make(3, spectral=spectral, gate=form, gate_init=0.3, num_frequencies=2)
    names, values = zip(*layer.named_parameters(), strict=True)

    def function(u, *parameters):
        return functional_call(layer, dict(zip(names, parameters, strict=True)), (u,))

    arguments = tuple(v.detach().clone().requires_grad_() for v in (inputs(2, 3), *values))
    assert torch.autograd.gradcheck(function, arguments)
    assert torch.autograd.gradgradcheck(function, arguments)


def tangent_kernel(module, u, v):
    """Empirical tangent kernel of a module at two inputs, traced over the output channels."""
    parameters = dict(module.named_parameters())
    at_u, at_v = (
        jacrev(lambda p, x=x: functional_call(module, p, (x,)))(parameters) for x in (u, v)
    )
    return sum((at_u[k] * at_v[k]).sum() for k in parameters)


@pytest.mark.parametrize("g", [0.0, 1e-2, 1.0])
@every_map
def test_tangent_kernel_splits_into_base_gate_and_damped_spectral(spectral, g):
    layer = make(spectral=spectral, gate="scalar", gate_init=g, learnable_base=True)
    u, v = inputs(2, 6)
    base = F.gelu(u) @ F.gelu(v)
    gate = layer.spectral(u) @ layer.spectral(v)
    expected = base + gate + g**2 * tangent_kernel(layer.spectral, u, v)
    torch.testing.assert_close(tangent_kernel(layer, u, v), expected)


@every_gate
def test_share_reads_the_paths(form):
    layer, u = make(gate=form, gate_init=0.3), inputs(4, 5, 6)
    share, rows = layer.share(u), u.reshape(20, 6)
    psi = layer.gate_value(rows) * layer.spectral(rows)
    torch.testing.assert_close(share.gate, torch.full((6,), 0.3, dtype=u.dtype))
    torch.testing.assert_close(share.spectral_rms, (psi**2).mean(0).sqrt())
    torch.testing.assert_close(share.base_rms, (F.gelu(rows) ** 2).mean(0).sqrt())
    torch.testing.assert_close(share.ratio, psi.norm() / F.gelu(rows).norm())
    assert not share.ratio.requires_grad


def test_share_without_a_base_is_all_spectral():
    assert make(base=None).share(inputs(9, 6)).ratio == math.inf


@pytest.mark.parametrize("shape", [(), (1,), (0,), (3, 0), (2, 3), (2, 3, 4)])
@every_gate
@every_map
def test_any_leading_shape(form, spectral, shape):
    layer, u = make(spectral=spectral, gate=form), inputs(*shape, 6)
    rows = layer(u.reshape(-1, 6)).reshape(u.shape)
    torch.testing.assert_close(layer(u), rows)
    assert layer(u).shape == u.shape


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.bfloat16])
@every_gate
@every_map
def test_dtype_is_kept(form, spectral, dtype):
    layer = make(spectral=spectral, gate=form, learnable_base=True, dtype=dtype)
    assert layer(inputs(4, 6, dtype=dtype)).dtype == dtype


@every_gate
@every_map
def test_autocast_keeps_phases_in_full_precision(form, spectral):
    """Phases have size 30, so rounding them to bfloat16 would turn the waves into noise."""
    layer = make(
        32,
        torch.float32,
        spectral=spectral,
        gate=form,
        gate_init=0.9,
        frequency_scale=30.0,
    )
    u = inputs(200, 32, dtype=torch.float32).bfloat16()
    with torch.no_grad(), torch.autocast("cpu", torch.bfloat16):
        y, base = layer(u), F.gelu(u)
    assert y.dtype == base.dtype == torch.bfloat16
    expected = layer(u.float())
    eps = torch.finfo(torch.bfloat16).eps
    assert (y - expected).norm() < eps * expected.norm()


def test_vmap_over_inputs():
    layer, u = make(), inputs(7, 6)
    torch.testing.assert_close(vmap(layer)(u), layer(u))


@every_gate
def test_vmap_over_an_ensemble(form):
    layers = [SpectralGate(6, gate=form) for _ in range(3)]
    parameters, buffers = stack_module_state(layers)
    u = inputs(4, 6, dtype=torch.float32)
    y = vmap(lambda p, b: functional_call(layers[0], (p, b), (u,)))(parameters, buffers)
    torch.testing.assert_close(y, torch.stack([layer(u) for layer in layers]))


@jit_warning
@every_gate
@every_map
def test_forward_mode_equals_reverse_mode(form, spectral):
    layer, u, v = make(spectral=spectral, gate=form, layer_norm=True), inputs(6), inputs(6, seed=2)
    torch.testing.assert_close(jvp(layer, (u,), (v,))[1], jacrev(layer)(u) @ v)


@jit_warning
@pytest.mark.parametrize(("spectral", "form"), [("dense", "channel"), ("diagonal", "input")])
def test_is_one_graph_forward_and_backward(spectral, form):
    layer, u = make(spectral=spectral, gate=form, gate_init=0.3), inputs(16, 6)
    y = torch.compile(layer, fullgraph=True, backend="aot_eager")(u)
    torch.testing.assert_close(y, layer(u))
    weights = list(layer.parameters())
    compiled, eager = (torch.autograd.grad(v.square().sum(), weights) for v in (y, layer(u)))
    torch.testing.assert_close(compiled, eager)


@jit_warning
@pytest.mark.skipif(shutil.which("g++") is None, reason="torch.compile needs a C++ compiler")
def test_compiles():
    layer = make(dtype=torch.float32, gate="input", gate_init=0.3).requires_grad_(False)
    u = inputs(16, 6, dtype=torch.float32)
    torch.testing.assert_close(torch.compile(layer, fullgraph=True)(u), layer(u))


@every_gate
@every_map
def test_copies_and_pickles(form, spectral):
    layer, u = make(spectral=spectral, gate=form), inputs(4, 6)
    for twin in (copy.deepcopy(layer), pickle.loads(pickle.dumps(layer))):
        assert torch.equal(twin(u), layer(u))


@every_gate
@every_map
def test_state_dict_round_trip(form, spectral):
    layer, u = make(spectral=spectral, gate=form, gate_init=0.2), inputs(4, 6)
    other = SpectralGate(6, spectral=spectral, gate=form, frequency_scale=3.0).double()
    other.load_state_dict(layer.state_dict())
    assert torch.equal(other(u), layer(u))


def test_input_gate_starts_flat_and_stays_between_zero_and_one():
    layer = make(gate="input", gate_init=0.05)
    u = 100 * inputs(50, 6)
    torch.testing.assert_close(layer.gate_value(u), torch.full_like(u, 0.05))
    nn.init.normal_(layer.gate_slope)
    gate = layer.gate_value(u)
    assert gate.min() >= 0
    assert gate.max() <= 1
    assert gate.std() > 0.1


def test_layer_norm_acts_on_the_spectral_path_alone():
    layer, u = make(layer_norm=True, gate_init=0.3), 5 + 2 * inputs(4, 6)
    normal = (u - u.mean(-1, keepdim=True)) / (u.var(-1, keepdim=True, correction=0) + 1e-5).sqrt()
    torch.testing.assert_close(layer(u), F.gelu(u) + 0.3 * layer.spectral(normal))


def test_normalize_divides_by_the_root_of_m():
    plain, normal = make(num_frequencies=4), make(num_frequencies=4, normalize=True)
    plain.spectral.bias.data.zero_()
    normal.spectral.bias.data.zero_()
    u = inputs(4, 6)
    torch.testing.assert_close(normal.spectral(u), plain.spectral(u) / 2)


def test_learnable_base_has_one_coefficient_per_gate_value():
    assert make(gate="scalar", learnable_base=True).base_coefficient.shape == ()
    assert make(gate="channel", learnable_base=True).base_coefficient.shape == (6,)
    assert make(gate="input", learnable_base=True).base_coefficient.shape == (6,)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"features": 0}, "features >= 1, got 0"),
        ({"num_frequencies": 0}, "num_frequencies >= 1"),
        ({"frequency_scale": -1.0}, "0 <= low <= high"),
        ({"frequency_scale": (3.0, 1.0)}, "0 <= low <= high"),
        ({"spectral": "diagonal", "frequency_scale": -1.0}, "0 <= low <= high"),
        ({"gate": "input", "gate_init": 0.0}, r"value in \(0, 1\), got 0.0"),
        ({"gate": "input", "gate_init": 1.0}, r"value in \(0, 1\), got 1.0"),
        ({"spectral": "Dense"}, "'diagonal' or 'sine', got 'Dense'"),
        ({"gate": "vector"}, "'scalar', 'channel' or 'input', got 'vector'"),
        ({"dropout": 1.5}, "dropout"),
    ],
)
def test_bad_arguments_are_refused(options, message):
    with pytest.raises(ValueError, match=message):
        SpectralGate(**{"features": 6, **options})


def test_repr_names_the_base():
    assert "base=gelu" in repr(SpectralGate(6))
    assert "base=SiLU" in repr(SpectralGate(6, base=nn.SiLU()))


@pytest.mark.parametrize("form", ["scalar", "channel"])
def test_a_whole_number_is_an_initial_value(form):
    whole, exact = (SpectralGate(4, gate=form, gate_init=value) for value in (1, 1.0))
    assert torch.equal(whole.gate, exact.gate)
    assert whole.gate.dtype == torch.float32
