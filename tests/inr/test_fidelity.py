import math

import pytest
import torch

from sgn_sciml.inr.description import Signal
from sgn_sciml.inr.fidelity import fidelity
from sgn_sciml.metrics import PSNR


def test_unseen_samples_alone_are_measured():
    target, pred = torch.zeros(1, 2, 4), torch.zeros(1, 2, 4)
    known = torch.tensor([True, False, True, False])
    pred[..., 0], pred[..., 1] = 9.0, 0.2  # a told sample, one that was not
    metric = PSNR(span=2.0)
    metric.update(pred, target, known)
    assert float(metric.compute()) == pytest.approx(10 * math.log10(4 / 0.02))


def test_opacity_and_colours_have_a_ratio_each():
    target = torch.rand(1, 4, 16, 16)
    metrics = fidelity(Signal(target[0], "image", 0.0, 1.0, ("y", "x")))
    metrics.update(target + torch.tensor([0.1, 0.1, 0.1, 0.01]).view(1, 4, 1, 1), target)
    found = metrics.compute()
    assert found["psnr/colour"] == pytest.approx(20, abs=1e-3)
    assert found["psnr/opacity"] == pytest.approx(40, abs=1e-3)
    assert found["psnr"] == pytest.approx(-10 * math.log10((3 * 0.01 + 0.0001) / 4), abs=1e-3)


@pytest.mark.parametrize(
    ("kind", "grid", "own"),
    [
        ("image", (16, 16), "ssim"),
        ("audio", (64,), "snr"),
        ("volume", (8, 8, 8), "iou"),
        ("field", (8, 8), "relative_l2"),
    ],
)
def test_each_kind_has_its_measures(kind, grid, own):
    target = (torch.rand(1, 1, *grid) > 0.5).float()
    axes = ("x", "y", "z")[: len(grid)]
    metrics = fidelity(Signal(target[0], kind, 0.0, 1.0, axes, rate=8000.0))
    metrics.update(0.9 * target, target)
    found = metrics.compute()
    assert own in found
    assert found["psnr"] > 20
