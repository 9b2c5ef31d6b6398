"""Residuals of laws: zero at solutions to the order of their differences, on any grid."""

import numpy as np
import pytest
import torch

from sgn_sciml.laws.darcy import solve_darcy
from sgn_sciml.laws.pdebench import BurgersPDEBench
from sgn_sciml.operators.physics import BurgersLaw, DarcyLaw


def medium(nodes):
    x = np.linspace(0, 1, nodes)
    return np.exp(np.sin(3 * x)[:, None] + np.cos(4 * x))


def darcy(nodes, grid):
    """A smooth medium and its pressure on some nodes, solved on a finer grid."""
    step = (grid - 1) // (nodes - 1)
    fields = medium(grid), solve_darcy(medium(grid))
    return [torch.from_numpy(f[::step, ::step].copy())[None, None] for f in fields]


def test_darcys_law_holds_for_its_own_differences():
    a, u = darcy(17, 17)
    assert DarcyLaw()(u, a).item() < 1e-10
    assert DarcyLaw(forcing=2.0)(2 * u, a).item() < 1e-10
    assert DarcyLaw()(0 * u, a).item() == pytest.approx(1)


def test_darcys_law_holds_to_second_order_but_in_corners():
    found = []
    for n in (17, 33):
        a, u = darcy(n, 129)
        inner, edge = DarcyLaw().residuals(u, a)
        away = (..., *(slice(n // 4, -(n // 4)),) * 2)  # u is not smooth where edges meet
        found.append(inner[away].square().mean().sqrt().item())
        assert edge.abs().max() == 0
    assert found[0] / found[1] == pytest.approx(4, rel=0.25)


def test_values_on_the_edge_count():
    a, u = darcy(9, 9)
    raised = u.clone()
    raised[..., 0, :] += 1 / a.mean()  # the size of a solution on one edge of four, corners twice
    square = (9 + 2) / 36
    assert DarcyLaw(edge=3.0)(raised, a).item() == pytest.approx(3 * square**0.5)


def test_darcys_law_takes_one_grid():
    a, u = darcy(9, 9)
    with pytest.raises(ValueError, match="on one grid"):
        DarcyLaw()(u[..., 1:], a)
    with pytest.raises(ValueError, match="no meaning"):
        DarcyLaw(forcing=0)


def burgers(frames):
    """Trajectories of 0.2 from time 0.2 on, when initial states have become smooth."""
    law = BurgersPDEBench(res=64, frames=2 * frames - 1, time=0.4, nu=0.2)
    u = torch.from_numpy(law.samples(0, [0, 1])["u"])[:, frames - 1 :, None]
    return u[:, :1], u[:, 1:], BurgersLaw(0.2 / np.pi, dt=0.2 / (frames - 1))


def test_burgers_law_holds_to_second_order_in_time():
    found = []
    for frames in (6, 11):
        start, u, law = burgers(frames)
        found.append(law(u, start))
    assert found[1].max() < 0.01
    ratio = torch.full((2,), 4.0, dtype=torch.float64)
    torch.testing.assert_close(found[0] / found[1], ratio, rtol=0.1, atol=0)


def test_burgers_residual_is_relative_to_the_start_over_the_time():
    x = 2 * np.pi * torch.arange(16, dtype=torch.float64) / 16
    start = 7 * (3 * x).sin().view(1, 1, 1, 16)
    law = BurgersLaw(nu_effective=0.01, dt=0.5, speed=0.0, length=2 * np.pi)
    still = law(start.repeat(1, 4, 1, 1), start)  # nu k^2 u is left over, times 4 * 0.5 over u
    assert still.item() == pytest.approx(0.01 * 9 * 2)


def test_burgers_law_takes_frames():
    with pytest.raises(ValueError, match="pair by Windows"):
        BurgersLaw(0.1, 0.1)(torch.zeros(2, 1, 8), torch.zeros(2, 1, 8))


def test_residuals_can_be_differentiated_where_they_vanish():
    start = torch.ones(1, 1, 8, dtype=torch.float64)
    u = start[:, None].repeat(1, 3, 1, 1).requires_grad_()
    BurgersLaw(0.1, 0.1)(u, start[:, None]).sum().backward()  # a constant solves the law
    assert torch.isfinite(u.grad).all()
