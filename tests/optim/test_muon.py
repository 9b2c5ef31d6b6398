import copy

import pytest
import torch

from sgn_sciml.layers import SpectralGate
from sgn_sciml.networks import CoordinateMLP
from sgn_sciml.optim import GroupAdam, MuonAdam


def network():
    torch.manual_seed(0)
    return CoordinateMLP(2, 1, width=16, depth=3)


def groups(net):
    return [{"name": name, "params": each} for name, each in net.roles().items()]


def step(net, optimizer):
    optimizer.zero_grad()
    net(torch.rand(32, 2, generator=torch.Generator().manual_seed(1))).square().mean().backward()
    optimizer.step()


def test_matrices_move_as_torchs_muon_moves_them():
    ours, theirs = network(), network()
    step(ours, MuonAdam(groups(ours), matrix_lr=0.02))
    step(theirs, torch.optim.Muon(theirs.roles()["matrices"], lr=0.02, weight_decay=0.0))
    for a, b in zip(ours.roles()["matrices"], theirs.roles()["matrices"], strict=True):
        assert torch.equal(a, b)


def test_the_rest_moves_as_adam_moves_it():
    ours, theirs = network(), network()
    step(ours, MuonAdam(groups(ours), lr=0.003, factors={"gates": 7.0}))
    roles = theirs.roles()
    step(
        theirs,
        torch.optim.Adam(
            [{"params": roles["gates"], "lr": 0.021}, {"params": roles["head"]}],
            lr=0.003,
            betas=(0.9, 0.95),
        ),
    )
    for role in ("gates", "head"):
        for a, b in zip(ours.roles()[role], theirs.roles()[role], strict=True):
            assert torch.equal(a, b)


@pytest.mark.parametrize("make", [MuonAdam, GroupAdam])
def test_a_run_goes_on_from_its_state(make):
    whole, half = network(), network()
    optimizer = make(groups(whole))
    for _ in range(4):
        step(whole, optimizer)
    optimizer = make(groups(half))
    for _ in range(2):
        step(half, optimizer)
    state = copy.deepcopy(optimizer.state_dict())
    optimizer = make(groups(half))
    optimizer.load_state_dict(state)
    for _ in range(2):
        step(half, optimizer)
    for a, b in zip(whole.parameters(), half.parameters(), strict=True):
        assert torch.equal(a, b)


def test_a_schedule_moves_all_rates():
    net = network()
    optimizer = MuonAdam(groups(net), lr=1.0, matrix_lr=2.0)
    schedule = torch.optim.lr_scheduler.ExponentialLR(optimizer, 0.5)
    optimizer.step()
    schedule.step()
    assert {group["lr"] for group in optimizer.param_groups} == {0.5, 1.0}
    assert {group["lr"] for each in optimizer.optimizers for group in each.param_groups} == {
        0.5,
        1,
    }


def test_every_parameter_has_one_role():
    net = CoordinateMLP(
        2, 1, width=8, depth=3, activation=lambda n: SpectralGate(n, learnable_base=True)
    )
    found = [id(p) for each in net.roles().values() for p in each]
    assert len(found) == len(set(found))
    assert set(found) == {id(p) for p in net.parameters()}


def test_an_unknown_role_is_refused():
    with pytest.raises(ValueError, match="no wings; its roles are matrices"):
        MuonAdam(groups(network()), factors={"wings": 2.0})


def test_parameters_without_roles_are_refused():
    with pytest.raises(ValueError, match="grouped by role"):
        GroupAdam(network().parameters())


def test_a_network_without_matrices_is_refused():
    net = CoordinateMLP(2, 1, width=8, depth=1)
    with pytest.raises(ValueError, match="depth to 2"):
        MuonAdam([group for group in groups(net) if group["name"] != "matrices"])
