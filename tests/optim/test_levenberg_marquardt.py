"""Levenberg-Marquardt against linear algebra and classical problems."""

import copy

import pytest
import torch
from torch import nn

from sgn_sciml.optim import LevenbergMarquardt

pytestmark = pytest.mark.usefixtures("float64")


def attach(optimizer, function, x):
    """Residuals of a function, with the Jacobian by autograd."""

    def residuals(parameters, jacobian):
        with torch.enable_grad():
            r = function(x)
            rows = torch.autograd.functional.jacobian(function, x.detach()) if jacobian else None
        return r.detach(), None if rows is None else rows.T

    optimizer.residuals = residuals
    return optimizer


def minimise(function, start, **settings):
    x = nn.Parameter(torch.tensor(start))
    attach(LevenbergMarquardt([x], **settings), function, x).step()
    return x.detach()


def rosenbrock(x):
    return torch.cat([10 * (x[1:] - x[:-1] ** 2), 1 - x[:-1]])


@pytest.mark.parametrize("acceleration", [0.0, 0.75])
def test_reaches_the_minimum_of_rosenbrock(acceleration):
    x = minimise(rosenbrock, [-1.2, 1.0, -1.0, 1.0], max_iter=60, acceleration=acceleration)
    assert torch.allclose(x, torch.ones(4), atol=1e-10)


def test_a_linear_problem_takes_one_iteration():
    a, b = torch.randn(9, 4), torch.randn(9)
    x = minimise(lambda x: a @ x - b, [0.0] * 4, max_iter=1, damping=1e-14)
    assert torch.allclose(x, torch.linalg.lstsq(a, b[:, None]).solution[:, 0])


def test_an_ill_conditioned_problem_is_solved_to_rounding():
    scales = torch.logspace(0, -6, 7)
    mixing = torch.linalg.qr(torch.randn(12, 7))[0]
    x = minimise(lambda x: mixing @ (scales * (x - 1)), [0.0] * 7, max_iter=40)
    assert torch.allclose(x, torch.ones(7), atol=1e-6)  # the condition squared would be 1e12


def test_fewer_residuals_than_parameters():
    a, b = torch.randn(3, 8), torch.randn(3)
    x = minimise(lambda x: torch.sin(a @ x) - 0.5 * torch.tanh(b), [0.0] * 8, max_iter=20)
    assert torch.allclose(torch.sin(a @ x), 0.5 * torch.tanh(b))


def test_what_cannot_be_better_stays():
    x = minimise(lambda x: torch.stack([x[0], x[0] - 1]), [0.5], max_iter=5)
    assert x.item() == pytest.approx(0.5, abs=1e-8)


def test_linear_residuals_are_solved_to_rounding_from_any_first_damping():
    a, b = torch.linalg.qr(torch.randn(30, 8))[0] * torch.logspace(0, -5, 8), torch.randn(30)
    x = minimise(lambda x: a @ x - b, [0.0] * 8, max_iter=2, damping=1.0, max_probes=20)
    assert torch.allclose(x, torch.linalg.lstsq(a, b[:, None]).solution[:, 0], rtol=1e-6)


def test_a_step_that_gains_less_than_was_promised_is_refused():
    x = minimise(lambda x: x**3 - 8, [0.1], max_iter=1, least_gain=0.9, acceleration=0.0)
    gained = 7.999**2 - (x.item() ** 3 - 8) ** 2
    assert gained > 0
    assert abs(x.item() ** 3 - 8) < 7.999
    assert x.item() < 0.1 + 7.999 / 0.03  # the undamped step goes there and is worse


def test_a_residual_that_is_not_finite_leaves_the_parameters():
    x = minimise(lambda x: x / 0, [1.0], max_iter=3)
    assert x.item() == 1


def test_state_goes_on_as_without_a_break():
    x, y = (nn.Parameter(torch.tensor([-1.2, 1.0, -1.0, 1.0])) for _ in range(2))
    whole = attach(LevenbergMarquardt([x], max_iter=4), rosenbrock, x)
    whole.step()
    saved = copy.deepcopy(whole.state_dict())
    whole.step()
    attach(LevenbergMarquardt([y], max_iter=4), rosenbrock, y).step()
    rest = attach(LevenbergMarquardt([y], max_iter=4), rosenbrock, y)
    rest.load_state_dict(saved)
    rest.step()
    assert torch.equal(x, y)


def test_too_many_parameters_are_refused():
    with pytest.raises(ValueError, match=r"51 columns for 51 parameters.*max_parameters=50"):
        LevenbergMarquardt([nn.Parameter(torch.zeros(51))], max_parameters=50)


def test_without_residuals_it_says_what_it_trains():
    with pytest.raises(RuntimeError, match="tasks that know their residuals: PINN"):
        LevenbergMarquardt([nn.Parameter(torch.zeros(1))]).step()


@pytest.mark.parametrize(
    "settings",
    [
        {"max_iter": 0},
        {"damping": 0.0},
        {"acceleration": -1.0},
        {"max_probes": 0},
        {"least_gain": 0.0},
    ],
)
def test_settings_out_of_range_are_refused(settings):
    with pytest.raises(ValueError, match=r"need max_iter|least_gain must lie"):
        LevenbergMarquardt([nn.Parameter(torch.zeros(1))], **settings)


def test_single_precision_is_warned_of():
    x = nn.Parameter(torch.tensor([1.0, 2.0], dtype=torch.float32))
    with pytest.warns(UserWarning, match="LevenbergMarquardt needs float64"):
        attach(LevenbergMarquardt([x]), rosenbrock, x).step()
