"""Signal-to-noise ratios against their definitions."""

import pytest
import torch

from sgn_sciml.metrics.signal_to_noise import PSNR, SISNR, SNR
from tests.metrics.test_sound import run, sounds, tone


def test_snr_is_one_ratio_over_all_channels():
    target = torch.tensor([[[3.0, 0.0], [0.0, 4.0]]])
    pred = target + torch.tensor([[[0.5, 0.0], [0.0, 0.0]]])
    assert run(SNR(), pred, target).item() == pytest.approx(20)


def test_snr_of_a_zero_prediction_is_zero():
    target = sounds()[1]
    assert run(SNR(), torch.zeros_like(target), target).item() == pytest.approx(0)


def test_snr_of_a_quiet_sound_is_that_of_a_loud_one():
    pred, target = sounds().double()
    quiet = run(SNR(), 1e-4 * pred, 1e-4 * target)
    torch.testing.assert_close(quiet, run(SNR(), pred, target), rtol=1e-6, atol=0)


def test_snr_of_a_perfect_prediction_is_finite_and_large():
    target = sounds()[1]
    assert 300 < run(SNR(), target, target) < 320


def test_si_snr_ignores_loudness_and_offset():
    pred, target = sounds().double()
    plain = run(SISNR(), pred, target)
    torch.testing.assert_close(run(SISNR(), 3 * pred + 0.7, target), plain)


def test_si_snr_is_the_ratio_to_what_is_orthogonal():
    target, noise = tone(1000, 800), tone(2000, 800)
    assert run(SISNR(), target + 0.1 * noise, target).item() == pytest.approx(20, abs=1e-4)


def test_nothing_is_worth_nothing():
    """A constant says nothing of a sound; silence is perfect where it is met, and only there."""
    target = sounds()[1]
    assert run(SISNR(), torch.ones_like(target), target) < -300
    assert run(SNR(), 0 * target, 0 * target) > 300
    assert run(SNR(), target, 0 * target) < -300


@pytest.mark.parametrize("unit", [1.0, 1e-30, 1e30])
def test_psnr_of_some_samples_in_every_unit(unit):
    target = torch.rand(2, 3, 8, 9)
    pred, known = target + 0.1 * torch.rand(2, 3, 8, 9), torch.rand(8, 9) > 0.5
    whole, part = PSNR(span=unit), PSNR(span=unit)
    whole.update(pred * unit, target * unit)
    part.update(pred * unit, target * unit, known)
    square = (pred - target).square()
    for metric, right in ((whole, square.mean()), (part, square[..., ~known].mean())):
        assert metric.compute().item() == pytest.approx(-10 * right.log10().item(), rel=1e-5)
    with pytest.raises(ValueError, match="span of values must be positive"):
        PSNR(span=0.0)
