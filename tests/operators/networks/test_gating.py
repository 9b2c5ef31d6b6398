"""The gated network: places, budgets, configurations."""

import copy
import io
from functools import partial

import jsonargparse
import pytest
import torch

from sgn_sciml.layers import SpectralGate
from sgn_sciml.networks import OperatorNetwork, count_parameters
from sgn_sciml.operators.networks import FNO, TFNO, UNO
from sgn_sciml.operators.networks.gating import Gated
from tests.networks.blocks import gates, relative

PLACES = ["channel_mlp", "lifting", "projection", "between", "modes", "high_pass"]
COUNTS = {
    "channel_mlp": 4,
    "lifting": 1,
    "projection": 1,
    "between": 3,
    "modes": 4,
    "high_pass": 4,
}
few = partial(SpectralGate, num_frequencies=2)


def build(**options):
    torch.manual_seed(0)
    return FNO(**{"modes": (8,), "width": 16, **options})


def inputs(network, n=32):
    generator = torch.Generator().manual_seed(1)
    return torch.randn(2, network.in_channels, *[n] * network.axes, generator=generator)


@pytest.mark.parametrize("place", PLACES)
def test_each_place_gets_its_gates(place):
    network, plain = Gated(build(), where=[place], match_parameters=False), build()
    assert len(network.replacements) == COUNTS[place]
    for record in network.replacements:
        assert network.network.get_submodule(record.name) is not None
    with torch.no_grad():
        x = inputs(plain)
        assert 0 < relative(network(x), plain(x)) < 0.1
        assert network(inputs(plain, 48)).shape == (2, 1, 48)


@pytest.mark.parametrize(
    "plain",
    [
        lambda: build(width=32, modes=(16,)),
        lambda: build(modes=(6, 6), in_channels=2, out_channels=3),
        lambda: TFNO(modes=(8, 8), width=24, rank=0.3),
        lambda: UNO(modes=(8,), width=16),
    ],
    ids=["fno", "fno2", "tfno", "uno"],
)
@pytest.mark.parametrize("gate", [SpectralGate, partial(SpectralGate, spectral="diagonal")])
def test_parameters_are_those_of_the_plain_network(plain, gate):
    network = Gated(plain(), gate)
    budget = count_parameters(plain())
    assert count_parameters(network) == pytest.approx(budget, rel=0.02)
    inner = network.network
    assert (network.in_channels, network.out_channels, network.axes) == (
        inner.in_channels,
        inner.out_channels,
        inner.axes,
    )
    assert network(inputs(network)).shape == (2, inner.out_channels, *[32] * inner.axes)


def test_gates_everywhere_are_paid_by_the_hidden_layers():
    network = Gated(build(width=32, modes=(16,)), few, PLACES)
    budget = count_parameters(build(width=32, modes=(16,)))
    assert count_parameters(network) == pytest.approx(budget, rel=0.02)
    assert any(r.features < r.features_before for r in network.replacements)


def test_nothing_is_narrowed_where_the_gates_are_within_the_budget():
    network = Gated(build(width=32, modes=(24,)), few)
    budget = count_parameters(build(width=32, modes=(24,)))
    assert budget < count_parameters(network) < 1.02 * budget
    assert all(r.features == r.features_before for r in network.replacements)


def test_gates_between_layers_are_paid_by_the_hidden_layers_too():
    network = Gated(build(), where=["between"])
    assert count_parameters(network) == pytest.approx(count_parameters(build()), rel=0.02)
    assert network.network.model.lifting.hidden_channels < 32


def test_network_that_cannot_pay_is_refused():
    with pytest.raises(ValueError, match="no hidden widths keep"):
        Gated(build(width=8, modes=(4,)), where=PLACES)
    with pytest.raises(ValueError, match=r"add \d+ to \d+ .* which has no hidden layer"):
        Gated(OperatorOnly(build(channel_mlp=False)), where=["between"])


class OperatorOnly(OperatorNetwork):
    """The layers of an operator without lifting and projection."""

    def __init__(self, network):
        super().__init__(16, 16, 1)
        self.blocks = network.model.fno_blocks

    def forward(self, x):
        for k in range(4):
            x = self.blocks(x, k)
        return x


@pytest.mark.parametrize(
    ("network", "place", "message"),
    [
        (lambda: build(channel_mlp=False), "channel_mlp", "FNO has no channel_mlp"),
        (lambda: build(lifting_ratio=0), "lifting", "no lifting with a hidden layer.*projection"),
        (lambda: UNO(modes=(8,), width=8), "between", "UNO has no activation between layers"),
        (build, "head", "where is a list of .*'channel_mlp'.*got .*'head'"),
    ],
    ids=["channel_mlp", "lifting", "between", "unknown"],
)
def test_place_that_is_missing_is_named(network, place, message):
    with pytest.raises(ValueError, match=message):
        Gated(network(), where=[place])


def test_no_place_is_refused():
    with pytest.raises(ValueError, match="where is a list"):
        Gated(build(), where=[])


def test_gate_factory_gets_the_old_activation():
    network = Gated(build(non_linearity=torch.tanh), where=["lifting", "between"])
    assert {gate.base for gate in gates(network)} == {torch.tanh}


def test_weights_travel_strictly_and_hold_tensors_only():
    network, other = (Gated(build(), few, PLACES, match_parameters=False) for _ in range(2))
    file = io.BytesIO()
    for p in other.parameters():
        p.data.zero_()
    torch.save(network.state_dict(), file)
    file.seek(0)
    other.load_state_dict(torch.load(file, weights_only=True), strict=True)
    x = inputs(network)
    assert torch.equal(other(x), network(x))
    assert torch.equal(copy.deepcopy(network)(x), network(x))


CONFIG = """
network:
  class_path: sgn_sciml.operators.networks.gating.Gated
  init_args:
    network:
      class_path: sgn_sciml.operators.networks.FNO
      init_args: {modes: [8], width: 16}
    gate:
      class_path: SpectralGate
      init_args: {spectral: diagonal, frequency_scale: [0.5, 20], gate_init: 0.02}
    where: [lifting, between]
"""


def parse(text):
    parser = jsonargparse.ArgumentParser(exit_on_error=False)
    parser.add_subclass_arguments(OperatorNetwork, "network")
    config = parser.parse_string(text)
    return parser, config, parser.instantiate(config).network


def test_configuration_describes_it():
    parser, config, network = parse(CONFIG)
    lifting = network.network.model.lifting.non_linearity.module
    assert [len(gates(network)), lifting.gate_init] == [4, 0.02]
    assert lifting.spectral.frequencies[[0, -1]].tolist() == [0.5, 20.0]
    assert lifting.base is torch.nn.functional.gelu
    *_, again = parse(parser.dump(config))
    assert repr(again) == repr(network)


def test_default_gate_is_dense():
    *_, network = parse(CONFIG.split("    gate:")[0])
    assert {g.spectral._get_name() for g in gates(network)} == {"DenseSpectralMap"}


def test_unknown_place_is_refused_by_the_configuration():
    with pytest.raises(jsonargparse.ArgumentError, match="channel_mlp"):
        parse(CONFIG.replace("[lifting, between]", "[liftin]"))
