"""The defect of rollouts of Burgers' equation."""

import math

import numpy as np
import pytest
import torch

from sgn_sciml.laws import BurgersPDEBench, BurgersR10
from sgn_sciml.laws.law import rng_of
from sgn_sciml.metrics import BurgersDefect
from sgn_sciml.metrics.burgers import burgers_rate
from tests.metrics.physics import run


def circle(n, length=1.0):
    return length * torch.arange(n, dtype=torch.float64) / n


@pytest.mark.parametrize("n", [32, 33])
def test_right_hand_side_of_a_wave(n):
    x, k = circle(n, 3.0), 2 * math.pi / 3.0
    u = 2 + torch.sin(k * x)
    exact = -0.1 * k**2 * torch.sin(k * x) - 5 * u * k * torch.cos(k * x)
    torch.testing.assert_close(burgers_rate(u, 0.1, 5.0, 3.0), exact)


def test_a_sawtooth_has_no_slope():
    u = (-1.0) ** torch.arange(8, dtype=torch.float64)
    torch.testing.assert_close(burgers_rate(1 + u, 0.0, 1.0, 1.0), torch.zeros(8).double())


def test_a_decaying_wave_has_the_defect_of_crank_nicolson():
    nu, dt, k = 0.05, 0.1, 2 * math.pi
    decay = torch.exp(-nu * k**2 * dt * torch.arange(5, dtype=torch.float64))
    u = decay.view(1, 5, 1, 1) * torch.sin(k * circle(16))
    z = nu * k**2 * dt
    exact = (math.expm1(-z) + z * (1 + math.exp(-z)) / 2) / math.expm1(-z)
    defect = run(BurgersDefect(nu, dt, speed=0.0), u[:, 1:], u[:, 1:], u[:, 0])
    assert defect == (pytest.approx(abs(exact), rel=1e-10),) * 2


def benchmark_frames(dt, frames=2):
    """The FNO benchmark's law: frames from t = 0.5 on, in float64, ``(2, frames, 1, 256)``."""
    times = [0.5 + dt * f for f in range(frames)]
    u = [
        BurgersR10(res=256, grid=512, steps=100, time=t).solve([rng_of(0, i) for i in (0, 1)])["u"]
        for t in times
    ]
    return torch.from_numpy(np.stack(u, 1))[:, :, None]


def test_the_benchmark_law_is_obeyed_to_second_order():
    nu, speed = 0.1 / (2 * math.pi) ** 2, 1 / (2 * math.pi)
    floors = []
    for dt in (0.04, 0.02):
        u = benchmark_frames(dt)
        floors.append(run(BurgersDefect(nu, dt, speed), u[:, 1:], u[:, 1:], u[:, :1])[1])
    assert floors[1] < 3e-4
    assert floors[0] / floors[1] == pytest.approx(4, rel=0.05)


def test_the_paper_law_is_not_obeyed():
    u = benchmark_frames(0.02)
    assert run(BurgersDefect(0.1, 0.02), u[:, 1:], u[:, 1:], u[:, :1])[1] > 1


def test_pdebench_frames_obey_the_law():
    law = BurgersPDEBench(res=256, nu=0.1, frames=21, time=0.2)
    u = torch.from_numpy(law.solve([rng_of(0, 1)])["u"])[:, :, None]
    metric = BurgersDefect(0.1 / math.pi, dt=0.01)
    pred = u[:, 11:] * 1.1
    defect, floor = run(metric, pred, u[:, 11:], u[:, 10])
    assert floor < 2e-3
    assert defect > 0.1


def test_defect_of_a_prediction_starts_at_the_input():
    """One frame of a rollout that stands still: the truth's change is all left over."""
    x = circle(16)
    start = torch.ones(1, 1, 16, dtype=torch.float64)
    target = (1 + torch.sin(2 * math.pi * x)).view(1, 1, 1, 16)
    pred = torch.full_like(target, 3.0)
    defect, _ = run(BurgersDefect(0.0, 0.5), pred, target, start)
    assert defect == pytest.approx(2 / math.sqrt(0.5))


def test_frames_of_the_input_before_the_last_do_not_count():
    u = benchmark_frames(0.02, frames=3)
    metrics = [BurgersDefect(0.1, 0.02) for _ in range(3)]
    history = [u[:, 1:2], u[:, :2], u[:, :2, 0]]  # frames may be stacked as channels
    first, *others = (
        run(m, 1.1 * u[:, 2:], u[:, 2:], h) for m, h in zip(metrics, history, strict=True)
    )
    assert others == [first, first]


def test_pairs_are_no_rollouts():
    with pytest.raises(ValueError, match=r"\(items, frames, channels, x\), got \(2, 1, 8\)"):
        BurgersDefect(0.1, 0.1).update(*torch.zeros(3, 2, 1, 8))


@pytest.mark.parametrize("start", [(2, 1, 16), (2, 8), (2, 1, 4, 1, 8)])
def test_an_input_that_does_not_fit_is_refused(start):
    u = torch.zeros(2, 3, 1, 8)
    with pytest.raises(ValueError, match="cannot start from"):
        BurgersDefect(0.1, 0.1).update(u, u, torch.zeros(start))
