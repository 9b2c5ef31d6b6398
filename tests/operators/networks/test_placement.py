"""Gates between layers: each layer runs its own, in every model and in every copy."""

import copy
import io
import pickle
from functools import partial

import pytest
import torch
from torch import nn

from sgn_sciml.layers import SpectralGate
from sgn_sciml.operators.networks.placement import inject_between
from tests.networks.blocks import every_operator, gates, open_gates, operator, outputs, relative

CALLED = {
    "FNO1": 3,
    "FNO2": 1,
    "FNO-preactivation": 4,
    "FNO-padding": 3,
    "FNO-dropout": 3,
    "TFNO": 3,
    "UNO": 0,
    "UNO-preactivation": 3,
    "CODANO": 2,
    "UQNO": 6,
    "SFNO": 3,
    "LocalNO": 4,
}


def gated(name="FNO1", gate=SpectralGate):
    model, x = operator(name)
    inject_between(model, gate)
    return model, x


@every_operator
def test_gates_are_where_an_activation_is_called(name):
    model, x = operator(name)
    if CALLED[name] == 0:
        with pytest.raises(ValueError, match="UNO has no activation between layers"):
            inject_between(model)
        return
    with torch.no_grad():
        before = outputs(model, x)
        records = inject_between(model, partial(SpectralGate, gate_init=0.0))
        torch.testing.assert_close(outputs(model, x), before)
        open_gates(model)
        assert relative(outputs(model, x), before) > 1e-3
    assert len(records) == len(gates(model)) == CALLED[name]
    places = [model.get_submodule(r.name).module for r in records]
    assert [g.features for g in places] == [r.features for r in records]
    outputs(model, x).square().sum().backward()
    for gate in gates(model.residual_model if name == "UQNO" else model):
        assert all(p.grad is not None and p.grad.any() for p in gate.parameters())


@pytest.mark.parametrize("name", ["FNO1", "FNO-preactivation", "LocalNO"])
def test_each_layer_runs_its_own_gate(name):
    """Against the plain blocks, whose one activation is changed by hand before each layer."""
    model, x = operator(name)
    plain = copy.deepcopy(model)
    inject_between(model)
    open_gates(model)
    blocks = "local_no_blocks" if name == "LocalNO" else "fno_blocks"
    placed, by_hand = getattr(model, blocks), getattr(plain, blocks)
    v = torch.randn(2, placed.out_channels, *x.shape[2:])
    layers = placed.non_linearity.layers
    for k in (0, 2, 1, 3):
        by_hand.non_linearity = layers[k] if k < len(layers) else nn.Identity()
        expected = by_hand(v, k)
        assert torch.equal(placed(v, k), expected)
        assert torch.equal(placed(v, index=k), expected)


def test_layer_zero_is_the_default():
    model, _ = gated("UNO-preactivation")
    block = model.fno_blocks[1]
    v = torch.randn(1, block.in_channels, 16, 16)
    assert torch.equal(block(v), block(v, 0))


@pytest.mark.parametrize("transport", ["deepcopy", "pickle"])
def test_copies_use_their_own_gates(transport):
    model, x = gated()
    model.fno_blocks(torch.zeros(1, 16, 8), 2)  # leave another layer selected
    other = copy.deepcopy(model) if transport == "deepcopy" else pickle.loads(pickle.dumps(model))
    with torch.no_grad():
        before = model(x)
        assert torch.equal(other(x), before)
        open_gates(other)
        assert torch.equal(model(x), before)
        assert relative(other(x), before) > 1e-3
    assert {id(p) for p in model.parameters()}.isdisjoint(id(p) for p in other.parameters())


def test_weights_travel_strictly():
    (model, x), (other, _) = gated(), gated()
    open_gates(model)
    file = io.BytesIO()
    state = model.state_dict()
    del state["_metadata"]
    torch.save(state, file)
    file.seek(0)
    other.load_state_dict(torch.load(file, weights_only=True), strict=True)
    assert torch.equal(other(x), model(x))


def test_recomputed_layers_select_their_gates_again():
    model, _ = gated()
    open_gates(model)

    def gradient(run):
        v = torch.randn(2, 16, 16, generator=torch.Generator().manual_seed(0), requires_grad=True)
        y = v
        for k in range(4):
            y = run(model.fno_blocks, y, k)
        return torch.autograd.grad(y.square().sum(), v)[0]

    again = partial(torch.utils.checkpoint.checkpoint, use_reentrant=False)
    torch.testing.assert_close(gradient(again), gradient(lambda f, *args: f(*args)))


def test_second_time_finds_nothing():
    model, _ = gated()
    with pytest.raises(ValueError, match="no activation between layers"):
        inject_between(model)


def test_learned_activations_are_left_alone():
    model, _ = operator("FNO1")
    model.fno_blocks.non_linearity = nn.PReLU()
    with pytest.raises(ValueError, match="no activation between layers"):
        inject_between(model)


def test_complex_fields_are_refused():
    model, _ = operator("FNO1")
    model.fno_blocks.complex_data = True
    with pytest.raises(ValueError, match="real blocks"):
        inject_between(model)


def test_dtype_mode_and_device_are_kept():
    model, _ = operator("FNO1")
    inject_between(model.to("meta").train())
    layers = model.fno_blocks.non_linearity
    assert {p.dtype for p in layers.parameters()} == {torch.float32}
    assert {p.device.type for p in model.parameters()} == {"meta"}
    assert {m.training for m in layers.modules()} == {True}
