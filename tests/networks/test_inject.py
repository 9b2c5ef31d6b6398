"""Injection: every kind of block, the start, the fast path of PyTorch's encoder, the budget."""

import copy
import warnings
from functools import partial

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from sgn_sciml.layers import Elementwise, FeedForward, SpectralGate
from sgn_sciml.networks import CoordinateMLP, count_parameters, inject

D, N = 48, 128


class Mlp(nn.Module):
    """The block of vision transformers in timm's attribute names."""

    def __init__(self, d=D, n=N, act_layer=nn.GELU, norm=False):
        super().__init__()
        self.fc1 = nn.Linear(d, n)
        self.act = act_layer()
        self.drop = nn.Dropout(0.0)
        self.norm = nn.LayerNorm(n) if norm else nn.Identity()
        self.fc2 = nn.Linear(n, d)

    def forward(self, x):
        return self.drop(self.fc2(self.norm(self.drop(self.act(self.fc1(x))))))


class ClipMlp(nn.Module):
    """The same block in the attribute names of language models, with a function."""

    def __init__(self, d=D, n=N):
        super().__init__()
        self.fc1, self.activation_fn, self.fc2 = nn.Linear(d, n), F.silu, nn.Linear(n, d)

    def forward(self, x):
        return self.fc2(self.activation_fn(self.fc1(x)))


class Decoder(nn.Module):
    """A decoder layer that attends to its own input."""

    def __init__(self, **options):
        super().__init__()
        self.layer = nn.TransformerDecoderLayer(D, 4, N, 0.0, batch_first=True, **options)

    def forward(self, x):
        return self.layer(x, x)


def chain(*widths, act=nn.GELU, norm=nn.Identity):
    layers = [nn.Linear(D, widths[0])]
    for n, after in zip(widths, (*widths[1:], D), strict=True):
        layers += [act(), norm(n) if norm is not nn.Identity else norm(), nn.Linear(n, after)]
    for linear in layers[::3]:
        nn.init.xavier_uniform_(linear.weight)  # torch's default leaves pre-activations small
    return nn.Sequential(*layers)


def encoder(**options):
    options = {"dropout": 0.0, "batch_first": True, **options}
    return nn.TransformerEncoderLayer(D, 4, N, **options)


KINDS = {
    "sequential": lambda: chain(N, 96),
    "sequential-norm": lambda: chain(N, 96, act=nn.Tanh, norm=nn.LayerNorm),
    "sequential-nested": lambda: nn.Sequential(
        *(nn.Sequential(nn.Linear(D, N), nn.LayerNorm(N), nn.SiLU(), nn.Dropout(0.0)),),
        nn.Linear(N, D),
    ),
    "encoder-relu": encoder,
    "encoder-gelu": lambda: encoder(activation="gelu"),
    "encoder-module": lambda: encoder(activation=nn.GELU(), norm_first=True, bias=False),
    "decoder": Decoder,
    "decoder-gelu": lambda: Decoder(activation=F.gelu),
    "timm": Mlp,
    "timm-norm": lambda: Mlp(norm=True),
    "activation-fn": ClipMlp,
    "feed-forward": lambda: FeedForward(D, N, activation=Elementwise),
    "coordinate": lambda: CoordinateMLP(
        D, 2, N, 2, activation=partial(Elementwise, function=F.gelu)
    ),
}
every_kind = pytest.mark.parametrize("kind", KINDS)


def make(kind):
    torch.manual_seed(0)
    return KINDS[kind]()


def inputs():
    return torch.randn(8, 10, D, generator=torch.Generator().manual_seed(1))


def gates(module):
    return [m for m in module.modules() if isinstance(m, SpectralGate)]


def open_gates(module, value=3.0):
    for gate in gates(module):
        nn.init.constant_(gate.gate, value)


def relative(new, old):
    return ((new - old).norm() / old.norm()).item()


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


# Budget


@every_kind
def test_matched_module_keeps_its_parameter_count(kind):
    module = make(kind)
    budget = count_parameters(module)
    records = inject(module, match_parameters=True)
    assert count_parameters(module) == pytest.approx(budget, rel=0.02)
    assert all(r.features < r.features_before for r in records)
    assert [g.features for g in gates(module)] == [r.features for r in records]
    module(inputs()).sum().backward()


@pytest.mark.parametrize(("d", "n", "m"), [(64, 256, 9), (100, 400, 16), (768, 3072, 9)])
def test_matched_width_is_the_closed_form(d, n, m):
    module = FeedForward(d, n, activation=Elementwise)
    (record,) = inject(module, partial(SpectralGate, num_frequencies=m), match_parameters=True)
    assert record.features == round((n * (2 * d + 1) - m) / (2 * d + 3 * m + 3))


