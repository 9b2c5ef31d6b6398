import math

import numpy as np
import pytest
import torch

from sgn_sciml.laws import BurgersPDEBench, BurgersR10, Darcy
from sgn_sciml.laws.darcy import solve_darcy
from sgn_sciml.laws.law import rng_of
from sgn_sciml.metrics import BurgersDefect, Conservation, DarcyResidual
from sgn_sciml.metrics.physics import burgers_rate, darcy_operator


def run(metric, pred, target, start):
    metric.update(pred, target, start)
    pred, target = (value.item() for value in metric.compute().values())
    return pred, target


# -- Darcy -----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def darcy():
    """Coefficient and solution of two samples on 85 nodes, ``(2, 1, 85, 85)``."""
    law = Darcy(res=85, grid=85)
    a = np.stack([law.coefficient(rng_of(0, i)) for i in range(2)])
    u = np.stack([solve_darcy(sample) for sample in a])
    return torch.from_numpy(a)[:, None], torch.from_numpy(u)[:, None]


def test_stencil_is_exact_on_a_linear_coefficient_and_a_cubic():
    """-(a u_x)_x with a = 1 + x and u = x(1 - x)y(1 - y) to the last digit but for a's flux."""
    x = torch.linspace(0, 1, 9, dtype=torch.float64)[:, None]
    y = torch.linspace(0, 1, 7, dtype=torch.float64)
    u = x * (1 - x) * y * (1 - y)
    a = 1 + x + 0 * y
    exact = -((1 - 2 * x) - 2 * (1 + x)) * y * (1 - y) + 2 * (1 + x) * x * (1 - x)
    torch.testing.assert_close(darcy_operator(a, u), exact[1:-1, 1:-1])


def test_a_solution_on_its_own_grid_leaves_rounding(darcy):
    a, u = darcy
    assert run(DarcyResidual(), u, u, a) == (pytest.approx(0, abs=1e-10),) * 2


def test_single_precision_leaves_its_rounding(darcy):
    a, u = darcy
    _, floor = run(DarcyResidual(), u, u.float(), a)
    assert 1e-6 < floor < 5e-3


def test_a_subsampled_solution_leaves_more(darcy):
    a, u = (v[..., ::2, ::2] for v in darcy)
    assert run(DarcyResidual(), u, u, a)[1] > 0.1


def test_zero_leaves_all_of_the_forcing(darcy):
    a, u = darcy
    assert run(DarcyResidual(), 0 * u, u, a)[0] == 1


def test_residual_scales_with_the_forcing(darcy):
    a, u = darcy
    pred, target = run(DarcyResidual(forcing=-2.0), -3 * u, -2 * u, a)
    assert pred == pytest.approx(0.5)
    assert target < 1e-10


def test_only_the_first_channel_of_the_input_is_the_coefficient(darcy):
    a, u = darcy
    assert run(DarcyResidual(), u, u, torch.cat([a, 7 + u], 1))[0] < 1e-10


def test_boundary_values_count_as_zero(darcy):
    a, u = darcy
    lifted = torch.nn.functional.pad(u[..., 1:-1, 1:-1], (1, 1, 1, 1), value=9.0)
    assert run(DarcyResidual(), lifted, u, a)[0] < 1e-10


def test_residual_is_a_mean_over_samples(darcy):
    a, u = darcy
    scale = torch.tensor([1.5, 0.9]).view(2, 1, 1, 1)
    assert run(DarcyResidual(), scale * u, u, a)[0] == pytest.approx(0.3)


def test_zero_forcing_is_refused():
    with pytest.raises(ValueError, match="zero forcing"):
        DarcyResidual(forcing=0.0)


def test_another_grid_of_the_input_is_refused():
    u = torch.zeros(2, 1, 5, 5)
    with pytest.raises(ValueError, match="different grids"):
        DarcyResidual().update(u, u, torch.ones(2, 1, 9, 9))


def test_darcy_has_one_solution():
    with pytest.raises(ValueError, match=r"\(items, 1, x, y\), got \(2, 2, 5, 5\)"):
        DarcyResidual().update(*torch.zeros(3, 2, 2, 5, 5))


# -- Burgers ---------------------------------------------------------------------------------


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


# -- conservation ----------------------------------------------------------------------------


def test_drift_of_pairs():
    """Means move by 0.3 and 0.1, the truth's rms is 2: the root of 0.05 / 4."""
    target = torch.tensor([2.0, -2.0]).repeat(1, 2, 4).double()
    pred = target + torch.tensor([0.3, -0.1]).double()[:, None]
    drift, floor = run(Conservation(), pred, target, target.flip(-1))
    assert drift == pytest.approx(math.sqrt(0.05) / 2, rel=1e-6)
    assert floor == pytest.approx(0, abs=1e-15)


def test_drift_of_rollouts_is_from_the_last_frame_of_the_input():
    u = torch.tensor([3.0, 5.0]).expand(1, 4, 1, 2)
    pred = u[:, 2:] + torch.tensor([1.0, 2.0]).view(1, 2, 1, 1)
    start = u[:, :2] + torch.tensor([100.0, 0.0]).view(1, 2, 1, 1)
    drift, floor = run(Conservation(), pred, u[:, 2:], start)
    assert drift == pytest.approx(math.sqrt(2.5) / math.sqrt(17))
    assert floor == 0


def test_drift_on_a_plane():
    u = torch.randn(3, 1, 6, 6, generator=torch.Generator().manual_seed(0))
    drift, floor = run(Conservation(axes=2), u + 1, u.roll(2, -1), u)
    assert drift == pytest.approx((1 / u.square().mean((1, 2, 3)).sqrt()).mean().item(), rel=1e-6)
    assert floor < 1e-6


def test_input_may_be_on_another_grid():
    u = torch.ones(1, 1, 8)
    assert run(Conservation(), u, u, torch.ones(1, 1, 16)) == (0, 0)


def test_conservation_has_its_axes():
    with pytest.raises(ValueError, match="with 2 spatial axes"):
        Conservation(axes=2).update(*torch.zeros(3, 2, 1, 8))


def test_an_input_with_too_few_channels_is_refused():
    u = torch.zeros(2, 3, 8)
    with pytest.raises(ValueError, match="cannot start from"):
        Conservation().update(u, u, u[:, :1])
