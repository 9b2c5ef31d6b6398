"""Errors of several fields, apart."""

import pytest
import torch

from sgn_sciml.metrics import MaxError, RelativeL2
from sgn_sciml.metrics.one_field import OneField
from sgn_sciml.operators.evaluation import TestSet
from sgn_sciml.operators.losses import Domain
from sgn_sciml.pde import Burgers
from sgn_sciml.pinn.solution import frame_metrics


def test_a_metric_of_one_field_is_that_of_the_field_alone(float64):
    pred, target = torch.randn(2, 5, 3, 8)
    for metric in (RelativeL2(), MaxError()):
        for k in range(3):
            one = OneField(type(metric)(), k)
            one.update(pred[:2], target[:2])
            one.update(pred[2:], target[2:])
            metric.reset()
            metric.update(pred[:, k : k + 1], target[:, k : k + 1])
            assert one.compute().item() == pytest.approx(metric.compute().item(), rel=1e-14)
            one.reset()
            assert not one.metric.update_called


def test_a_small_field_that_is_all_wrong_is_seen(float64):
    problem = type("Two", (Burgers,), {"fields": ("u", "v")})()
    target = torch.rand(3, 2, 16) * torch.tensor([1.0, 1e-3])[:, None]
    metrics = frame_metrics(problem)
    metrics.update(target * torch.tensor([1.0, 0.0])[:, None], target)
    found = metrics.compute()
    assert found["relative_l2"] < 2e-3
    assert found["relative_l2/u"] == 0
    assert found["relative_l2/v"].item() == pytest.approx(1.0)


@pytest.mark.parametrize("frames", [False, True])
def test_channels_of_an_operator_have_errors_of_their_own(frames, float64):
    target = torch.rand(4, 2, 16) * torch.tensor([1.0, 1e-3])[:, None]
    prediction = target * torch.tensor([1.0, 0.5])[:, None]
    batch = {"input": target, "target": target, "prediction": prediction}
    if frames:
        batch = {k: v[:, None].repeat(1, 3, 1, 1) for k, v in batch.items()}
    measured = TestSet("a", Domain(True, 1.0), 1, 0.9, names=("p", "q"))
    measured.update(batch)
    found = measured.compute()
    assert found["relative_l2/p"] == 0
    assert found["relative_l2/q"].item() == pytest.approx(0.5)
