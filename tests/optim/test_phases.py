import pytest
import torch
from torch import nn

from sgn_sciml.optim import Phase, Phases

A = torch.tensor([[3.0, 1.0], [1.0, 2.0]])


def quadratic(steps, schedule, resume_at=None):
    """Minimise x^T A x / 2 - sum(x); optionally through a state dict half way."""
    x = nn.Parameter(torch.zeros(2))
    optimizer = schedule([x])

    def closure():
        optimizer.zero_grad()
        loss = x @ A @ x / 2 - x.sum()
        loss.backward()
        return loss

    for k in range(steps):
        if k == resume_at:
            state = optimizer.state_dict()
            optimizer = schedule([x])
            optimizer.load_state_dict(state)
        optimizer.step(closure)
    return x.detach(), optimizer


def schedule(params):
    return Phases(
        params,
        [
            Phase(lambda p: torch.optim.Adam(p, lr=0.1), steps=5),
            Phase(lambda p: torch.optim.LBFGS(p, max_iter=4)),
        ],
    )


def test_reaches_the_minimum():
    x, _ = quadratic(10, schedule)
    assert torch.allclose(x, torch.linalg.solve(A, torch.ones(2)), atol=1e-5)


def test_is_the_optimisers_one_after_another():
    x = nn.Parameter(torch.zeros(2))
    for optimizer, steps in (
        (torch.optim.Adam([x], lr=0.1), 5),
        (torch.optim.LBFGS([x], max_iter=4), 2),
    ):

        def closure(optimizer=optimizer):
            optimizer.zero_grad()
            loss = x @ A @ x / 2 - x.sum()
            loss.backward()
            return loss

        for _ in range(steps):
            optimizer.step(closure)
    assert torch.equal(quadratic(7, schedule)[0], x.detach())


@pytest.mark.parametrize("at", [3, 5, 7])
def test_resume_is_bit_exact_in_every_phase(at):
    assert torch.equal(quadratic(9, schedule)[0], quadratic(9, schedule, resume_at=at)[0])


def test_exposes_the_active_optimiser():
    assert isinstance(quadratic(4, schedule)[1].active, torch.optim.Adam)
    _, later = quadratic(5, schedule)
    assert isinstance(later.active, torch.optim.LBFGS)
    assert "max_iter" in later.param_groups[0]


@pytest.mark.parametrize(
    "phases", [[], [Phase(torch.optim.Adam), Phase(torch.optim.SGD)], [Phase(torch.optim.Adam, 0)]]
)
def test_lengths_are_checked(phases):
    with pytest.raises(ValueError, match="phase"):
        Phases([nn.Parameter(torch.zeros(1))], phases)
