import math

import pytest
import torch

from sgn_sciml.metrics import MaxError, RelativeH1, RelativeL2, relative_h1, relative_l2
from sgn_sciml.metrics.field import derivative, h1_square


def walls(n, length=1.0):
    return torch.linspace(0, length, n, dtype=torch.float64)


def circle(n):
    return 2 * math.pi * torch.arange(n, dtype=torch.float64) / n


def pair():
    """Two samples whose relative errors are 1 (norm 1) and 0.1 (norm 10)."""
    target = torch.tensor([[[0.6, 0.8]], [[6.0, 8.0]]])
    return target * torch.tensor([2.0, 1.1]).view(2, 1, 1), target


def run(metric, pred, target):
    metric.update(pred, target)
    return metric.compute().item()


# -- relative L2 -----------------------------------------------------------------------------


def test_relative_l2_is_one_ratio_per_sample():
    torch.testing.assert_close(relative_l2(*pair()), torch.tensor([1.0, 0.1]))


def test_global_l2_is_a_ratio_of_sums():
    assert run(RelativeL2(), *pair()) == pytest.approx(math.sqrt(2 / 101), rel=1e-6)


def test_l2_per_sample_is_a_mean_of_ratios():
    assert run(RelativeL2(per_sample=True), *pair()) == pytest.approx(0.55, rel=1e-6)


def test_l2_sums_over_fields_before_the_ratio():
    target = torch.tensor([[[3.0], [4.0]]])
    pred = target + torch.tensor([[[5.0], [0.0]]])
    assert relative_l2(pred, target).item() == pytest.approx(1.0)


def test_scattered_points_are_a_field_without_axes():
    target = torch.tensor([[1.0], [2.0], [2.0]])
    assert run(RelativeL2(), target + 1, target) == pytest.approx(3**0.5 / 3)


@pytest.mark.parametrize("per_sample", [False, True])
@pytest.mark.parametrize("kind", [RelativeL2, RelativeH1])
def test_zero_target_gives_the_rms_error(kind, per_sample):
    target = torch.zeros(2, 1, 5)
    assert run(kind(per_sample=per_sample), target + 0.3, target) == pytest.approx(0.3)


def test_perfect_prediction_of_zero_has_no_error():
    assert run(RelativeL2(), torch.zeros(2, 1, 5), torch.zeros(2, 1, 5)) == 0


@pytest.mark.parametrize("per_sample", [False, True])
def test_no_samples_give_nan(per_sample):
    with pytest.warns(UserWarning, match="before the ``update``"):
        assert RelativeL2(per_sample).compute().isnan()


def test_a_diverged_prediction_gives_nan():
    pred, target = pair()
    pred[0, 0, 0] = torch.nan
    assert math.isnan(run(RelativeL2(), pred, target))


def test_small_errors_after_a_large_one_are_not_lost():
    metric, target = RelativeL2(), torch.ones(1, 1, 1)
    metric.update(target + 1e4, target)
    for _ in range(100):
        metric.update(target + 0.25, target)
    assert metric.compute().square().item() * 101 - 1e8 == pytest.approx(6.25, rel=1e-6)


def test_small_errors_beside_a_large_one_are_not_lost():
    target, error = torch.ones(1, 1, 101), torch.full((1, 1, 101), 0.25)
    error[..., 0] = 1e4
    square = run(RelativeL2(), target + error, target) ** 2 * 101
    assert square - 1e8 == pytest.approx(6.25, rel=1e-6)


def test_gradient_of_relative_l2():
    target = torch.tensor([[[3.0, 4.0]]])
    pred = (2 * target).requires_grad_()
    relative_l2(pred, target).sum().backward()
    torch.testing.assert_close(pred.grad, target / 25)


# -- largest error ---------------------------------------------------------------------------


def test_max_error_is_the_largest_over_batches():
    metric = MaxError()
    metric.update(torch.tensor([[0.0, -3.0]]), torch.tensor([[0.5, 0.0]]))
    metric.update(torch.tensor([[1.0, 1.0]]), torch.tensor([[0.0, 0.0]]))
    assert metric.compute() == 3


