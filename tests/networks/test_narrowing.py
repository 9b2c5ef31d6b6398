"""Matched parameters: the width is the closed form, the strongest units stay."""

import copy
from functools import partial

import pytest
import torch
from torch import nn

from sgn_sciml.layers import Elementwise, FeedForward, SpectralGate
from sgn_sciml.networks import CoordinateMLP, count_parameters, inject
from tests.networks.blocks import D, Mlp, N, chain, encoder, every_kind, gates, inputs, make


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


class Operator(nn.Module):
    """A pointwise network on fields in neuraloperator's names, with complex weights beside it."""

    def __init__(self, complex_weights):
        super().__init__()
        self.fcs = nn.ModuleList([nn.Conv1d(D, N, 1), nn.Conv1d(N, D, 1)])
        self.non_linearity, self.hidden_channels = nn.GELU(), N
        self.spectral = nn.Parameter(torch.randn(complex_weights, dtype=torch.complex64))


def test_complex_weights_count_as_two():
    module = Operator(1000)
    (record,) = inject(module, match_parameters=True)
    assert record.features == round((N * (2 * D + 1) - 9) / (2 * D + 30))
    assert count_parameters(module) == pytest.approx(2000 + N * (2 * D + 1) + D, rel=0.005)


def test_convolutions_are_narrowed_by_strength_with_their_attributes():
    module = Operator(1)
    old = copy.deepcopy(module)
    n = inject(module, match_parameters=True)[0].features
    before, after = module.fcs
    strength = old.fcs[0].weight.norm(dim=(1, 2)) * old.fcs[1].weight.norm(dim=(0, 2))
    kept = strength.topk(n).indices.sort().values
    assert torch.equal(before.weight, old.fcs[0].weight[kept])
    assert torch.equal(after.weight, old.fcs[1].weight[:, kept])
    assert before.out_channels == after.in_channels == module.hidden_channels == n
