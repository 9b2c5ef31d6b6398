import math

import pytest
import torch

from sgn_sciml.metrics import ConformalBand
from sgn_sciml.metrics.scores import half


def run(errors, tested, level=0.5, target=1.0):
    """Values of bands fitted to some errors, for others, under a constant target."""
    metric = ConformalBand(level)
    metric.calibrate(target + errors, torch.full_like(errors, target))
    metric.update(target + tested, torch.full_like(tested, target))
    return values(metric)


def values(metric):
    return {key.removeprefix("conformal/"): v.item() for key, v in metric.compute().items()}


def functions(samples, generator):
    """Errors that differ in size along x and between samples, with heavy tails."""
    x = torch.linspace(0.1, 1, 12, dtype=torch.float64)  # at 0 all scores would tie
    waves = torch.stack([torch.sin(math.pi * x), x * torch.cos(9 * x)])
    a = torch.randn(samples, 2, dtype=torch.float64, generator=generator)
    size = torch.rand(samples, 1, 1, dtype=torch.float64, generator=generator) ** -0.5
    return size * (a @ waves)[:, None]


# -- bands by hand ---------------------------------------------------------------------------


def test_function_wise_band_by_hand():
    """s = (3, 4) from one half; the others' scores are 1, 2, 3 and their quantile 2.

    Where all samples have the same truth their lots go by their order.
    """
    first = torch.tensor([[3.0, 4.0]] * 3)
    second = torch.tensor([[3.0, 0.0], [0.0, 8.0], [-9.0, 1.0]])
    tested = torch.tensor([[6.0, -8.0], [6.1, 0.0], [0.0, 8.1], [1.0, 1.0]])
    errors = torch.zeros(6, 2)
    for k, drawn in enumerate(half(torch.zeros(6))):
        errors[drawn] = (first, second)[k]
    values = run(errors[:, None], tested[:, None], target=2.0)
    assert values["coverage"] == 0.5
    assert values["width"] == pytest.approx(2 * 2 * 3.5 / 2)


def test_point_wise_band_by_hand():
    errors = torch.tensor([[1.0, -10.0], [-2.0, 20.0], [3.0, 30.0]])
    tested = torch.tensor([[2.0, 21.0], [-1.5, 19.0]])
    values = run(errors[:, None], tested[:, None], target=4.0)
    assert values["point_coverage"] == 0.75
    assert values["point_width"] == pytest.approx((2 * 2 + 2 * 20) / 2 / 4)


def test_bands_have_the_shape_of_a_field():
    metric = ConformalBand(level=0.5)
    target = torch.zeros(6, 2, 3, 4)
    metric.calibrate(target + 1, target)
    bands = metric.bands()
    for half_width in bands:
        assert torch.equal(half_width, torch.ones(2, 3, 4, dtype=torch.float64))


def test_rollouts_have_bands_too():
    target = torch.zeros(6, 5, 2, 3, 4, 4)
    metric = ConformalBand(level=0.5)
    metric.calibrate(target + 1, target)
    assert metric.bands().point.shape == (5, 2, 3, 4, 4)


def test_points_without_error_are_inside():
    """As on walls where the solution is known: 0 / 0 there is no score."""
    errors = torch.ones(6, 1, 3) * torch.tensor([0.0, 1.0, 1.0])
    values = run(errors, errors)
    assert values["coverage"] == 1
    assert values["width"] == pytest.approx(2 * 2 / 3)


def test_an_error_where_calibration_had_none_is_outside():
    errors = torch.ones(6, 1, 3) * torch.tensor([0.0, 1.0, 1.0])
    values = run(errors, errors + torch.tensor([1e-3, 0.0, 0.0]))
    assert values["coverage"] == 0
    assert values["point_coverage"] == pytest.approx(2 / 3)


def test_a_nan_prediction_is_outside():
    errors = torch.ones(6, 1, 3)
    assert run(errors, errors * torch.nan)["coverage"] == 0


# -- the guarantee ---------------------------------------------------------------------------


