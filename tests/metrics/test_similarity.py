import numpy as np
import pytest
import torch
from skimage.metrics import structural_similarity
from torchmetrics.functional.image import (
    multiscale_structural_similarity_index_measure as torchmetrics_ms_ssim,
)

from sgn_sciml.metrics.similarity import MSSSIM, SMALLEST, SSIM


def test_equal_pictures_are_one():
    picture = torch.rand(2, 3, 16, 20)
    metric = SSIM()
    metric.update(picture, picture)
    assert metric.compute() == pytest.approx(1)


def test_flat_pictures_have_the_luminance_term_alone():
    metric = SSIM()
    metric.update(torch.full((1, 1, 32, 32), 0.25), torch.full((1, 1, 32, 32), 0.5))
    c = 0.01**2
    expected = (2 * 0.25 * 0.5 + c) / (0.25**2 + 0.5**2 + c)
    assert metric.compute() == pytest.approx(expected, abs=1e-5)


def test_uneven_batches_weigh_pictures_alike():
    a, b = torch.rand(3, 1, 16, 16), torch.rand(3, 1, 16, 16)
    whole, parts = SSIM(), SSIM()
    whole.update(a, b)
    parts.update(a[:1], b[:1])
    parts.update(a[1:], b[1:])
    assert parts.compute() == pytest.approx(float(whole.compute()), abs=1e-6)


def test_a_picture_smaller_than_the_window_is_left_out():
    metric = SSIM()
    metric.update(torch.rand(1, 1, 8, 8), torch.rand(1, 1, 8, 8))
    assert metric.count == 0


@pytest.mark.parametrize("shape", [(11, 11), (32, 32), (24, 61)])
def test_windows_lie_wholly_in_the_picture_as_those_of_scikit_image_do(shape):
    rng = np.random.default_rng(0)
    target = rng.random((2, *shape))
    pred = (target + 0.1 * rng.standard_normal(target.shape)).clip(0, 1)
    pred[:, 0] = 1 - target[:, 0]  # what the border alone shows
    metric = SSIM()
    metric.update(torch.tensor(pred)[None], torch.tensor(target)[None])
    options = {"gaussian_weights": True, "sigma": 1.5, "use_sample_covariance": False}
    expected = structural_similarity(pred, target, data_range=1.0, channel_axis=0, **options)
    assert metric.compute() == pytest.approx(expected, abs=1e-4)


def test_five_scales_are_nearly_those_of_torchmetrics():
    """At the coarsest it mirrors the picture beyond its edges, which the paper does not."""
    target = torch.nn.functional.interpolate(torch.rand(2, 1, 23, 27), (SMALLEST, 190))
    pred = (target + 0.2 * torch.randn_like(target)).clamp(0, 1)
    metric = MSSSIM()
    metric.update(pred, target)
    expected = torchmetrics_ms_ssim(pred.double(), target.double(), data_range=1.0)
    assert metric.compute() == pytest.approx(float(expected), abs=1e-3)
    metric.reset()
    metric.update(pred[..., : SMALLEST - 1], target[..., : SMALLEST - 1])
    assert metric.count == 0


def test_each_scale_has_its_exponent():
    rows, columns = torch.meshgrid(torch.arange(192), torch.arange(192), indexing="ij")
    fine = 1.0 - 2.0 * ((rows + columns) % 2)  # which is gone at half the resolution
    metric = MSSSIM()
    metric.update(0.5 + 0.1 * fine[None, None], 0.5 + 0.3 * fine[None, None])
    structure = (2 * 0.03 + 0.03**2) / (0.01 + 0.09 + 0.03**2)
    assert metric.compute() == pytest.approx(structure**0.0448, abs=1e-5)
    metric.reset()
    metric.update(torch.full((1, 1, 192, 192), 0.2), torch.full((1, 1, 192, 192), 0.6))
    luminance = (2 * 0.12 + 0.01**2) / (0.04 + 0.36 + 0.01**2)
    assert metric.compute() == pytest.approx(luminance**0.1333, abs=1e-5)
