import pytest
import torch

from sgn_sciml.metrics import SSIM, SpectralError, StripSSIM, TileSpectralError


def pictures(height, width):
    target = torch.rand(1, 3, height, width)
    return (target + 0.1 * torch.randn(target.shape)).clamp(0, 1), target


@pytest.mark.parametrize("rows", [3, 13, 64])
def test_strips_have_the_similarity_of_the_whole(rows, monkeypatch):
    monkeypatch.setattr("sgn_sciml.metrics.strips.COLUMNS", 17)
    pred, target = pictures(50, 41)
    whole, strips = SSIM(), StripSSIM()
    whole.update(pred, target)
    for top in range(0, 50, rows):
        strips.update(pred[:, :, top : top + rows], target[:, :, top : top + rows])
    assert strips.count == 3 * 40 * 31
    assert strips.compute() == pytest.approx(float(whole.compute()), abs=1e-6)


def test_windows_that_lie_apart_are_not_joined():
    pairs = [pictures(20, 20) for _ in range(2)]
    apart, each = StripSSIM(), SSIM()
    for pred, target in pairs:
        apart.update(pred, target, joined=False)
        each.update(pred, target)
    assert apart.compute() == pytest.approx(float(each.compute()), abs=1e-6)
    apart.reset()
    apart.update(*pairs[0])
    assert apart.count == 3 * 10 * 10


def test_tiles_have_the_spectra_of_so_many_pictures():
    pred, target = pictures(70, 130)
    tiles, each = TileSpectralError(), SpectralError("even", max_wavenumber=32)
    tiles.update(pred, target)
    for left in (0, 64):
        block = (..., slice(0, 64), slice(left, left + 64))
        each.update(pred[block], target[block])
    assert tiles.samples == 2
    assert torch.allclose(tiles.spectrum().error, each.spectrum().error)
