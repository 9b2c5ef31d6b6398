"""Input encodings: exact periods and the kernel of random Fourier features."""

import math

import pytest
import torch

from sgn_sciml.layers import GaussianFourierFeatures, PeriodicEncoding


def points(*shape, seed=0):
    return (
        2 * torch.rand(*shape, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))
        - 1
    )


def test_periodic_encoding_is_its_definition():
    s = points(4, 2)
    x, t = s.unbind(-1)
    expected = [
        t,
        *((k * math.pi * x).cos() for k in (1, 2)),
        *((k * math.pi * x).sin() for k in (1, 2)),
    ]
    torch.testing.assert_close(PeriodicEncoding(2, (0,), 2)(s), torch.stack(expected, -1))


@pytest.mark.parametrize("harmonics", [1, 3])
@pytest.mark.parametrize("axes", [(0,), (2,), (0, 2)])
def test_period_is_two_to_rounding(axes, harmonics):
    encode, s = PeriodicEncoding(3, axes, harmonics), points(50, 3)
    shifted = s.clone()
    shifted[:, list(axes)] += 2
    assert (encode(shifted) - encode(s)).abs().max() < 1e-14


@pytest.mark.parametrize("shape", [(), (0,), (5,), (2, 3)])
@pytest.mark.parametrize(
    "encode",
    [
        PeriodicEncoding(3, (0, 2), 4),
        PeriodicEncoding(3, ()),
        GaussianFourierFeatures(3, 5).double(),
    ],
    ids=["periodic", "none", "gaussian"],
)
def test_out_features_is_the_last_dimension(encode, shape):
    assert encode(points(*shape, 3)).shape == (*shape, encode.out_features)


def test_gaussian_features_estimate_the_gaussian_kernel():
    """mean over m of cos 2 pi b.(s - s') has expectation exp(-2 pi^2 sigma^2 |s - s'|^2)."""
    torch.manual_seed(0)
    m, sigma = 20_000, 0.3
    z = GaussianFourierFeatures(2, m, sigma).double()(points(2, 2))
    distance = (points(2, 2)[0] - points(2, 2)[1]).square().sum()
    kernel = math.exp(-2 * math.pi**2 * sigma**2 * distance)
    assert (z[0] @ z[1] / m).item() == pytest.approx(kernel, abs=4 / math.sqrt(2 * m))


@pytest.mark.parametrize("trainable", [False, True])
def test_gaussian_frequencies_are_saved_and_trained_on_request(trainable):
    encode = GaussianFourierFeatures(2, 8, trainable=trainable)
    assert "frequencies" in encode.state_dict()
    assert len(list(encode.parameters())) == trainable


@pytest.mark.parametrize(
    "options", [{"axes": (3,)}, {"axes": (-1,)}, {"axes": (0, 0)}, {"harmonics": 0}]
)
def test_bad_axes_are_refused(options):
    with pytest.raises(ValueError, match=r"axes|axis"):
        PeriodicEncoding(3, **options)


def test_no_frequencies_are_refused():
    with pytest.raises(ValueError, match="num_frequencies >= 1, got 0"):
        GaussianFourierFeatures(2, 0)
