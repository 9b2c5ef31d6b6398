"""Ablation: what is frozen stays, what is compared has equally many parameters that train."""

import pytest
import torch

from sgn_sciml.layers import SpectralGate
from sgn_sciml.networks import CoordinateMLP, count_parameters, match_parameters
from sgn_sciml.studies.experiments.ablation import FrozenTones
from sgn_sciml.studies.experiments.members import Members, fit

FREQUENCIES = ("*.spectral.frequencies", "*.spectral.phases")


def sgn(in_features, out_features, width, **keys):
    return CoordinateMLP(in_features, out_features, width, 2, SpectralGate, **keys)


def cell(**keys):
    settings = {"network": sgn, "parameters": 1000, "num_tones": 2, "points": 16, "steps": 5}
    return FrozenTones(**(settings | keys))


@pytest.mark.parametrize("count", [1, 2])
def test_frozen_parameters_stay(count):
    cells = [cell(frozen=["*.gate"], seed=seed) for seed in range(count)]
    members = Members([each.make_network(8, 8) for each in cells])
    parts = members.state if count > 1 else dict(members.first.named_parameters())
    before = {name: p.detach().clone() for name, p in parts.items()}
    x = torch.linspace(0, 1, 16)[:, None]
    fit(members, x, torch.ones(count, 16), torch.full((count,), 0.1), steps=2)
    moved = {name for name, p in parts.items() if not torch.equal(p, before[name])}
    assert {name for name in parts if name.endswith(".gate")} == set(parts) - moved


def test_a_frozen_network_is_wider():
    widths = {}
    for frozen in ((), FREQUENCIES):
        one = cell(frozen=frozen)
        widths[frozen] = match_parameters(one.make_network, 1000)
        assert abs(count_parameters(one.make_network(*widths[frozen])) / 1000 - 1) <= 0.02
    assert widths[FREQUENCIES] > widths[()]


def test_together_as_alone():
    cells = [cell(frozen=FREQUENCIES, seed=seed, lr=1e-2) for seed in (0, 1)]
    for one, outcome in zip(cells, FrozenTones.run_together(cells), strict=True):
        assert one.run().scalars == pytest.approx(dict(outcome.scalars), rel=2e-3)


def test_nothing_is_called_so():
    with pytest.raises(ValueError, match="no parameter is called"):
        cell(frozen=["*.gates"]).make_network(8, 8)
