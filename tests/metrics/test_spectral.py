import math

import numpy as np
import pytest
import torch
from scipy.fft import dct, dctn
from torchmetrics import MetricCollection

from sgn_sciml.metrics import RelativeL2, SpectralError, shell_energy
from sgn_sciml.metrics.spectral import cosine_transform, hann_window

GRIDS = [(16,), (15,), (1,), (12, 10), (9, 14), (7, 5), (6, 5, 8)]
BOUNDARIES = ["periodic", "even"]


def noise(*shape, dtype=torch.float64):
    return torch.randn(*shape, dtype=dtype, generator=torch.Generator().manual_seed(0))


def wave(n, k, amplitude=1.0):
    """A sine of k waves per period, on n points, with a phase that is not a multiple of a step."""
    x = torch.arange(n, dtype=torch.float64) / n
    return amplitude * torch.sin(2 * math.pi * k * x + 0.3)


def shells(u, boundary="periodic", max_wavenumber=16):
    """Shell energies of one field on a grid."""
    return shell_energy(u[None, None], boundary, max_wavenumber)[0]


def only(shell, energy, size=17):
    return torch.zeros(size, dtype=torch.float64).index_fill(0, torch.tensor(shell), energy)


# -- where energy lands ----------------------------------------------------------------------


@pytest.mark.parametrize("n", [32, 31])
@pytest.mark.parametrize("k", [1, 5, 15])
def test_a_sine_fills_its_shell_with_half_its_squared_amplitude(n, k):
    torch.testing.assert_close(shells(wave(n, k, 3.0)), only(k, 4.5))


def test_a_constant_fills_shell_zero():
    torch.testing.assert_close(shells(torch.full((9,), 2.0).double()), only(0, 4.0))


def test_the_sawtooth_fills_the_nyquist_shell():
    u = (-1.0) ** torch.arange(16, dtype=torch.float64)
    torch.testing.assert_close(shells(u), only(8, 1.0))


@pytest.mark.parametrize("k", [(3, 4), (3, -4), (-4, 3), (0, 5)])
def test_a_plane_wave_on_a_rectangle_fills_its_shell(k):
    x, y = (torch.arange(n, dtype=torch.float64) / n for n in (24, 15))
    u = torch.sin(2 * math.pi * (k[0] * x[:, None] + k[1] * y))
    torch.testing.assert_close(shells(u), only(5, 0.5))


def test_a_plane_wave_in_three_dimensions_fills_its_shell():
    x = [torch.arange(n, dtype=torch.float64) / n for n in (9, 10, 7)]
    x, y, z = torch.meshgrid(*x, indexing="ij")
    u = torch.cos(2 * math.pi * (2 * x - 3 * y + 2 * z))  # |k| = sqrt 17
    torch.testing.assert_close(shells(u), only(4, 0.5))


