"""The named settings of the gate are the gate with its arguments spelled out."""

import inspect

import pytest
import torch
import torch.nn.functional as F
from torch import nn

import sgn_sciml.layers
from sgn_sciml.layers import Activation, DenseGate, SineGate, SpectralGate
from sgn_sciml.networks import CoordinateMLP, CoordinateNetwork, inject
from sgn_sciml.system.classes import instantiate

SINE = {"spectral": "sine", "base": None, "gate_init": 1.0, "frequency_scale": 10.0}
PAIRS = {
    "dense": (DenseGate, {}, {}),
    "dense beside tanh": (
        *(DenseGate, {"base": F.tanh, "num_frequencies": 4, "gate_init": 0.1}),
        {"spectral": "dense", "base": F.tanh, "num_frequencies": 4, "gate_init": 0.1},
    ),
    "dense, all its options": (
        DenseGate,
        *2 * ({"gate": "input", "learnable_base": True, "normalize": True, "layer_norm": True},),
    ),
    "sine": (SineGate, {}, SINE),
    "sine, a range": (
        *(SineGate, {"frequencies": (10.0, 400.0), "gate": "scalar", "amplitude": 0.5}),
        SINE | {"frequency_scale": (10.0, 400.0), "gate": "scalar", "gate_init": 0.5},
    ),
}


def both(name, n=6):
    """A gate by its name, and as it is spelled out, from one seed."""
    kind, short, long = PAIRS[name]
    torch.manual_seed(0)
    named = kind(n, **short)
    torch.manual_seed(0)
    return named, SpectralGate(n, **long)


@pytest.mark.parametrize("name", PAIRS)
def test_parameters_and_first_values_are_those_of_the_gate_spelled_out(name):
    named, spelled = both(name)
    assert isinstance(named, SpectralGate)
    assert list(named.state_dict()) == list(spelled.state_dict())
    assert all(map(torch.equal, named.state_dict().values(), spelled.state_dict().values()))
    u = torch.randn(5, 6)
    assert torch.equal(named(u), spelled(u))
    assert (named.folded() is None) == (spelled.folded() is None)


@pytest.mark.parametrize("name", PAIRS)
def test_a_network_of_them_starts_and_answers_as_one_of_gates_spelled_out(name):
    kind, short, long = PAIRS[name]
    networks = []
    for activation in (lambda n: kind(n, **short), lambda n: SpectralGate(n, **long)):
        torch.manual_seed(0)
        networks.append(CoordinateMLP(2, 1, width=8, depth=3, activation=activation))
    named, spelled = networks
    assert all(map(torch.equal, named.parameters(), spelled.parameters()))
    x = torch.rand(7, 2)
    assert torch.equal(named(x), spelled(x))


def test_waves_alone_fold_and_an_activation_beside_them_does_not():
    frequencies, wave, gate = SineGate(4, frequencies=7.0, amplitude=0.5).folded()
    assert frequencies.tolist() == [7.0] * 4
    assert gate.tolist() == [0.5] * 4
    assert wave is torch.sin
    assert DenseGate(4).folded() is None


def test_dense_gates_are_put_into_existing_modules():
    module = nn.Sequential(nn.Linear(3, 8), nn.Tanh(), nn.Linear(8, 1))
    (record,) = inject(module, DenseGate)
    assert (record.activation, type(module[1])) == ("Tanh", DenseGate)
    assert module[1].base(torch.tensor(0.5)) == torch.tensor(0.5).tanh()


@pytest.mark.parametrize(("name", "gate"), [("SineGate", 1.0), ("DenseGate", 0.01)])
def test_a_short_name_in_a_configuration_has_its_own_first_values(name, gate):
    settings = {"width": 4, "depth": 1, "activation": {"class_path": name}}
    network = instantiate(
        CoordinateNetwork, {"class_path": "CoordinateMLP", "init_args": settings}, "network"
    )
    ((_, activation),) = network.hidden()
    assert type(activation) is getattr(sgn_sciml.layers, name)
    assert activation.gate.tolist() == pytest.approx([gate] * 4)
    if name == "SineGate":
        assert activation.spectral.frequencies.tolist() == [10.0] * 4


@pytest.mark.parametrize("gate", [SpectralGate, SineGate])
def test_what_activations_share_with_a_default_gate_has_the_same_default(gate):
    """A configuration that names another activation keeps the values of equal names."""
    ours = inspect.signature(gate).parameters
    for name in sgn_sciml.layers.__all__:
        kind = getattr(sgn_sciml.layers, name)
        if isinstance(kind, type) and issubclass(kind, Activation):
            theirs = inspect.signature(kind).parameters
            shared = (theirs.keys() & ours.keys()) - {"features"}
            assert {k: theirs[k].default for k in shared} == {k: ours[k].default for k in shared}
