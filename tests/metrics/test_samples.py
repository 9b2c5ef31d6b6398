import math

import pytest
import torch
from torchmetrics import MetricCollection

from sgn_sciml.metrics import VRMSE, RelativeL2, SampleErrors, vrmse


def noise(*shape):
    return torch.randn(*shape, dtype=torch.float64, generator=torch.Generator().manual_seed(0))


def samples(errors):
    """Prediction and target of samples with these relative errors, each of another size."""
    target = noise(len(errors), 2, 6) * torch.arange(1.0, len(errors) + 1).view(-1, 1, 1)
    return target * (1 + torch.tensor(errors).double()).view(-1, 1, 1), target


def run(metric, pred, target):
    metric.update(pred, target)
    return metric.compute()


# -- relative L2 of samples ------------------------------------------------------------------


def test_mean_median_percentile_and_maximum():
    values = run(SampleErrors(), *samples([0.4, 0.1, 0.2, 0.9]))
    expected = {
        "relative_l2": 0.4,
        "relative_l2/median": 0.3,
        "relative_l2/p95": 0.4 + 0.85 * 0.5,  # place 0.95 * 3 of 0.1, 0.2, 0.4, 0.9
        "relative_l2/max": 0.9,
    }
    assert {k: v.item() for k, v in values.items()} == pytest.approx(expected, rel=1e-6)


def test_mean_is_that_of_the_per_sample_metric():
    pred, target = noise(2, 5, 3, 4, 4)
    mean = run(SampleErrors(), pred, target)["relative_l2"]
    assert mean == run(RelativeL2(per_sample=True), pred, target)


def test_errors_are_those_of_the_samples():
    metric = SampleErrors()
    pred, target = samples([0.3, 0.1, 0.2])
    metric.update(pred[:2], target[:2])
    metric.update(pred[2:], target[2:])
    torch.testing.assert_close(metric.errors(), torch.tensor([0.3, 0.1, 0.2]).double())


def test_a_nan_sample_is_seen():
    pred, target = samples([0.1, 0.2])
    pred[1, 0, 0] = torch.nan
    assert all(value.isnan() for value in run(SampleErrors(), pred, target).values())


@pytest.mark.filterwarnings("ignore:.*before the ``update``")
def test_no_samples_give_nan():
    assert all(value.isnan() for value in SampleErrors().compute().values())


def test_nothing_of_a_graph_is_kept():
    pred, target = samples([0.1])
    metric = SampleErrors()
    metric(pred.requires_grad_(), target)
    assert not metric.errors().requires_grad


def test_names_in_a_collection():
    metrics = MetricCollection([SampleErrors(name="error")], prefix="test/")
    metrics.update(*samples([0.1]))
    assert list(metrics.compute()) == [
        "test/error", "test/error/median", "test/error/p95", "test/error/max"
    ]  # fmt: skip


# -- variance-scaled error -------------------------------------------------------------------


def test_vrmse_by_hand():
    target = torch.tensor([[[1.0, 2.0, 3.0, 6.0], [0.0, 0.0, 4.0, 4.0]]])
    error = torch.tensor([[[1.0, -1.0, 1.0, -1.0], [3.0, 1.0, 1.0, 1.0]]])
    expected = [[math.sqrt(1 / 3.5), math.sqrt(3 / 4)]]
    torch.testing.assert_close(vrmse(target + error, target), torch.tensor(expected).double())


def test_the_mean_as_prediction_scores_one():
    target = noise(3, 2, 5, 7) + 100
    mean = target.mean((2, 3), keepdim=True).expand_as(target)
    assert run(VRMSE(), mean, target) == pytest.approx(1, rel=1e-12)


def test_vrmse_is_a_mean_over_samples_and_fields():
    pred, target = noise(2, 4, 3, 9)
    single = [run(VRMSE(), p[None, None], t[None, None])
              for p, t in zip(pred.flatten(0, 1), target.flatten(0, 1), strict=True)]  # fmt: skip
    torch.testing.assert_close(run(VRMSE(), pred, target), torch.stack(single).mean())


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("level", [0.0, 0.1, 1e7 / 3])
def test_a_constant_target_gives_the_rms_error(level, dtype):
    target = torch.full((2, 1, 7, 9), level, dtype=dtype)
    metric = VRMSE()
    metric.update(target + 4, target)
    assert metric.compute() == pytest.approx(4, rel=0.1 if dtype == torch.float32 else 1e-6)


def test_rounding_is_no_spread():
    target = 1000 + 1e-5 * noise(1, 1, 64)
    rounded = target.float()  # 6e-5 apart, if they differ at all
    rounded[..., 0] = rounded[..., 0].nextafter(torch.tensor(2e3))
    assert rounded.unique().numel() > 1
    assert vrmse(rounded + 1, rounded).item() == pytest.approx(1, rel=1e-3)
    assert vrmse(target + 1, target).item() > 1e4


def test_points_without_space_are_refused():
    with pytest.raises(ValueError, match="needs a spatial axis"):
        VRMSE().update(torch.zeros(4, 1), torch.zeros(4, 1))
