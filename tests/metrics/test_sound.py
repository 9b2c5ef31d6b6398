import math

import pytest
import torch

from sgn_sciml.metrics.signal_to_noise import SISNR, SNR
from sgn_sciml.metrics.sound import BandError, LogSpectralDistance, short_time_power

RATE = 8000
METRICS = {
    "snr": SNR,
    "si_snr": SISNR,
    "lsd": lambda: LogSpectralDistance(window=64),
    "bands": lambda: BandError(RATE, window=64, bands=3),
}
every_metric = pytest.mark.parametrize("make", METRICS.values(), ids=METRICS)


def tone(frequency, n, phase=0.5):
    """A cosine whose mirror image at the first sample is the cosine itself."""
    t = (torch.arange(n, dtype=torch.float64) + phase) / RATE
    return torch.cos(2 * math.pi * frequency * t)[None, None]


def sounds(items=6, n=96, dtype=torch.float32):
    generator = torch.Generator().manual_seed(items)
    return torch.randn(2, items, 2, n, generator=generator).to(dtype)


def run(metric, pred, target):
    metric.update(pred, target)
    return metric.compute()


def value(metric):
    result = metric.compute()
    return torch.stack(list(result.values())) if isinstance(result, dict) else result


# -- spectra ---------------------------------------------------------------------------------


@pytest.mark.parametrize("n", [8, 16, 24, 64, 160])
def test_frames_weigh_all_samples_alike(n):
    sound = torch.randn(3, n, dtype=torch.float64)
    power = short_time_power(sound, window=32)
    torch.testing.assert_close(power.sum(-1).mean(-1), sound.square().mean(-1))


def test_any_length_has_the_energy_of_its_samples_but_for_a_rest():
    sound = torch.randn(1, 1003, dtype=torch.float64)
    energy = short_time_power(sound, window=32).sum(-1).mean(-1)
    torch.testing.assert_close(energy, sound.square().mean(-1), rtol=0.02, atol=0)


