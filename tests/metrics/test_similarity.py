import numpy as np
import pytest
import torch
from skimage.metrics import structural_similarity

from sgn_sciml.metrics.similarity import SSIM


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