@pytest.mark.parametrize("k", [1, 2, 3, 7])
def test_half_waves_between_walls_count_half(k):
    x = (torch.arange(16, dtype=torch.float64) + 0.5) / 16
    u = torch.cos(math.pi * k * x)
    torch.testing.assert_close(shells(u, "even"), only((k + 1) // 2, 0.5))


def test_a_wavenumber_on_the_edge_belongs_to_the_shell_above():
    x, y = ((torch.arange(n, dtype=torch.float64) + 0.5) / n for n in (12, 9))
    u = torch.cos(3 * math.pi * x)[:, None] * torch.cos(4 * math.pi * y)  # |k| = 5/2 exactly
    torch.testing.assert_close(shells(u, "even"), only(3, 0.25))


def test_the_last_shell_holds_the_rest():
    u = wave(64, 3) + wave(64, 7) + wave(64, 20)
    torch.testing.assert_close(shells(u, max_wavenumber=5), only(3, 0.5, 6) + only(5, 1.0, 6))


def test_boundaries_may_differ_by_axis():
    x = (torch.arange(10, dtype=torch.float64) + 0.5) / 10
    u = wave(12, 3)[:, None] * torch.cos(8 * math.pi * x)
    torch.testing.assert_close(shells(u, ("periodic", "even")), only(5, 0.25))


def test_an_axis_without_boundary_is_averaged_over():
    u = noise(6, 16)
    rows = torch.stack([shells(row) for row in u])
    torch.testing.assert_close(shells(u, (None, "periodic")), rows.mean(0))


def test_fields_are_averaged_over():
    u = torch.stack([wave(32, 3, 2.0), wave(32, 6)])[None]
    expected = (only(3, 2.0) + only(6, 0.5)) / 2
    torch.testing.assert_close(shell_energy(u, "periodic", 16)[0], expected)


def test_a_window_spreads_a_wave_to_its_neighbours():
    u = torch.sqrt(torch.tensor(2.0)) * wave(64, 7)
    expected = only(6, 1 / 6) + only(7, 2 / 3) + only(8, 1 / 6)
    torch.testing.assert_close(shells(u, "hann"), expected)


# -- Plancherel ------------------------------------------------------------------------------


@pytest.mark.parametrize("boundary", BOUNDARIES)
@pytest.mark.parametrize("grid", GRIDS, ids=str)
@pytest.mark.parametrize(("dtype", "rounding"), [(torch.float64, 1e-12), (torch.float32, 1e-6)])
def test_shells_add_up_to_the_mean_square(grid, boundary, dtype, rounding):
    u = noise(3, 2, *grid, dtype=dtype)
    mean = u.double().square().flatten(1).mean(1)
    torch.testing.assert_close(shell_energy(u, boundary, 4).sum(1), mean, rtol=rounding, atol=0)


@pytest.mark.parametrize("boundary", [("even", "periodic"), ("hann", "even"), (None, None)])
def test_shells_of_mixed_boundaries_add_up_to_the_mean_square(boundary):
    u = noise(2, 1, 9, 12)
    window = hann_window(9, u.device, u.dtype)[:, None] if boundary[0] == "hann" else 1.0
    mean = (u * window).square().flatten(1).mean(1)
    torch.testing.assert_close(shell_energy(u, boundary, 8).sum(1), mean, rtol=1e-12, atol=0)


@pytest.mark.parametrize("n", [1, 2, 5, 8])
def test_cosine_transform_is_scipys(n):
    u = noise(3, n, 2)
    expected = torch.from_numpy(dct(u.numpy(), axis=1, norm="ortho"))
    torch.testing.assert_close(cosine_transform(u, 1), expected, rtol=1e-12, atol=1e-12)


def test_even_shells_are_those_of_scipys_cosine_transform():
    u = noise(12, 9)
    energy = dctn(u.numpy(), norm="ortho") ** 2 / u.numel()
    k = np.hypot(np.arange(12)[:, None] / 2, np.arange(9) / 2)
    expected = [energy[(n - 0.5 <= k) & (k < n + 0.5)].sum() for n in range(17)]
    torch.testing.assert_close(shells(u, "even"), torch.tensor(expected), rtol=1e-12, atol=1e-14)


# -- walls -----------------------------------------------------------------------------------


def high_share(boundary):
    """Share of a linear ramp's energy, its mean aside, from wavenumber 12 up."""
    energy = shells(torch.linspace(-1, 1, 257, dtype=torch.float64), boundary, 256)
    return (energy[12:].sum() / energy[1:].sum()).item()


def test_a_ramp_between_walls_stays_out_of_the_high_band():
    assert high_share("even") < 1e-4


def test_a_ramp_taken_for_periodic_floods_the_high_band():
    assert high_share("periodic") > 0.04


# -- the metric ------------------------------------------------------------------------------


def run(pred, target, boundary="periodic", **options):
    metric = SpectralError(boundary, **options)
    metric.update(pred[None, None], target[None, None])
    return metric.compute()


def test_each_band_gives_the_rms_of_its_waves():
    target = wave(64, 1)
    error = wave(64, 2, 0.1) + wave(64, 5, 0.2) + wave(64, 11, 0.2) + wave(64, 30, 0.5)
    values = run(target + error, target)
    rms = [values[f"spectral_error/{band}"].item() for band in ("low", "mid", "high")]
    assert rms == pytest.approx([0.1 / 2**0.5, 0.2, 0.5 / 2**0.5])


def test_squared_bands_add_up_to_the_mean_squared_error():
    pred, target = noise(2, 20, 12)
    values = run(pred, target)
    total = sum(values[f"spectral_error/{band}"] ** 2 for band in ("low", "mid", "high"))
    torch.testing.assert_close(total, (pred - target).square().mean())


def test_relative_error_is_that_of_the_band():
    pred, target = wave(64, 2, 0.9) + wave(64, 7, 1.0), wave(64, 2) + wave(64, 7, 4.0)
    values = run(pred, target)
    relative = [values[f"spectral_error/{band}_relative"].item() for band in ("low", "mid")]
    assert relative == pytest.approx([0.1, 0.75])


def test_a_band_without_target_counts_as_rounding():
    target = wave(64, 1, 2 * 2**0.5)
    for offset in (0.0, 1e5):  # a mean says nothing of waves
        values = run(target + offset + wave(64, 20, 1e-3 * 2**0.5), target + offset)
        relative = values["spectral_error/high_relative"].item()
        assert relative == pytest.approx(1e-3 / 2e-6, rel=1e-6)


def test_a_constant_target_has_the_rounding_of_its_values():
    target = torch.full((64,), 2.0)
    values = run((target + wave(64, 20, 1e-3 * 2**0.5)).float(), target)
    rounding = 2 * torch.finfo(torch.float32).eps
    assert values["spectral_error/high_relative"].item() == pytest.approx(
        1e-3 / rounding, rel=1e-3
    )


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_waves_beside_a_large_mean_are_measured(dtype):
    """0.1 Pa around 101,325 Pa, where float32 has steps of 0.008 Pa."""
    target = (101325 + wave(64, 1, 0.1) + wave(64, 20, 0.1)).to(dtype)
    pred = (101325 + wave(64, 1, 0.11) + wave(64, 20, 0.05)).to(dtype)
    values = run(pred, target)
    low, high = (values[f"spectral_error/{band}"].item() for band in ("low", "high"))
    rounding = 2e-3 if dtype == torch.float32 else 1e-9
    assert (low, high) == pytest.approx((0.01 / 2**0.5, 0.05 / 2**0.5), abs=rounding)
    assert values["spectral_error/high_relative"].item() == pytest.approx(0.5, rel=20 * rounding)


def test_a_zero_target_gives_the_rms_error():
    values = run(wave(64, 20), torch.zeros(64).double())
    assert values["spectral_error/high_relative"].item() == pytest.approx(0.5**0.5)


def test_bands_can_be_chosen():
    values = run(wave(64, 9), 0 * wave(64, 9), bands={"coarse": 0, "fine": 9}, max_wavenumber=9)
    assert values["spectral_error/fine"].item() == pytest.approx(0.5**0.5)


@pytest.mark.parametrize(
    "bands",
    [{}, {"low": 1}, {"low": 0, "mid": 0}, {"low": 0, "high": 8, "mid": 4}, {"a": 0, "b": 99}],
)
def test_bands_that_do_not_tile_the_shells_are_refused(bands):
    with pytest.raises(ValueError, match="bands must ascend from 0"):
        SpectralError(bands=bands)


def test_spectrum_is_the_mean_over_samples():
    target = torch.stack([wave(32, 3), wave(32, 5)])[:, None]
    metric = SpectralError("periodic", max_wavenumber=16)
    metric.update(1.5 * target, target)
    spectrum = metric.spectrum()
    torch.testing.assert_close(spectrum.error, (only(3, 0.125) + only(5, 0.125)) / 2)
    torch.testing.assert_close(spectrum.target, (only(3, 0.5) + only(5, 0.5)) / 2)
    assert spectrum.wavenumber.tolist() == list(range(17))


def test_grids_may_differ_between_batches():
    metric = SpectralError("periodic")
    for n in (32, 63):
        metric.update(wave(n, 3)[None, None], torch.zeros(1, 1, n))
    assert metric.compute()["spectral_error/low"].item() == pytest.approx(0.5**0.5)


def test_wrong_number_of_boundaries_is_named():
    with pytest.raises(ValueError, match="boundary has 1 entries for 2 spatial axes"):
        SpectralError(("even",)).update(torch.zeros(1, 1, 4, 4), torch.zeros(1, 1, 4, 4))


def test_an_unknown_boundary_is_refused():
    with pytest.raises(ValueError, match="got open"):
        shells(wave(8, 1), "open")


# -- names in logs ---------------------------------------------------------------------------


def test_names_in_a_collection_are_flat():
    metrics = {"relative_l2": RelativeL2(), "spectral_error": SpectralError()}
    metrics = MetricCollection(metrics, prefix="val/")
    metrics.update(noise(1, 1, 8), noise(1, 1, 8))
    bands = [
        f"val/spectral_error/{b}{r}" for b in ("low", "mid", "high") for r in ("", "_relative")
    ]
    assert list(metrics.compute()) == ["val/relative_l2", *bands]


def test_two_in_a_collection_are_told_apart_by_their_names():
    metrics = {
        "x": SpectralError(("even", None), name="spectral_error_x"),
        "t": SpectralError((None, "even"), name="spectral_error_t"),
    }
    metrics = MetricCollection(metrics, prefix="test/")
    metrics.update(noise(1, 1, 8, 8), 0 * noise(1, 1, 8, 8))
    names = metrics.compute()
    assert {"test/spectral_error_x/low", "test/spectral_error_t/low"} < set(names)
