"""Fourier ring correlation of pictures whose waves are known."""

import pytest
import torch

from sgn_sciml.metrics import RingCorrelation, resolved, ring_correlation


def noise(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def low_pass(picture, cutoff):
    """Without the waves beyond a ring."""
    n, m = picture.shape[-2:]
    y, x = (min(n, m) * torch.fft.fftfreq(k, dtype=torch.float64) for k in (n, m))
    kept = torch.hypot(y[:, None], x) < cutoff
    return torch.fft.ifft2(kept * torch.fft.fft2(picture)).real


@pytest.mark.parametrize("hann", [False, True])
def test_equal_pictures_correlate_entirely(hann):
    picture = noise(3, 32, 24)
    found = ring_correlation(picture, picture, hann=hann)
    torch.testing.assert_close(found, torch.ones(13, dtype=torch.float64))
    assert resolved(found) == 12


def test_a_factor_costs_nothing_and_its_sign_all():
    picture = noise(1, 32, 32)
    found = ring_correlation(picture, -7 * picture)
    torch.testing.assert_close(found, -torch.ones(17, dtype=torch.float64))


def test_independent_noise_does_not_correlate():
    found = ring_correlation(noise(1, 256, 256), noise(1, 256, 256, seed=1))
    rings = torch.arange(8, 129)
    # A ring of radius n has pi n independent waves.
    assert (found[8:].abs() * (torch.pi * rings).sqrt()).max() < 4
    assert resolved(found) < 8


def test_noise_of_equal_power_halves_the_power_in_common():
    signal, error = noise(1, 256, 256), noise(1, 256, 256, seed=1)
    found = ring_correlation(signal, signal + error)
    assert found[40:].mean() == pytest.approx(0.5**0.5, abs=0.01)


@pytest.mark.parametrize("shape", [(64, 64), (48, 96)])
@pytest.mark.parametrize("cutoff", [7, 15])
def test_a_low_passed_copy_crosses_at_the_cutoff(shape, cutoff):
    picture = noise(1, *shape)
    found = ring_correlation(picture, low_pass(picture, cutoff + 0.5 - 1e-9))
    torch.testing.assert_close(found[: cutoff + 1], torch.ones(cutoff + 1, dtype=torch.float64))
    assert not found[cutoff + 1 :].any()
    assert cutoff < resolved(found) < cutoff + 1


def test_the_window_forgives_pictures_that_do_not_repeat():
    x = torch.arange(64, dtype=torch.float64) / 64
    ramp = (x[:, None] + 2 * x)[None]
    fine = [ramp + 0.1 * noise(1, 64, 64, seed=s) for s in (1, 2)]  # agree in the ramp alone
    assert resolved(ring_correlation(*fine)) == 32
    assert resolved(ring_correlation(*fine, hann=True)) < 8


def test_rings_are_waves_per_shorter_side_in_every_direction():
    y, x = torch.arange(32, dtype=torch.float64), torch.arange(64, dtype=torch.float64)
    along = torch.cos(2 * torch.pi * x / 8) + 0 * y[:, None]
    across = torch.cos(2 * torch.pi * y / 8)[:, None] + 0 * x
    both = along + across  # 8 pixels a wave are 4 waves per shorter side
    found = ring_correlation(both[None], along[None])
    assert found[4] == pytest.approx(0.5**0.5)


def test_empty_rings():
    x = torch.arange(16, dtype=torch.float64)
    wave = torch.cos(torch.pi / 4 * x).expand(1, 16, 16)
    flat = torch.zeros_like(wave)
    assert ring_correlation(wave, flat)[2] == 0
    assert ring_correlation(flat, flat).isnan().all()


def test_the_crossing_lies_between_two_rings():
    curve = torch.tensor([0.0, 1.0, 0.5, 0.1, 0.9])
    assert resolved(curve, 0.3) == 2.5


def test_rings_that_say_nothing_are_passed_over():
    assert resolved(torch.tensor([1.0, 1.0, torch.nan, 0.0]), 0.5) == 2.0


def test_nothing_is_resolved():
    assert resolved(torch.tensor([1.0, 0.0, 0.0])) == 0


def test_the_metric_is_the_correlation_of_all_pictures_put_together():
    a, b = noise(2, 1, 32, 32), noise(2, 1, 32, 32, seed=3)
    b = a + b * torch.tensor([0.3, 3.0])[:, None, None, None]
    metric = RingCorrelation(16, hann=False)
    metric.update(b[:1], a[:1])
    metric.update(b[1:], a[1:])
    together = [u.flatten(0, 1) for u in (b, a)]  # as channels
    found = metric.rings()
    torch.testing.assert_close(found.correlation, ring_correlation(*together))
    assert metric.compute()["resolved_waves"] == found.resolved
    assert found.wavenumber.tolist() == list(range(17))


def test_without_pictures_nothing_is_known():
    metric = RingCorrelation(4)
    with pytest.warns(UserWarning, match="before the ``update`` method"):
        assert metric.compute()["resolved_waves"].isnan()


def test_what_cannot_be_compared_is_refused():
    with pytest.raises(ValueError, match="differ in shape"):
        ring_correlation(noise(1, 8, 8), noise(1, 8, 9))
    with pytest.raises(ValueError, match="a picture has shape"):
        ring_correlation(noise(8, 8), noise(8, 8))
    with pytest.raises(ValueError, match="rings must be at least 1"):
        RingCorrelation(0)
