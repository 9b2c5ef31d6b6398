"""Refinement: the last spectral layer gets more modes and trains alone."""

import copy
import io
import math

import pytest
import torch

from sgn_sciml.networks import OperatorNetwork
from sgn_sciml.operators import Operator
from sgn_sciml.operators.networks import FNO, TFNO, UNO, Boosted, Gated, Refined


def fno(**options):
    torch.manual_seed(0)
    return FNO(**{"modes": (4,), "width": 8, "depth": 2, **options})


def gated(*where):
    return Gated(fno(), where=list(where), match_parameters=False)


def trainable(network):
    return [name for name, p in network.named_parameters() if p.requires_grad]


def save(trainer, network, path, grid=()):
    task = Operator(network)
    task.training_grid = list(grid)
    run = trainer()
    run.strategy.connect(task)
    run.save_checkpoint(path)
    return str(path)


CASES = {
    "fno": (fno, (12,), 32),
    "odd": (fno, (12,), 31),
    "coarse": (fno, (12,), 12),
    "planes": (lambda: fno(modes=(3, 4)), (5, 7), 16),
    "odd planes": (lambda: fno(modes=(3, 4)), (5, 7), 17),
    "coarse planes": (lambda: fno(modes=(3, 4)), (7, 9), 10),
    "padding": (lambda: fno(periodic=False, padding=0.25), (12,), 32),
    "uno": (lambda: UNO(modes=(8,), width=4), (12,), 32),
    "mode gates": (lambda: gated("modes", "high_pass"), (12,), 32),
    "boosted": (lambda: Boosted(fno(), fno(in_channels=2)), (12,), 32),
}


@pytest.mark.parametrize(("build", "modes", "n"), CASES.values(), ids=CASES)
def test_it_starts_where_the_network_was(build, modes, n):
    network = build()
    x = torch.randn(2, 1, *[n] * network.axes)
    refined = Refined(copy.deepcopy(network), modes=modes)
    torch.testing.assert_close(refined(x), network(x), rtol=1e-5, atol=1e-6)


def test_on_a_line_the_output_is_the_same_to_the_last_bit():
    network, x = fno(), torch.randn(2, 1, 64)
    assert torch.equal(Refined(copy.deepcopy(network), modes=(31,))(x), network(x))


def test_factorised_weights_become_dense():
    network, x = TFNO(modes=(4, 4), width=8, depth=2, rank=0.5), torch.randn(2, 1, 16, 16)
    refined = Refined(copy.deepcopy(network), modes=(6, 6))
    torch.testing.assert_close(refined(x), network(x), rtol=1e-4, atol=1e-5)
    assert [n.split(".")[-2:] for n in trainable(refined)][-1] == ["weight", "tensor"]


def test_only_the_last_spectral_layer_trains():
    refined = Refined(gated("lifting", "between"), modes=(8,))
    last = "network.network.model.fno_blocks.convs.1."
    assert sorted(trainable(refined)) == [last + "bias", last + "weight.tensor"]
    assert len(Operator(refined).trainable()) == 2


def test_the_projection_trains_if_asked():
    refined = Refined(fno(), modes=(8,), projection=True)
    rest = [name for name in trainable(refined) if ".convs." not in name]
    assert len(rest) == 4
    assert all(name.startswith("network.model.projection.") for name in rest)


def test_new_modes_learn():
    """A step of the new weights alone turns the output towards a wave above the old modes."""
    x = torch.arange(64) / 64
    wave = torch.sin(2 * math.pi * 10 * x)[None, None]
    refined = Refined(fno(), modes=(12,))
    before = (refined(wave) - wave).square().mean()
    before.backward()
    weight = refined.network.model.fno_blocks.convs[1].weight.tensor
    step = weight.grad[..., 5:]
    with torch.no_grad():
        weight[..., 5:] -= 0.1 * step / step.abs().max()
    assert (refined(wave) - wave).square().mean() < before - 1e-4


def test_modes_are_those_of_the_training_grid(trainer, tmp_path):
    network = fno(modes=(3, 4))
    path = save(trainer, network, tmp_path / "it.ckpt", grid=(16, 5))
    refined = Refined(fno(modes=(3, 4), width=8), checkpoint=path)
    assert refined.modes == (7, 4)
    assert "modes=(7, 4)" in repr(refined)
    x = torch.randn(1, 1, 16, 16)
    torch.testing.assert_close(refined(x), network(x))


def test_grid_must_be_known():
    with pytest.raises(ValueError, match="set modes"):
        Refined(fno())


@pytest.mark.parametrize("modes", [(3,), (8, 8)])
def test_modes_must_be_those_of_the_network_at_least(modes):
    with pytest.raises(ValueError, match=r"modes needs at least \(4,\)"):
        Refined(fno(), modes=modes)


class Plain(OperatorNetwork):
    """The identity."""

    def forward(self, x):
        return x


def test_network_without_fourier_layers_is_refused():
    with pytest.raises(ValueError, match="Plain has no Fourier layer"):
        Refined(Plain(1, 1, 1), modes=(8,))


def test_another_network_is_refused(trainer, tmp_path):
    path = save(trainer, fno(width=9), tmp_path / "it.ckpt", grid=(16,))
    with pytest.raises(ValueError, match="weights of another network"):
        Refined(fno(), checkpoint=path)


def test_weights_travel_strictly():
    network, other = (Refined(gated("modes", "lifting"), modes=(8,)) for _ in range(2))
    with torch.no_grad():
        for p in network.parameters():
            p += 0.1
    file = io.BytesIO()
    torch.save(network.state_dict(), file)
    file.seek(0)
    other.load_state_dict(torch.load(file, weights_only=True), strict=True)
    x = torch.randn(2, 1, 16)
    assert torch.equal(other(x), network(x))
    assert torch.equal(copy.deepcopy(network)(x), network(x))
