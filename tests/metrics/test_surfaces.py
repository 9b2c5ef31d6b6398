"""Measures of surfaces: formulas, and sums that do not depend on how samples come."""

import pytest
import torch

from sgn_sciml.metrics import ChamferDistance, NormalConsistency, VolumeIoU


def test_chamfer_is_the_mean_of_both_means_in_the_unit_of_the_file():
    metric = ChamferDistance(10.0)
    metric.update(torch.tensor([1.0, 3.0]), torch.tensor([4.0]))
    assert float(metric.compute()) == pytest.approx(30.0)
    parts = ChamferDistance(10.0)
    parts.update(torch.tensor([1.0]), torch.tensor([4.0]))
    parts.update(torch.tensor([3.0]), torch.zeros(0))
    assert float(parts.compute()) == pytest.approx(30.0)
    assert not ChamferDistance.higher_is_better
    assert NormalConsistency.higher_is_better


def test_nothing_has_no_distance():
    metric = ChamferDistance()
    metric.update(torch.zeros(0), torch.ones(3))
    assert metric.compute().isnan()


def test_intersection_over_union():
    metric = VolumeIoU()
    pred = torch.tensor([True, True, False, False])
    metric.update(pred, torch.tensor([True, False, True, False]))
    assert float(metric.compute()) == pytest.approx(1 / 3)
    metric.reset()
    metric.update(~pred & pred, ~pred & pred)
    assert float(metric.compute()) == 1
    with pytest.raises(ValueError, match="differ in shape"):
        metric.update(pred, pred[:2])
