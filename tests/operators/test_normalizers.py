import pytest
import torch

from sgn_sciml.operators.normalizers import NoScaling, PerChannel, PerPixel


@pytest.fixture
def fields():
    scale = torch.tensor([1.0, 100.0])[:, None]
    return 3e3 + scale * torch.randn(40, 2, 8)


def fitted(normalizer, fields, space=1):
    normalizer.fit(fields.split(7), space)
    return normalizer


def test_channels_get_mean_zero_and_deviation_one(fields):
    scaled = fitted(PerChannel(eps=0.0), fields)(fields)
    torch.testing.assert_close(scaled.mean((0, 2)), torch.zeros(2), atol=1e-3, rtol=0)
    torch.testing.assert_close(scaled.std((0, 2), correction=0), torch.ones(2), atol=1e-3, rtol=0)


def test_pixels_get_their_own_statistics(fields):
    normalizer = fitted(PerPixel(), fields)
    torch.testing.assert_close(normalizer.mean, fields.double().mean(0))
    torch.testing.assert_close(normalizer.std, fields.double().std(0, correction=0))


@pytest.mark.parametrize("kind", [PerChannel, PerPixel, NoScaling])
def test_inverse(fields, kind):
    normalizer = fitted(kind(), fields)
    torch.testing.assert_close(normalizer.inverse(normalizer(fields)), fields)


def test_time_counts_as_more_samples(fields):
    plain = fitted(PerChannel(), fields)
    timed = fitted(PerChannel(), fields.reshape(8, 5, 2, 8))
    torch.testing.assert_close(plain.std, timed.std)
    assert timed(torch.zeros(3, 5, 2, 8)).shape == (3, 5, 2, 8)


@pytest.mark.parametrize("kind", [PerChannel, PerPixel])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("unit", [1e-30, 1e-12, 5e19, 1e30])
def test_units_do_not_matter(fields, kind, dtype, unit):
    fields = fields.to(dtype)
    right = fitted(kind(), fields)(fields)
    normalizer = fitted(kind(), fields * unit)
    scaled = normalizer(fields * unit)
    rounding = 1e-3 if dtype == torch.float32 else 1e-9  # of 3,000 beside a deviation of 1
    torch.testing.assert_close(scaled, right, rtol=rounding, atol=rounding)
    torch.testing.assert_close(normalizer.inverse(scaled), fields * unit, rtol=1e-6, atol=0)


@pytest.mark.parametrize("kind", [PerChannel, PerPixel])
def test_digits_beside_a_large_mean_are_kept(kind):
    """0.1 Pa around 101,325 Pa, where float32 has steps of 0.008 Pa."""
    wave = torch.randn(40, 1, 8, dtype=torch.float64)
    fields = 101325 + 0.1 * wave
    normalizer = fitted(kind(), fields)
    axes = (0, 2) if kind is PerChannel else 0
    right = (wave - wave.mean(axes)) / wave.std(axes, correction=0)
    torch.testing.assert_close(normalizer(fields), right, rtol=1e-8, atol=1e-8)
    torch.testing.assert_close(normalizer.inverse(right), fields, rtol=1e-13, atol=0)


@pytest.mark.parametrize("kind", [PerChannel, PerPixel])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("level", [0.0, 0.1, 101325.0, 1e-30])
def test_a_constant_channel_is_scaled_to_zero_and_back_to_itself(kind, dtype, level):
    fields = torch.full((5, 1, 4), level, dtype=dtype)
    normalizer = fitted(kind(), fields)
    assert (normalizer(fields) == 0).all()
    assert (normalizer.inverse(torch.randn_like(fields)) == fields).all()
    assert (normalizer.without_constants(torch.randn_like(fields)) == 0).all()


def test_a_constant_pixel_stays_finite():
    """As on walls: what it is scaled by is small beside its channel."""
    fields = torch.randn(5, 1, 4)
    fields[..., 0] = 0.1
    scaled = fitted(PerPixel(), fields)
    assert scaled(fields)[..., 0].abs().max() < 1e-6
    assert scaled.scale[0, 0] == pytest.approx(1e-5 * scaled.std.square().mean().sqrt())


def test_statistics_of_other_channels_are_refused(fields):
    with pytest.raises(ValueError, match="statistics of 2 channels do not fit a field of 3"):
        fitted(PerChannel(), fields).inverse(torch.zeros(4, 3, 8))


def test_a_state_of_version_0_1_scales_as_it_did(fields):
    state = {"mean": fields.mean((0, 2))[:, None], "std": fields.std((0, 2))[:, None]}
    normalizer = PerChannel()
    normalizer.load_state_dict(dict(state))
    expected = (fields - state["mean"]) / (state["std"] + 1e-5)
    torch.testing.assert_close(normalizer(fields), expected, rtol=1e-4, atol=1e-4)


def test_per_channel_fits_another_resolution(fields):
    normalizer = fitted(PerChannel(), fields)
    assert normalizer(torch.zeros(1, 2, 32)).shape == (1, 2, 32)


def test_per_pixel_refuses_another_resolution(fields):
    with pytest.raises(ValueError, match="take PerChannel"):
        fitted(PerPixel(), fields)(torch.zeros(1, 2, 16))


@pytest.mark.parametrize("kind", [PerChannel, PerPixel])
def test_state_restores_a_new_object(fields, kind):
    old, new = fitted(kind(), fields), kind()
    assert not new.fitted
    new.load_state_dict(old.state_dict())
    assert new.fitted
    torch.testing.assert_close(new(fields), old(fields))
