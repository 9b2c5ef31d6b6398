"""Adapters over the library's operators."""

import copy
import io
import warnings
from functools import partial
from types import SimpleNamespace

import pytest
import torch
from torch import nn
from torch.optim import LBFGS, SGD, Adam, AdamW

from sgn_sciml.networks import count_parameters
from sgn_sciml.operators.complex_weights import require_complex, require_precision
from sgn_sciml.operators.networks import FNO, TFNO, UNO, TransformOnce
from sgn_sciml.operators.networks.adapter import positions, require_resolved

SMALL = [
    FNO(modes=(4,), width=8, depth=2),
    FNO(modes=(3, 4), width=8, depth=2, channel_mlp=False),
    TFNO(modes=(4, 4), width=8, depth=2, rank=0.5),
    UNO(modes=(8,), width=4),
    UNO(modes=(8, 8), width=4, levels=2, periodic=False, padding=0.1),
]
COMPLEX = partial(FNO, modes=(2,), width=2, depth=1, factorization="cp")


@pytest.mark.parametrize("network", SMALL, ids=lambda n: f"{type(n).__name__}{n.axes}")
def test_one_network_takes_every_resolution(network):
    for n in (16, 24):
        x = torch.randn(2, 1, *[n] * network.axes)
        assert network(x).shape == x.shape


def test_papers_modes_are_half_the_librarys():
    network = FNO(modes=(16,), width=8)
    assert network.n_modes == (32,)
    assert "modes=(16,) (the library's n_modes=(32,))" in repr(network)
    assert network.model.fno_blocks.convs[0].weight.shape[-1] == 17  # k = 0 .. 16


def test_a_complex_weight_counts_as_two():
    # lifting 2-16-8, two layers of 8*8*5 complex weights with bias and linear skip, projection
    lifting, projection = 2 * 16 + 16 + 16 * 8 + 8, 8 * 16 + 16 + 16 * 1 + 1
    layer = 2 * 8 * 8 * 5 + 8 + 8 * 8
    network = FNO(modes=(4,), width=8, depth=2, channel_mlp=False)
    assert count_parameters(network) == lifting + projection + 2 * layer


def test_state_dict_holds_tensors_only():
    for network in SMALL:
        assert all(isinstance(value, torch.Tensor) for value in network.state_dict().values())


@pytest.mark.parametrize("network", SMALL, ids=lambda n: f"{type(n).__name__}{n.axes}")
def test_weights_travel_strictly(network):
    file = io.BytesIO()
    torch.save(network.state_dict(), file)
    file.seek(0)
    other = copy.deepcopy(network)
    for p in other.parameters():
        p.data.zero_()
    other.load_state_dict(torch.load(file, weights_only=True), strict=True)
    x = torch.randn(1, 1, *[16] * network.axes)
    assert torch.equal(other(x), network(x))


def test_positions_of_a_closed_grid_have_both_ends():
    grid = positions(torch.zeros(2, 1, 5, 4), (False, True))
    assert grid.shape == (2, 2, 5, 4)
    assert torch.equal(grid[0, 0, :, 0], torch.tensor([0.0, 0.25, 0.5, 0.75, 1.0]))
    assert torch.equal(grid[1, 1, 0], torch.tensor([0.0, 0.25, 0.5, 0.75]))


def test_periodic_network_without_positions_commutes_with_shifts():
    network = FNO(modes=(4,), width=8, depth=2, positional=False)
    x = torch.randn(2, 1, 16)
    torch.testing.assert_close(network(x.roll(5, -1)), network(x).roll(5, -1))


def test_same_function_on_two_grids_gives_the_same_values():
    identity = torch.nn.Identity()
    network = FNO(modes=(4,), width=8, depth=2, positional=False, non_linearity=identity)
    x = torch.arange(64) / 64
    wave = torch.sin(2 * torch.pi * 2 * x)[None, None]
    torch.testing.assert_close(network(wave[..., ::2]), network(wave)[..., ::2])


def test_building_leaves_warnings_and_output_alone(capsys):
    before = list(warnings.filters)
    UNO(modes=(8,), width=4)
    assert list(warnings.filters) == before
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("bad", [{"modes": ()}, {"modes": (0,)}, {"width": 0}, {"depth": 0}])
def test_sizes_out_of_range_are_refused(bad):
    with pytest.raises(ValueError, match="at least 1"):
        FNO(**bad)


def test_periodic_flags_must_fit_the_axes():
    with pytest.raises(ValueError, match="2 entries for 1 axes"):
        FNO(modes=(4,), periodic=(True, False))


def test_modes_beyond_the_grid_of_training_are_refused():
    require_resolved(FNO(modes=(16,), width=2, depth=1), {"x": 32})
    for network in (FNO(modes=(17,), width=2, depth=1), UNO(modes=(17,), width=2)):
        with pytest.raises(ValueError, match="17 modes along x, where 32 points carry 16"):
            require_resolved(network, {"x": 32})
    within = FNO(modes=(4, 9), width=2, depth=1)
    with pytest.raises(ValueError, match="9 modes along y, where 16 points"):
        require_resolved(nn.Sequential(within), {"x": 64, "y": 16})


def test_padding_and_cosines_carry_more_modes():
    require_resolved(FNO(modes=(20,), width=2, depth=1, padding=0.25), {"x": 32})
    closed = TransformOnce(1, 1, modes=(32,), width=2, depth=1, boundary="closed")
    require_resolved(closed, {"x": 32})


@pytest.mark.parametrize(
    ("trainer", "factory", "message"),
    [
        ({"gradient_clip_val": 1.0, "gradient_clip_algorithm": "value"}, Adam, "set it to norm"),
        ({}, partial(Adam, fused=True), "cannot train complex weights"),
    ],
)
def test_settings_that_complex_weights_cannot_take_are_refused(trainer, factory, message):
    plain = {"gradient_clip_val": None, "gradient_clip_algorithm": None}
    trainer = SimpleNamespace(**plain | trainer)
    with pytest.raises(ValueError, match=message):
        require_complex(trainer, factory, [*COMPLEX().parameters()])
    require_complex(trainer, factory, [*FNO(modes=(2,), width=2, depth=1).parameters()])


def test_settings_that_they_can_take_are_not():
    clipped = SimpleNamespace(gradient_clip_val=1.0, gradient_clip_algorithm="norm")
    weights = [*COMPLEX().parameters()]
    for factory in (Adam, AdamW, partial(SGD, lr=0.1), partial(LBFGS, lr=0.1)):
        require_complex(clipped, factory, weights)


def test_half_precision_of_complex_weights_is_refused():
    network = COMPLEX()
    with pytest.raises(ValueError, match="bf16-true drops the imaginary parts"):
        require_precision("bf16-true", network)
    require_precision("32-true", network)
    require_precision("bf16-true", FNO(modes=(2,), width=2, depth=1))
    require_precision("bf16-true", nn.Linear(1, 1))
