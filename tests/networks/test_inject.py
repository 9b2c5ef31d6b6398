"""Injection: every kind of block, the start, the fast path of PyTorch's encoder."""

import warnings
from functools import partial

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from sgn_sciml.layers import SpectralGate
from sgn_sciml.networks import inject
from tests.networks.blocks import (
    D,
    Mlp,
    N,
    chain,
    encoder,
    every_kind,
    gates,
    inputs,
    make,
    open_gates,
    relative,
)


@pytest.mark.parametrize("train", [True, False], ids=["train", "eval"])
@every_kind
def test_output_starts_within_two_percent(kind, train):
    module = make(kind).train(train)
    with torch.no_grad():
        before = module(inputs())
        inject(module)
        after = module(inputs())
    assert 0 < relative(after, before) < 0.02


@every_kind
def test_closed_gates_leave_the_module_as_it_was(kind):
    module, twin = make(kind).train(), make(kind).train()
    inject(module, partial(SpectralGate, gate_init=0.0))
    torch.testing.assert_close(module(inputs()), twin(inputs()))


@pytest.mark.parametrize("train", [True, False], ids=["train", "eval"])
@every_kind
def test_gates_run_and_learn(kind, train):
    module = make(kind).train(train)
    inject(module)
    module(inputs()).square().mean().backward()
    for gate in gates(module):
        assert all(p.grad is not None and p.grad.any() for p in gate.parameters())
    with torch.no_grad():
        before = module(inputs())
        open_gates(module)
        assert relative(module(inputs()), before) > 0.1


@every_kind
def test_records_name_the_gates(kind):
    module = make(kind)
    records = inject(module)
    assert len(records) == len(gates(module))
    for record in records:
        gate = module.get_submodule(record.name)
        assert isinstance(gate, SpectralGate)
        assert gate.features == record.features == record.features_before


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("sequential-norm", [("1", "Tanh", N), ("4", "Tanh", 96)]),
        ("sequential-nested", [("0.2", "SiLU", N)]),
        ("encoder-relu", [("activation", "relu", N)]),
        ("decoder-gelu", [("layer.activation", "gelu", N)]),
        ("timm", [("act", "GELU", N)]),
        ("coordinate", [("layers.1", "gelu", N), ("layers.3", "gelu", N)]),
    ],
)
def test_records_are_plain_data(kind, expected):
    keys = ("name", "activation", "features")
    assert [tuple(r._asdict()[k] for k in keys) for r in inject(make(kind))] == expected


@every_kind
def test_second_injection_finds_nothing(kind):
    module = make(kind)
    inject(module)
    with pytest.raises(ValueError, match="no activation to replace"):
        inject(module)


