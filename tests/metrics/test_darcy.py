"""The residual of Darcy's equation."""

import numpy as np
import pytest
import torch

from sgn_sciml.laws import DarcyFlow
from sgn_sciml.laws.darcy import solve_darcy
from sgn_sciml.laws.law import rng_of
from sgn_sciml.metrics import DarcyResidual
from sgn_sciml.metrics.darcy import darcy_operator
from tests.metrics.physics import run


@pytest.fixture(scope="module")
def darcy():
    """Coefficient and solution of two samples on 85 nodes, ``(2, 1, 85, 85)``."""
    law = DarcyFlow(res=85, grid=85)
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