def test_max_error_passes_nan_on():
    assert math.isnan(run(MaxError(), torch.tensor([[torch.nan, 1.0]]), torch.zeros(1, 2)))


# -- H1 --------------------------------------------------------------------------------------


@pytest.mark.parametrize("n", [3, 4, 11])
def test_differences_between_walls_are_exact_on_parabolas(n):
    x = walls(n, 2.0)
    u = derivative(3 * x**2 - x, 0, periodic=False, length=2)
    torch.testing.assert_close(u, 6 * x - 1)


@pytest.mark.parametrize("n", [5, 8])
def test_periodic_differences_wrap(n):
    x, h = circle(n), 2 * math.pi / n
    u = derivative(torch.sin(x), 0, periodic=True, length=2 * math.pi)
    torch.testing.assert_close(u, math.sin(h) / h * torch.cos(x))


@pytest.mark.parametrize(("periodic", "x"), [(True, circle(8) / 2 / math.pi), (False, walls(8))])
def test_an_axis_has_length_one_by_default(periodic, x):
    slope = derivative(x, 0, periodic)[1:-1]
    torch.testing.assert_close(slope, torch.ones_like(slope))


def test_h1_adds_the_squared_gradient_of_every_axis():
    x, y = torch.meshgrid(walls(4, 3.0), walls(6, 10.0), indexing="ij")
    u = (2 * x - 3 * y)[None, None]
    square = h1_square(u, periodic=False, length=(3.0, 10.0))
    assert square.item() == pytest.approx(u.square().sum().item() + 24 * (4 + 9))


def h1_defect(n, periodic):
    """Distance of the discrete H1 error from the one with exact derivatives."""
    if periodic:
        x, length = circle(n), 2 * math.pi
        u, du, e, de = torch.sin(x), torch.cos(x), torch.cos(2 * x), -2 * torch.sin(2 * x)
    else:
        x, length = walls(n), 1.0
        u, du, e, de = torch.sin(3 * x), 3 * torch.cos(3 * x), x.exp(), x.exp()
    exact = ((e**2 + de**2).sum() / (u**2 + du**2).sum()).sqrt()
    return (relative_h1((u + e)[None, None], u[None, None], periodic, length) - exact).abs().item()


@pytest.mark.parametrize("periodic", [True, False])
def test_h1_converges_at_second_order(periodic):
    order = math.log2(h1_defect(513, periodic) / h1_defect(1025, periodic))
    assert order == pytest.approx(2, abs=0.1)


def test_h1_of_waves_is_that_of_the_integrals():
    x = circle(400)
    u, e = torch.sin(x), torch.sin(3 * x)  # squared norms: pi (1 + 1) and pi (1 + 9)
    error = relative_h1((u + e)[None, None], u[None, None], True, 2 * math.pi)
    assert error.item() == pytest.approx(5**0.5, rel=1e-3)


def test_h1_per_sample_is_a_mean_of_ratios():
    x = walls(9)[None, None]
    target = torch.cat([x, 5 * x])
    pred = target * torch.tensor([1.5, 1.1]).view(2, 1, 1)
    assert run(RelativeH1(per_sample=True), pred, target) == pytest.approx(0.3)


def test_h1_takes_one_flag_per_axis():
    x, y = torch.meshgrid(circle(32) / 2 / math.pi, walls(9), indexing="ij")
    target = (torch.sin(2 * math.pi * x) + y)[None, None]
    assert run(RelativeH1((True, False)), 0.9 * target, target) == pytest.approx(0.1)


def test_wrong_number_of_flags_is_named():
    with pytest.raises(ValueError, match="periodic has 2 entries for 1 spatial axes"):
        RelativeH1((True, False)).update(torch.zeros(1, 1, 8), torch.zeros(1, 1, 8))


def test_too_few_points_are_named():
    with pytest.raises(ValueError, match="axis 2 has 2"):
        RelativeH1().update(torch.zeros(1, 1, 2), torch.zeros(1, 1, 2))
