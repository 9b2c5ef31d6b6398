"""Standard errors against the closed forms of linear least squares."""

import pytest
import torch

from sgn_sciml.pinn import standard_errors as module

N, P = 60, 4


def standard_errors(*arguments):
    found = module.standard_errors(*arguments)
    return None if found is None else found[0]


@pytest.fixture
def design(float64):
    torch.manual_seed(0)
    return torch.randn(N, P), torch.randn(N)


def left_over(x, e):
    """What least squares leave of something."""
    return e - x @ torch.linalg.lstsq(x, e[:, None]).solution[:, 0]


def test_data_alone_are_ordinary_least_squares(design):
    x, e = design
    misfit = left_over(x, e)
    found = standard_errors(x.T, misfit, torch.zeros(N, dtype=int), torch.tensor([1, 3]))
    variance = misfit.square().sum() / (N - P)
    expected = (variance * torch.linalg.inv(x.T @ x).diagonal()).sqrt()
    assert torch.allclose(found, expected[[1, 3]])
    at = torch.zeros(N, dtype=int), torch.tensor([1, 3])
    assert module.standard_errors(x.T, misfit, *at)[1] == pytest.approx(P / N)


def test_a_heavy_residual_is_a_constraint(design):
    x, e = design
    constraint = torch.tensor([[1.0, -1.0, 0.0, 0.0], [0.0, 0.0, 1.0, 2.0]])
    free = torch.tensor([[1.0, 1.0, 0.0, 0.0], [0.0, 0.0, 2.0, -1.0]]).T  # its null space
    reduced = x @ free
    misfit = left_over(reduced, e)
    rows = torch.cat([1e6 * constraint, x]).T
    found = standard_errors(rows, misfit, torch.zeros(N, dtype=int), torch.arange(P))
    variance = misfit.square().sum() / (N - 2)
    expected = (
        variance * (free @ torch.linalg.inv(reduced.T @ reduced) @ free.T).diagonal()
    ).sqrt()
    assert torch.allclose(found, expected, rtol=1e-6)


def test_weights_of_the_data_do_not_matter_to_data_alone(design):
    x, e = design
    at = torch.zeros(N, dtype=int), torch.tensor([0])
    once, again = (standard_errors(k * x.T, k * left_over(x, e), *at) for k in (1.0, 0.01))
    assert torch.allclose(once, again)


def test_the_noise_of_each_field_is_its_own(float64):
    """Two means of their own: standard deviations of their samples over the roots of numbers."""
    torch.manual_seed(0)
    fields = torch.arange(N) % 2
    x = torch.stack([1.0 - fields, 1.0 * fields], 1)
    e = torch.randn(N) * torch.where(fields == 0, 1.0, 100.0)
    found = standard_errors(x.T, left_over(x, e), fields, torch.arange(2))
    each = torch.stack([e[fields == k].std() / (N / 2) ** 0.5 for k in (0, 1)])
    assert torch.allclose(found, each)


def test_what_was_not_observed_does_not_count(design):
    x, e = design
    misfit = left_over(x[:40], e[:40])
    fields = torch.where(torch.arange(N) < 40, 0, -1)
    wide = torch.cat([x[:40], 0 * x[40:]]).T
    padded = torch.cat([misfit, torch.zeros(N - 40)])
    found = standard_errors(wide, padded, fields, torch.arange(P))
    expected = standard_errors(x[:40].T, misfit, fields[:40], torch.arange(P))
    assert torch.allclose(found, expected)


def test_too_few_observations_tell_nothing(design):
    x, e = design
    at = torch.zeros(P, dtype=int), torch.tensor([0])
    assert standard_errors(x[:P].T, left_over(x[:P], e[:P]), *at) is None


def test_the_spread_is_that_of_many_samples(float64):
    """Of a penalised fit, where weights of the network take up a part of the noise."""
    torch.manual_seed(0)
    x, penalty = torch.randn(N, 12), 5 * torch.eye(12)[1:]
    a = torch.cat([penalty, x])
    inverse = torch.linalg.pinv(a)[:, len(penalty) :]
    chosen = torch.tensor([0])
    estimates, errors = [], []
    for _ in range(300):
        e = torch.randn(N)
        shift = inverse @ e
        estimates.append(shift[0])
        errors.append(standard_errors(a.T, x @ shift - e, torch.zeros(N, dtype=int), chosen)[0])
    ratio = torch.stack(errors).mean() / torch.stack(estimates).std()
    assert ratio.item() == pytest.approx(1, abs=0.1)
