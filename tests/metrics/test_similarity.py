import pytest
import torch

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
