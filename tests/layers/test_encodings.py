"""Input encodings: exact periods, octaves and the kernel of random Fourier features."""

import math

import pytest
import torch

from sgn_sciml.layers import (
    ActivationEncoding,
    Chebyshev,
    GaussianFourierFeatures,
    HashGrid,
    LearnableFourierFeatures,
    PeriodicEncoding,
    PositionalEncoding,
    Progressive,
)
from sgn_sciml.networks import count_parameters


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
        PositionalEncoding(3, 4),
        PositionalEncoding(3, 4, include_input=False),
        LearnableFourierFeatures(3, 4, 5, 6).double(),
        ActivationEncoding(3, Chebyshev),
        HashGrid(3, levels=3, log2_size=7).double(),
        Progressive(PositionalEncoding(3, 4)).double(),
    ],
    ids=[
        "periodic",
        "none",
        "gaussian",
        "positional",
        "octaves",
        "learnable",
        "activation",
        "hash",
        "masked",
    ],
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


def test_learnable_features_are_their_formula():
    encode, s = LearnableFourierFeatures(2, 5, 4, 3, scale=2.0).double(), points(7, 2)
    phase = s @ encode.frequencies.T
    waves = torch.cat([phase.cos(), phase.sin()], 1) / math.sqrt(10)
    w1, w2 = encode.hidden, encode.output
    hidden = torch.nn.functional.gelu(waves @ w1.weight.T + w1.bias)
    torch.testing.assert_close(encode(s), hidden @ w2.weight.T + w2.bias)
    assert count_parameters(encode) == 5 * 2 + (10 + 1) * 4 + (4 + 1) * 3


def test_learnable_frequencies_start_with_the_deviation_asked_for():
    torch.manual_seed(0)
    frequencies = LearnableFourierFeatures(2, 5000, scale=7.0).frequencies
    assert frequencies.std().item() == pytest.approx(7, rel=0.05)


@pytest.mark.parametrize(
    "make",
    [
        lambda: PeriodicEncoding(3, (0, 2), 3),
        lambda: GaussianFourierFeatures(3, 5).double(),
        lambda: PositionalEncoding(3, 3),
        lambda: PositionalEncoding(3, 3, include_input=False),
    ],
    ids=["periodic", "gaussian", "positional", "octaves"],
)
def test_magnitudes_are_the_steepest_slopes(make):
    """Of waves of unit amplitude; coordinates, which have no frequency, are told apart."""
    torch.manual_seed(0)
    encode = make()
    slopes = torch.func.vmap(torch.func.jacrev(encode))(points(4000, 3))
    steepest = slopes.norm(dim=-1).amax(0)
    magnitudes = encode.magnitudes()
    assert magnitudes.shape == (encode.out_features,)
    expected = torch.where(magnitudes > 0, magnitudes, 1.0).to(steepest)
    torch.testing.assert_close(steepest, expected, rtol=0.05, atol=0)


def test_what_has_no_frequencies_has_no_magnitudes():
    with pytest.raises(NotImplementedError, match="features of HashGrid have no frequencies"):
        Progressive(HashGrid(2))


@pytest.mark.parametrize("include_input", [False, True])
def test_positional_encoding_is_its_definition(include_input):
    s = points(4, 2)
    waves = [
        wave(2**k * math.pi * s[:, i])
        for wave in (torch.sin, torch.cos)
        for i in (0, 1)
        for k in range(3)
    ]
    expected = torch.stack([*(s.unbind(-1) if include_input else ()), *waves], -1)
    torch.testing.assert_close(PositionalEncoding(2, 3, include_input)(s), expected)


def test_an_octave_is_the_double_angle_of_the_one_before():
    z = PositionalEncoding(1, 6, include_input=False)(points(50, 1))
    sin, cos = z.chunk(2, dim=-1)
    torch.testing.assert_close(sin[:, 1:], 2 * sin[:, :-1] * cos[:, :-1])
    torch.testing.assert_close(cos[:, 1:], 1 - 2 * sin[:, :-1] ** 2)


@pytest.mark.parametrize("include_input", [False, True])
def test_only_the_input_tells_the_ends_of_the_domain_apart(include_input):
    z = PositionalEncoding(1, 4, include_input)(torch.tensor([[-1.0], [1.0]]).double())
    assert ((z[1] - z[0]).abs().max() > 1) == include_input


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


def test_empty_learnable_features_are_refused():
    with pytest.raises(ValueError, match="must be at least 1, got 4, 0, 6"):
        LearnableFourierFeatures(2, 4, 0, 6)


def test_no_octaves_are_refused():
    with pytest.raises(ValueError, match="octaves >= 1, got 0"):
        PositionalEncoding(2, 0)
