"""Real weights travel to the library and back, and from checkpoints with complex ones."""

import copy

import pytest
import torch

from sgn_sciml.operators.complex_weights import real_moments
from sgn_sciml.operators.networks import FNO, TFNO, UNO
from sgn_sciml.operators.networks.fourier.weights import DenseWeights, TuckerWeights

NETWORKS = {
    "line": lambda: FNO(modes=(4,), width=6, depth=2),
    "plane": lambda: FNO(modes=(3, 4), width=6, depth=2, channel_mlp=False),
    "space": lambda: FNO(modes=(2, 3, 2), width=4, depth=1),
    "tucker": lambda: TFNO(modes=(3, 4), width=6, depth=2, rank=0.5),
}
every_network = pytest.mark.parametrize("build", NETWORKS.values(), ids=NETWORKS)


def librarys(network):
    """The library's own model of the same size, whose convolutions are its own."""
    from neuralop.models import FNO as Model

    options = dict(network.model._init_kwargs)
    for name in ("conv_module", "args", "_name", "_version"):
        options.pop(name)
    return Model(**options)


@every_network
def test_weights_go_to_the_library_and_back(build):
    network, other = build(), build()
    model = librarys(network)
    model.load_state_dict(network.model.state_dict(), strict=True)
    x = torch.randn(2, model.in_channels, *[16] * network.axes)
    torch.testing.assert_close(network.model(x), model(x), rtol=1e-4, atol=1e-5)
    state = model.state_dict()
    other.model.load_state_dict(state, strict=True)
    for name, value in network.model.state_dict().items():
        if name != "_metadata":
            assert torch.equal(other.model.state_dict()[name], value), name


@every_network
def test_a_seed_gives_the_librarys_weights(build):
    torch.manual_seed(3)
    network = build()
    torch.manual_seed(3)
    model = librarys(network)
    ours = network.model.state_dict()
    for name, value in model.state_dict().items():
        assert name == "_metadata" or torch.equal(ours[name], value), name


@every_network
def test_dense_weights_are_those_of_the_modes(build):
    """Against the library's slices: wavenumbers rise from the most negative one."""
    weights = build().model.fno_blocks.convs[0].weight
    value = weights.to_tensor()
    assert value.shape == weights.shape
    kept = tuple(n - 1 for n in weights.shape[2:])
    found = weights.dense(kept).movedim((-3, -1), (0, 1))  # channels first, parts last
    *others, _ = weights.shape[2:]
    for axis, n in enumerate(others):
        order = [0, -1, 1, -2, 2, -3][: n - 1]
        value = value.index_select(axis + 2, torch.tensor(order) + n // 2)
    value = value[..., : kept[-1]]
    expected = torch.view_as_real(value)
    torch.testing.assert_close(found, expected)


def test_double_precision_saves_double_precision():
    network = NETWORKS["plane"]().double()
    state = network.state_dict()
    assert state["model.fno_blocks.convs.0.weight.tensor"].dtype == torch.complex128
    again = NETWORKS["plane"]().double()
    again.load_state_dict(state)
    x = torch.randn(1, 1, 8, 8, dtype=torch.float64)
    assert torch.equal(again(x), network(x))


@pytest.mark.parametrize("build", [NETWORKS["plane"], NETWORKS["tucker"]], ids=["dense", "tucker"])
def test_moments_of_complex_weights_become_those_of_real_ones(build):
    """A step with complex weights, carried over, goes on as it would have."""
    network = build()
    model = librarys(network)
    model.load_state_dict(network.model.state_dict())
    x, modes = torch.randn(2, model.in_channels, 8, 8), network.model.fno_blocks.convs[0].weight
    adams = [torch.optim.Adam(m.parameters(), lr=0.01) for m in (model, network.model)]

    def step(module, adam):
        adam.zero_grad()
        module(x).square().mean().backward()
        adam.step()

    step(model, adams[0])
    network.model.load_state_dict(model.state_dict())
    state = copy.deepcopy(adams[0].state_dict())
    real_moments(network, [*network.parameters()], [state])
    adams[1].load_state_dict(state)
    for module, adam in ((model, adams[0]), (network.model, adams[1])):
        step(module, adam)
    assert isinstance(modes, DenseWeights | TuckerWeights)
    expected = model.fno_blocks.convs[0].weight.to_tensor()
    torch.testing.assert_close(modes.to_tensor(), expected, rtol=1e-3, atol=1e-5)


def test_other_forms_stay_complex():
    network = FNO(modes=(4,), width=6, depth=1, factorization="cp", rank=0.5)
    assert any(p.is_complex() for p in network.parameters())
    for real in (NETWORKS["tucker"](), UNO(modes=(4,), width=4)):
        assert not any(p.is_complex() for p in real.parameters())
