"""Hidden layers found by structure: channel MLPs and the operators built of them."""

from functools import partial

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from sgn_sciml.layers import ChannelsFirst, SpectralGate
from sgn_sciml.networks import count_parameters, inject
from sgn_sciml.networks.hidden import hidden_layers
from tests.networks.blocks import (
    every_operator,
    gates,
    open_gates,
    operator,
    outputs,
    relative,
)


class ChannelMlp(nn.Module):
    """A pointwise network in the attribute names of neuraloperator."""

    def __init__(self, *layers, act=F.gelu):
        super().__init__()
        self.fcs, self.non_linearity = nn.ModuleList(layers), act

    def forward(self, x):
        for fc in self.fcs[:-1]:
            x = self.non_linearity(fc(x))
        return self.fcs[-1](x)


def conv(d, n, size=1, **options):
    return nn.Conv1d(d, n, size, **options)


def test_channels_are_on_the_second_axis_of_convolutions():
    module = ChannelMlp(conv(3, 12), conv(12, 2))
    (layer,) = hidden_layers(module)
    assert layer.name == "non_linearity"
    assert (layer.width, layer.channels_first) == (12, True)
    inject(module)
    assert isinstance(module.non_linearity, ChannelsFirst)
    assert module.non_linearity.module.features == 12
    assert module(torch.zeros(2, 3, 12)).shape == (2, 2, 12)


def test_channels_are_on_the_last_axis_of_linear_layers():
    module = ChannelMlp(nn.Linear(3, 12), nn.Linear(12, 2))
    assert not hidden_layers(module)[0].channels_first
    inject(module)
    assert isinstance(module.non_linearity, SpectralGate)
    assert module(torch.zeros(5, 3)).shape == (5, 2)


@pytest.mark.parametrize(
    "module",
    [
        ChannelMlp(conv(3, 4)),
        ChannelMlp(conv(3, 8), conv(8, 8), conv(8, 2)),
        ChannelMlp(conv(3, 8, 3), conv(8, 2)),
        ChannelMlp(conv(3, 8), conv(8, 2, stride=2)),
        ChannelMlp(conv(3, 8, padding=1), conv(8, 2)),
        ChannelMlp(conv(4, 8, groups=2), conv(8, 2)),
        ChannelMlp(conv(3, 8), nn.Linear(8, 2)),
        ChannelMlp(conv(3, 8), conv(4, 2)),
        ChannelMlp(conv(3, 8), conv(8, 2), act=nn.PReLU()),
        ChannelMlp(conv(3, 8), conv(8, 2), act=nn.Identity()),
    ],
    ids=lambda m: "-".join(type(fc).__name__ for fc in m.fcs),
)
def test_others_are_left_alone(module):
    with pytest.raises(ValueError, match="'fcs', 'non_linearity' with two linear layers"):
        hidden_layers(module)


@pytest.mark.parametrize(
    ("name", "count"),
    [("FNO1", 6), ("TFNO", 6), ("UNO", 5), ("CODANO", 14), ("UQNO", 12), ("SFNO", 6)],
)
def test_every_channel_mlp_of_an_operator_is_found(name, count):
    model, _ = operator(name)
    layers = hidden_layers(model)
    assert len(layers) == count
    assert all(h.channels_first for h in layers)


@every_operator
def test_operator_starts_where_it_was_and_runs_its_gates(name):
    model, x = operator(name)
    with torch.no_grad():
        before = outputs(model, x)
        records = inject(model, partial(SpectralGate, gate_init=0.0))
        torch.testing.assert_close(outputs(model, x), before)
        open_gates(model)
        assert relative(outputs(model, x), before) > 1e-3
    assert len(records) == len(gates(model)) == len({id(g) for g in gates(model)})


@every_operator
def test_operator_keeps_its_real_parameters(name):
    model, x = operator(name)
    budget = count_parameters(model)
    records = inject(model, match_parameters=True)
    assert count_parameters(model) == pytest.approx(budget, rel=0.02)
    assert all(r.features < r.features_before for r in records)
    outputs(model, x).square().sum().backward()
    for gate in gates(model.residual_model if name == "UQNO" else model):
        assert all(p.grad is not None and p.grad.any() for p in gate.parameters())


@pytest.mark.parametrize("name", ["FNO1", "TFNO"])
def test_gated_operator_takes_every_resolution(name):
    model, x = operator(name)
    inject(model)
    for n in (16, 21):
        assert model(torch.zeros(1, 1, *[n] * (x.dim() - 2))).shape[2:] == (n,) * (x.dim() - 2)


def test_shared_module_becomes_gates_of_their_own():
    model, _ = operator("FNO1")
    act = nn.SiLU()
    model.lifting.non_linearity = model.projection.non_linearity = act
    records = inject(model, where=("lifting*", "projection*"))
    assert [r.activation for r in records] == ["SiLU", "SiLU"]
    assert model.lifting.non_linearity is not model.projection.non_linearity
