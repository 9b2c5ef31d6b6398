"""Activations as the field writes them: names, functions, classes and modules of torch."""

from functools import partial

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from sgn_sciml.layers import (
    ActivationEncoding,
    Elementwise,
    Fan,
    FeedForward,
    Mixture,
    SpectralGate,
    as_function,
    make_activation,
)
from sgn_sciml.networks import CoordinateMLP
from sgn_sciml.operators.networks import FNO, TransformOnce

TANH = {
    "name": "tanh",
    "class": nn.Tanh,
    "module": nn.Tanh(),
    "function": torch.tanh,
    "of torch.nn": F.tanh,
    "own function": lambda u: torch.tanh(u),
    "factory of a module": lambda n: nn.Tanh(),
    "partial of a class": partial(nn.Tanh),
    "house class": Elementwise,
}
TAKERS = {
    "mlp": lambda a: CoordinateMLP(2, 1, width=5, depth=2, activation=a),
    "first": lambda a: CoordinateMLP(2, 1, width=5, depth=2, first_activation=a, activation="sin"),
    "feed-forward": lambda a: FeedForward(2, 5, 1, activation=a),
    "encoding": lambda a: CoordinateMLP(2, 1, 5, encoding=ActivationEncoding(2, a)),
    "mixture": lambda a: CoordinateMLP(2, 1, 5, activation=lambda n: Mixture(n, [a, "sin"])),
}


@pytest.mark.parametrize("taker", TAKERS)
@pytest.mark.parametrize("way", TANH)
def test_every_way_to_write_tanh_is_tanh_wherever_an_activation_is_taken(taker, way):
    built = []
    for activation in (Elementwise, TANH[way]):
        torch.manual_seed(0)
        built.append(TAKERS[taker](activation))
    points = torch.rand(7, 2)
    assert torch.equal(built[1](points), built[0](points))
    assert [*built[1].state_dict()] == [*built[0].state_dict()]


@pytest.mark.parametrize("way", ["gelu", nn.GELU, nn.GELU(), F.gelu])
def test_bases_and_functions_are_taken_in_every_way(way):
    u = torch.randn(3, 4)
    for make in (
        lambda f: SpectralGate(4, base=f),
        lambda f: Fan(4, function=f),
        lambda f: Elementwise(4, f),
    ):
        torch.manual_seed(0)
        right = make(F.gelu)
        torch.manual_seed(0)
        assert torch.equal(make(way)(u), right(u))


@pytest.mark.parametrize("way", ["tanh", nn.Tanh, nn.Tanh()])
def test_operators_take_them_as_well(way):
    x = torch.rand(1, 1, 16)
    TransformOnce(1, 1, modes=(3,), width=4, depth=1, activation=way)(x)
    FNO(modes=(3,), width=4, depth=2, non_linearity=way)(x)


def test_modules_with_parameters_are_one_for_each_place():
    given = nn.PReLU()
    network = CoordinateMLP(1, 1, width=4, depth=3, activation=given)
    owned = [act.function for _, act in network.hidden()]
    assert len({id(module) for module in [given, *owned]}) == 4


def test_settings_of_a_class_of_torch_stay_its_settings():
    act = make_activation(partial(nn.Softplus, beta=3.0), 32)
    assert torch.equal(act(torch.ones(2)), F.softplus(torch.ones(2), beta=3.0))
    assert make_activation(nn.Softplus, 32).function.beta == 1


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ("tahn", "no activation is called 'tahn'; did you mean 'tanh'"),
        ("zzz", "there are celu"),
        (SpectralGate(4), "give the class SpectralGate"),
        (3, "an activation cannot be made of int"),
        (lambda: 1, "fails"),
    ],
)
def test_what_is_no_activation_is_refused_by_name(wrong, message):
    with pytest.raises(ValueError, match=message):
        CoordinateMLP(1, 1, width=4, activation=wrong)


def test_a_function_needs_a_name_that_exists():
    with pytest.raises(ValueError, match="did you mean 'gelu'"):
        as_function("gellu")
    with pytest.raises(ValueError, match="not int"):
        Elementwise(3, 3)