@pytest.mark.parametrize(("samples", "level"), [(38, 0.9), (41, 0.8), (11, 0.5)])
def test_coverage_is_within_its_bounds(samples, level):
    """Mean over 400 draws: exact up to chance, whose standard error is below 0.01.

    The errors are as large as the truth, whose order the lots are drawn for.
    """
    generator, draws = torch.Generator().manual_seed(1), []
    for _ in range(400):
        calibration, tested = functions(samples, generator), functions(25, generator)
        metric = ConformalBand(level)
        metric.calibrate(2 * calibration, calibration)
        metric.update(2 * tested, tested)
        draws.append(values(metric))
    for key, n in (("coverage", samples - samples // 2), ("point_coverage", samples)):
        coverage = sum(d[key] for d in draws) / len(draws)
        assert level - 0.02 <= coverage <= level + 1 / (n + 1) + 0.02
        assert coverage == pytest.approx(math.ceil((n + 1) * level - 1e-9) / (n + 1), abs=0.02)


def test_a_point_wise_band_holds_fewer_functions_than_points():
    generator = torch.Generator().manual_seed(2)
    errors, tested = functions(100, generator), functions(400, generator)
    metric = ConformalBand(0.9)
    metric.calibrate(errors, 0 * errors)
    inside = (tested.abs() <= metric.bands().point).flatten(1).all(1)
    assert inside.double().mean() < 0.88


# -- the metric ------------------------------------------------------------------------------


def test_calibration_may_come_later():
    errors = torch.randn(9, 1, 4, generator=torch.Generator().manual_seed(0))
    metric = ConformalBand(0.5)
    metric.update(1 + errors[:3], torch.ones(3, 1, 4))
    metric.calibrate(1 + errors[3:], torch.ones(6, 1, 4))
    expected = run(errors[3:], errors[:3])
    assert {k.split("/")[1]: v.item() for k, v in metric.compute().items()} == expected


def test_bands_do_not_depend_on_the_order_of_the_calibration():
    """As processes share samples in one way or the other."""
    generator = torch.Generator().manual_seed(3)
    errors, target = functions(21, generator), functions(21, generator)
    whole, shared = ConformalBand(0.5), ConformalBand(0.5)
    whole.calibrate(target + errors, target)
    for part in (slice(1, None, 2), slice(0, None, 2)):
        shared.calibrate((target + errors)[part], target[part])
    for mine, theirs in zip(shared.bands(), whole.bands(), strict=True):
        assert torch.equal(mine, theirs)


def test_more_calibration_renews_the_result():
    metric = ConformalBand(0.5)
    target = torch.ones(2, 1, 4)
    metric.calibrate(target + 1, target)
    metric.update(target + 1, target)
    before = metric.compute()["conformal/point_width"]
    metric.calibrate(torch.cat([target] * 3) + 2, torch.cat([target] * 3))
    assert metric.compute()["conformal/point_width"] == 2 * before


def test_too_few_calibration_samples_are_counted():
    target = torch.ones(17, 1, 4)
    metric = ConformalBand(0.9)
    metric.calibrate(target[:16] + 1, target[:16])
    metric.update(target + 1, target)
    with pytest.raises(ValueError, match=r"level 0\.9 need 17 calibration samples, got 16"):
        metric.compute()
    metric.calibrate(target[16:] + 1, target[16:])
    assert metric.compute()["conformal/coverage"] == 1


def test_no_calibration_is_an_error():
    metric = ConformalBand(0.9)
    metric.update(torch.ones(2, 1, 4), torch.ones(2, 1, 4))
    with pytest.raises(ValueError, match="got 0"):
        metric.compute()


@pytest.mark.filterwarnings("ignore:.*before the ``update``")
def test_an_untouched_metric_asks_for_calibration():
    with pytest.raises(ValueError, match="need 17 calibration samples, got 0"):
        ConformalBand().compute()


def test_another_grid_is_refused():
    metric = ConformalBand()
    metric.calibrate(torch.zeros(2, 1, 8), torch.ones(2, 1, 8))
    with pytest.raises(ValueError, match=r"expected fields \(1, 8\), got \(1, 16\)"):
        metric.update(torch.zeros(2, 1, 16), torch.ones(2, 1, 16))


def test_forget_makes_room_for_another_grid():
    metric = ConformalBand(0.5)
    metric.calibrate(torch.zeros(2, 1, 8), torch.ones(2, 1, 8))
    metric.forget()
    metric.calibrate(torch.zeros(2, 1, 4), torch.ones(2, 1, 4))
    assert metric.bands().point.shape == (1, 4)


@pytest.mark.parametrize("level", [0.0, 1.0, 90])
def test_a_level_is_a_probability(level):
    with pytest.raises(ValueError, match="between 0 and 1"):
        ConformalBand(level)
