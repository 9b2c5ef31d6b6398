"""Networks that train together train as they would alone."""

import pytest
import torch

from sgn_sciml.layers import Finer, GaussianFourierFeatures, SpectralGate
from sgn_sciml.networks import CoordinateMLP
from sgn_sciml.studies.experiments.members import Adam, Members

RATES = (1e-4, 3e-4, 1e-3)  # waves at a large rate are chaotic


def networks(activation, encoding=False):
    made = []
    for seed in range(3):
        torch.manual_seed(seed)
        first = GaussianFourierFeatures(1, 4) if encoding else None
        made.append(CoordinateMLP(1, 1, 8, 2, activation=activation, encoding=first))
    return made


@pytest.mark.parametrize("encoding", [False, True])
@pytest.mark.parametrize("activation", [SpectralGate, Finer])
def test_members_equal_separate_runs_of_torch_adam(activation, encoding, float64):
    x = torch.linspace(-1, 1, 33)[:, None]
    target = torch.sin(3 * x)
    alone = []
    for network, rate in zip(networks(activation, encoding), RATES, strict=True):
        adam = torch.optim.Adam(network.parameters(), rate)
        for _ in range(30):
            adam.zero_grad()
            (network(x) - target).square().mean().backward()
            adam.step()
        alone.append(network(x).detach())
    for chosen in ([0, 1, 2], [1]):  # a single one takes another way
        made = networks(activation, encoding)
        members = Members([made[m] for m in chosen])
        adam = Adam(members, torch.tensor([RATES[m] for m in chosen]))
        for _ in range(30):
            loss = (members(x) - target).square().mean((1, 2)).sum()
            adam.step(torch.autograd.grad(loss, members.parameters))
        expected = torch.stack([alone[m] for m in chosen])
        torch.testing.assert_close(members(x).detach(), expected, rtol=1e-7, atol=1e-9)


def test_a_member_that_diverges_leaves_the_others_alone():
    x = torch.linspace(-1, 1, 9)[:, None]
    members = Members(networks(SpectralGate))
    adam = Adam(members, torch.tensor([1e-3, float("inf"), 1e-3]))
    for _ in range(3):
        loss = members(x).square().mean((1, 2)).sum()
        adam.step(torch.autograd.grad(loss, members.parameters))
    assert members(x).isfinite().all((1, 2)).tolist() == [True, False, True]