def test_matched_width_counts_norms_and_missing_biases():
    d, n, m = 48, 1024, 9
    (record,) = inject(Mlp(d, n, norm=True), match_parameters=True)
    assert record.features == round((n * (2 * d + 3) - m) / (2 * d + 3 * m + 5))
    module = nn.Sequential(nn.Linear(d, n, bias=False), nn.ReLU(), nn.Linear(n, d, bias=False))
    (record,) = inject(module, match_parameters=True)
    assert record.features == round((n * 2 * d - m) / (2 * d + 3 * m + 2))


def test_equally_wide_layers_stay_equally_wide():
    module = nn.TransformerEncoder(encoder(), 3)
    assert len({r.features for r in inject(module, match_parameters=True)}) == 1


def test_narrow_networks_are_matched_by_single_units():
    module = CoordinateMLP(2, 1, 32, 3, activation=Elementwise)
    widths = [r.features for r in inject(module, match_parameters=True)]
    assert widths == [18, 17, 17]


def test_a_cheap_gate_keeps_almost_the_width():
    module = FeedForward(64, 256, activation=Elementwise)
    gate = partial(SpectralGate, spectral="diagonal")
    assert inject(module, gate, match_parameters=True)[0].features == round(256 * 129 / 134)


def test_strongest_units_stay_in_their_order():
    module = make("timm-norm")
    nn.init.normal_(module.norm.weight)
    old = copy.deepcopy(module)
    n = inject(module, match_parameters=True)[0].features
    strength = old.fc1.weight.norm(dim=1) * old.fc2.weight.norm(dim=0)
    kept = [i for i in range(N) if (strength > strength[i]).sum() < n]
    assert torch.equal(module.fc1.weight, old.fc1.weight[kept])
    assert torch.equal(module.fc1.bias, old.fc1.bias[kept])
    assert torch.equal(module.norm.weight, old.norm.weight[kept])
    assert torch.equal(module.fc2.weight, old.fc2.weight[:, kept])
    assert torch.equal(module.fc2.bias, old.fc2.bias)


def test_units_without_effect_go_first():
    """A network whose dropped units are dead keeps its output."""
    module = chain(N, 96)
    for layer in (module[0], module[3]):
        nn.init.zeros_(layer.weight[layer.out_features // 2 :])
        nn.init.zeros_(layer.bias[layer.out_features // 2 :])
    before = module(inputs())
    inject(module, partial(SpectralGate, gate_init=0.0), match_parameters=True)
    torch.testing.assert_close(module(inputs()), before)


def test_batch_norm_is_narrowed_with_its_statistics():
    module = chain(N, norm=nn.BatchNorm1d)
    module(inputs()[0])
    n = inject(module, match_parameters=True)[0].features
    norm = module[2]
    assert norm.running_mean.shape == norm.weight.shape == (n,)
    assert norm.num_features == n
    module.eval()(inputs()[0])


def test_matching_keeps_dtype_and_freezing():
    module = make("sequential").bfloat16()
    module[0].requires_grad_(False)
    inject(module, match_parameters=True)
    assert {p.dtype for p in module.parameters()} == {torch.bfloat16}
    assert [module[0].weight.requires_grad, module[3].weight.requires_grad] == [False, True]


def test_counting_leaves_the_random_numbers_alone():
    widths = inject(make("timm"), match_parameters=True)[0].features
    module = make("timm")
    torch.manual_seed(5)
    inject(module, match_parameters=True)
    torch.manual_seed(5)
    assert torch.equal(module.act.spectral.frequencies, SpectralGate(widths).spectral.frequencies)


def shared_weight():
    module = nn.Sequential(*chain(N), *chain(N))
    module[3].weight = module[0].weight
    return module


def parametrized():
    module = chain(N)
    nn.utils.parametrizations.spectral_norm(module[0])
    return module


def unknown_child():
    module = Mlp()
    module.grn = nn.PReLU(N)
    return module


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: CoordinateMLP(2, 1, 16, 1, Elementwise), "no hidden widths keep 65 parameters"),
        (shared_weight, "'1': a weight beside it is shared"),
        (lambda: nn.Sequential(*[chain(N)] * 2), "'0.1': a weight beside it is shared"),
        (parametrized, "'1': a weight beside it is parametrized"),
        (unknown_child, "'act': its width may be fixed in PReLU"),
    ],
    ids=["budget", "tied", "shared", "parametrized", "unknown"],
)
def test_impossible_budget_is_refused_and_changes_nothing(build, message):
    module = build()
    before = {k: v.clone() for k, v in module.state_dict().items()}
    with pytest.raises(ValueError, match=message):
        inject(module, match_parameters=True)
    assert not gates(module)
    assert all(torch.equal(v, before[k]) for k, v in module.state_dict().items())