@pytest.mark.parametrize("norm_first", [False, True])
@pytest.mark.parametrize("activation", ["relu", "gelu"])
@pytest.mark.parametrize("padded", [False, True])
def test_gate_runs_on_the_fast_path_of_the_encoder(activation, norm_first, padded):
    """In evaluation mode torch fuses relu and gelu layers and packs padded batches."""
    torch.manual_seed(0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # norm_first rules out nested tensors
        layer = encoder(activation=activation, norm_first=norm_first)
        module = nn.TransformerEncoder(layer, 2).eval()
    inject(module)
    open_gates(module)
    x, padding = inputs(), torch.zeros(8, 10, dtype=torch.bool)
    padding[:, 7:] = padded
    mask = {"src_key_padding_mask": padding} if padded else {}
    with torch.no_grad():
        by_default = module(x, **mask)
        torch.backends.mha.set_fastpath_enabled(False)
        try:
            by_hand = module(x, **mask)
        finally:
            torch.backends.mha.set_fastpath_enabled(True)
        open_gates(module, 0.0)
        without = module(x, **mask)
    torch.testing.assert_close(by_default, by_hand)
    assert relative(without, by_default) > 0.1


def test_whole_transformer():
    module = nn.Transformer(D, 4, 2, 2, N, 0.0, batch_first=True).eval()
    with torch.no_grad():
        before = module(inputs(), inputs())
        names = [r.name for r in inject(module)]
        after = module(inputs(), inputs())
    assert names == [
        f"{part}.layers.{k}.activation" for part in ("encoder", "decoder") for k in (0, 1)
    ]
    assert 0 < relative(after, before) < 0.02


def test_one_shared_activation_becomes_gates_of_their_own():
    act = nn.GELU()
    module = chain(N, 96, N, act=lambda: act)
    records = inject(module)
    assert [r.features for r in records] == [N, 96, N]
    assert len({id(g) for g in gates(module)}) == 3
    module(inputs())


def test_shared_blocks_share_a_gate():
    block = chain(N)
    module = nn.Sequential(block, block)
    assert [r.name for r in inject(module)] == ["0.1"]
    module(inputs())


def test_inplace_activation_does_not_spoil_the_gate():
    module = chain(N, act=partial(nn.ReLU, inplace=True))
    x = inputs()
    expected = module(x)
    inject(module)
    after = module(x)
    after.sum().backward()
    assert relative(after, expected) < 0.02


def test_output_activation_and_other_modules_are_left_alone():
    module = nn.Sequential(nn.Linear(D, N), nn.ReLU(), nn.Linear(N, 3), nn.Sigmoid())
    assert [r.name for r in inject(module)] == ["1"]
    assert isinstance(module[-1], nn.Sigmoid)


def test_learned_activations_are_left_alone():
    module = nn.Sequential(*chain(N), nn.PReLU(), nn.Linear(D, D))
    inject(module)
    assert len(gates(module)) == 1


def test_gated_linear_units_are_left_alone():
    module = Mlp()
    module.fc2 = nn.Linear(N // 2, D)
    with pytest.raises(ValueError, match="equal hidden width"):
        inject(module)


def test_further_activations_on_request():
    class QuickGELU(nn.Module):
        def forward(self, u):
            return u * torch.sigmoid(1.7 * u)

    with pytest.raises(ValueError, match="no activation"):
        inject(chain(N, act=QuickGELU))
    assert inject(chain(N, act=QuickGELU), activations=(QuickGELU,))[0].activation == "QuickGELU"


@pytest.mark.parametrize(
    "factory",
    [
        partial(SpectralGate, gate="input", num_frequencies=4),
        partial(SpectralGate, spectral="diagonal", gate="scalar"),
        lambda features, base: SpectralGate(features, base=base, layer_norm=True),
    ],
)
def test_factory_chooses_the_gate(factory):
    module = make("timm")
    inject(module, factory)
    assert repr(module.act.spectral) == repr(factory(N, base=F.gelu).spectral)
    assert isinstance(module.act.base, nn.GELU)


@pytest.mark.parametrize("train", [True, False])
def test_dtype_mode_and_freezing_are_kept(train):
    module = make("timm-norm").double().train(train).requires_grad_(False)
    weight = module.fc1.weight
    inject(module)
    assert module.fc1.weight is weight
    assert {p.dtype for p in module.parameters()} == {torch.float64}
    assert {m.training for m in module.modules()} == {train}
    assert {n.split(".")[0] for n, p in module.named_parameters() if p.requires_grad} == {"act"}


def test_device_is_kept():
    module = make("encoder-relu").to("meta")
    inject(module, match_parameters=True)
    assert {p.device.type for p in module.parameters()} == {"meta"}


@pytest.mark.parametrize("empty", [nn.Linear(3, 3), nn.Sequential(nn.Linear(3, 3), nn.ReLU())])
def test_nothing_found_says_what_was_looked_for(empty):
    with pytest.raises(ValueError, match=r"nn.Sequential.*'fc1', 'act', 'fc2'.*'linear1'"):
        inject(empty)


def test_patterns_choose_the_places():
    module = nn.Sequential(chain(N), chain(96), chain(N))
    records = inject(module, where=("0.*", "2*"))
    assert [r.name for r in records] == ["0.1", "2.1"]
    assert len(gates(module)) == 2


def test_one_pattern_may_be_a_string():
    assert [r.name for r in inject(chain(N, 96), where="4")] == ["4"]


def test_pattern_that_fits_nothing_is_refused_with_what_was_found():
    module = chain(N, 96)
    with pytest.raises(ValueError, match=r"no activation fits 'lifting\*'; found: 1, 4"):
        inject(module, where=("1", "lifting*"))
    assert not gates(module)