def test_a_tone_in_the_middle_of_a_bin_fills_three_bins():
    power = short_time_power(tone(RATE / 4, 256), window=64)[0, 0, 2:-2]
    share = torch.zeros(33, dtype=torch.float64)
    share[15:18] = torch.tensor([1 / 6, 2 / 3, 1 / 6]) / 2  # mean square of a cosine
    torch.testing.assert_close(power, share.expand_as(power), rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize("n", [1, 2, 7])
def test_a_sound_shorter_than_a_frame_goes_on_as_its_mirror_image(n):
    sound = torch.randn(n, dtype=torch.float64)
    long = torch.cat([sound, sound.flip(-1)]).repeat(100)
    first = short_time_power(long, window=32)[0]
    torch.testing.assert_close(short_time_power(sound, window=32)[0], first)


@pytest.mark.parametrize("window", [0, 12])
def test_a_window_without_an_eighth_is_refused(window):
    for make in (LogSpectralDistance, lambda window: BandError(RATE, window)):
        with pytest.raises(ValueError, match=f"multiple of 8 samples, got {window}"):
            make(window=window)


# -- log-spectral distance -------------------------------------------------------------------


@pytest.mark.parametrize("n", [1500, 3000])
def test_a_factor_of_ten_is_twenty_decibels(n):
    target = sounds(n=n)[1]
    assert run(LogSpectralDistance(), 10 * target, target).item() == pytest.approx(20, rel=1e-5)


@pytest.mark.parametrize("n", [2, 96, 3000])
def test_the_distance_of_equal_sounds_is_zero(n):
    target = sounds(n=n)[1]
    assert run(LogSpectralDistance(), target, target) == 0


@pytest.mark.parametrize("n", [2, 96])
def test_sounds_shorter_than_a_frame_have_a_distance(n):
    pred, target = sounds(n=n)
    assert 0 < run(LogSpectralDistance(), pred, target) < 80


def test_a_zero_prediction_is_as_far_as_the_target_is_above_the_floor():
    target = torch.zeros(1, 1, 64)
    target[..., 0] = 1  # white: every bin of a frame has the same power
    metric = LogSpectralDistance(window=64)
    power = short_time_power(target, 64)[0, 0]
    above = 10 * (power.clamp(min=1e-8 * power.max()) / (1e-8 * power.max())).log10()
    expected = above.square().mean(-1).sqrt().mean()
    torch.testing.assert_close(run(metric, torch.zeros_like(target), target), expected)
    assert 20 < expected < 80


def test_noise_below_the_floor_is_silence():
    target = tone(RATE / 4, 800)
    noise = torch.randn(target.shape, generator=torch.Generator().manual_seed(0))
    assert run(LogSpectralDistance(window=64), target + 1e-6 * noise, target) < 0.05


# -- bands -----------------------------------------------------------------------------------


def test_bands_are_octaves_down_from_nyquist():
    assert BandError(RATE, window=64, bands=3).names == [
        "band_error/0-1000Hz",
        "band_error/1000-2000Hz",
        "band_error/2000-4000Hz",
    ]


def test_band_energies_add_up_to_the_samples():
    metric = BandError(RATE)
    pred, target = sounds(n=1024).double()
    metric.update(pred, target)
    torch.testing.assert_close(metric.error_energy.sum(), (pred - target).square().sum())
    torch.testing.assert_close(metric.target_energy.sum(), target.square().sum())


def test_an_error_is_told_in_its_band():
    target = tone(500, 1024) + tone(1500, 1024) + tone(3000, 1024)
    errors = run(BandError(RATE, window=256, bands=3), target - 0.1 * tone(1500, 1024), target)
    assert [round(e.item(), 3) for e in errors.values()] == [0, 0.1, 0]


@pytest.mark.parametrize("n", [200, 2500])
def test_a_zero_prediction_errs_by_one_in_every_band(n):
    target = sounds(n=n)[1]
    errors = run(BandError(RATE), torch.zeros_like(target), target)
    torch.testing.assert_close(torch.stack(list(errors.values())), torch.ones(7).double())


def test_a_band_that_is_silent_in_the_target_holds_a_trillionth():
    target = torch.cos(math.pi / 128 * (torch.arange(1024) + 0.5).double())[None, None]
    for offset in (0.0, 1e3):  # a mean is not a sound
        errors = run(
            BandError(RATE, window=256, bands=3),
            target + tone(3000, 1024) + offset,
            target + offset,
        )
        high = list(errors.values())[2].item()
        assert high == pytest.approx(1e6, rel=1e-3)


def test_a_zero_target_gives_the_rms_error():
    target = torch.zeros(1, 1, 1024)
    errors = run(BandError(RATE, window=256, bands=1), target + 0.3, target)
    assert errors["band_error/0-4000Hz"].item() == pytest.approx(0.3)


def test_more_octaves_than_bins_are_refused():
    with pytest.raises(ValueError, match="7 octaves do not fit a window of 64"):
        BandError(RATE, window=64)


def test_a_rate_must_be_positive():
    with pytest.raises(ValueError, match="positive, got 0"):
        BandError(0)


# -- what holds for all ----------------------------------------------------------------------


@every_metric
def test_uneven_batches_give_what_one_batch_gives(make):
    pred, target = sounds()
    whole, parts = make(), make()
    whole.update(pred, target)
    for p, t in zip(pred.split([4, 2]), target.split([4, 2]), strict=True):
        parts.update(p, t)
    torch.testing.assert_close(value(parts), value(whole), rtol=1e-12, atol=0)


@every_metric
@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_half_precision_is_compared_in_single(make, dtype):
    pred, target = 300 * sounds(dtype=dtype)  # squares overflow float16
    half, single = make(), make()
    half.update(pred, target)
    single.update(pred.float(), target.float())
    torch.testing.assert_close(value(half), value(single), rtol=1e-12, atol=0)


@every_metric
def test_update_stays_on_its_device(make):
    """Meta tensors mix with no other device and have no values to read."""
    metric = make().to("meta")
    metric.update(*sounds().to("meta"))
    assert {s.device.type for s in metric.metric_state.values()} == {"meta"}


@every_metric
def test_a_device_without_double_gets_single_sums(make):
    def move(tensor):
        if tensor.dtype == torch.float64:
            raise TypeError("Cannot convert a MPS Tensor to float64 dtype")
        return tensor.clone()

    metric = make()
    metric._apply(move)
    assert {s.dtype for s in metric.metric_state.values()} == {torch.float32}


@every_metric
def test_a_diverged_prediction_gives_nan(make):
    pred, target = sounds()
    pred[0, 0, 0] = torch.nan
    metric = make()
    metric.update(pred, target)
    assert value(metric).isnan().any()


@every_metric
def test_no_sounds_give_nan(make):
    with pytest.warns(UserWarning, match="before the ``update``"):
        assert value(make()).isnan().all()


@every_metric
def test_shapes_that_differ_are_both_named(make):
    with pytest.raises(ValueError, match=r"\(1, 2, 8\) and \(1, 1, 8\)"):
        make().update(torch.zeros(1, 2, 8), torch.zeros(1, 1, 8))
