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
    torch.testing.assert_close(normalizer.mean, fields.double().mean(0).float())
    torch.testing.assert_close(normalizer.std, fields.double().std(0, correction=0).float())


@pytest.mark.parametrize("kind", [PerChannel, PerPixel, NoScaling])
def test_inverse(fields, kind):
    normalizer = fitted(kind(), fields)
    torch.testing.assert_close(normalizer.inverse(normalizer(fields)), fields)


def test_time_counts_as_more_samples(fields):
    plain = fitted(PerChannel(), fields)
    timed = fitted(PerChannel(), fields.reshape(8, 5, 2, 8))
    torch.testing.assert_close(plain.std, timed.std)
    assert timed(torch.zeros(3, 5, 2, 8)).shape == (3, 5, 2, 8)


def test_a_constant_pixel_stays_finite():
    fields = torch.zeros(5, 1, 4)
    assert fitted(PerPixel(), fields)(fields).isfinite().all()


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
