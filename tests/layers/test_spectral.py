"""The spectral maps against closed forms."""

import math

import pytest
import torch

from sgn_sciml.layers import DenseSpectralMap, DiagonalSpectralMap


def make(*args, seed=0, **options):
    torch.manual_seed(seed)
    return DenseSpectralMap(*args, **options).double()


def test_dense_is_its_definition():
    layer, u = make(5, 3), torch.randn(4, 5, dtype=torch.float64)
    phase = u @ layer.frequencies.T + layer.phases
    expected = torch.cat([phase.cos(), phase.sin()], -1) @ layer.readout.T + layer.bias
    torch.testing.assert_close(layer(u), expected)


def test_diagonal_is_its_definition():
    layer, u = DiagonalSpectralMap(5).double(), torch.randn(4, 5, dtype=torch.float64)
    for p in layer.parameters():
        torch.nn.init.normal_(p)
    phase = layer.frequencies * u + layer.phases
    torch.testing.assert_close(layer(u), layer.cosine * phase.cos() + layer.sine * phase.sin())


@pytest.mark.parametrize("scale", [1.64**-0.5, 10.0])
@pytest.mark.parametrize(("n", "m"), [(16, 9), (64, 9), (64, 64)])
def test_initial_rms(n, m, scale):
    """Channels and draws are independent, so the mean square of N outputs has a known error.

    The outputs are sums of uniform variables: kurtosis below 3, variance of the square below
    2 rms^4. Four standard deviations are allowed.
    """
    torch.manual_seed(0)
    draws = 300
    outputs = [DenseSpectralMap(n, m, scale)(torch.randn(n)) for _ in range(draws)]
    measured = torch.stack(outputs).square().mean().item()
    expected = 2 * m / (2 * m + n) + 1 / (6 * m)
    assert measured == pytest.approx(expected, rel=4 * math.sqrt(2 / (n * draws)))


def test_features_of_the_dense_map_have_constant_norm():
    layer = make(2 * 9, 9)
    layer.bias.data.zero_()
    layer.readout.data.copy_(torch.eye(18))
    waves = layer(10 * torch.randn(50, 18, dtype=torch.float64))
    torch.testing.assert_close(waves.norm(dim=-1), torch.full((50,), 3.0, dtype=torch.float64))


def test_frequency_scale_is_the_standard_deviation_of_a_phase():
    layer = make(2000, 500, 3.0)
    phase = layer.frequencies @ torch.randn(2000, dtype=torch.float64)
    assert phase.std().item() == pytest.approx(3.0, rel=4 / math.sqrt(2 * 500))


def test_a_range_of_scales_spreads_the_frequencies():
    layer = make(20_000, 3, (1.0, 3.0))
    spread = layer.frequencies.square().sum(-1).sqrt()
    expected = torch.tensor([1.0, 2.0, 3.0], dtype=torch.float64)
    torch.testing.assert_close(spread, expected, rtol=4 / math.sqrt(2 * 20_000), atol=0)
    diagonal = DiagonalSpectralMap(3, (1.0, 3.0))
    torch.testing.assert_close(diagonal.frequencies.detach(), expected.float())


def test_phases_are_redundant_in_the_dense_map():
    """The read-out absorbs any phase: a rotation of each (cos, sin) pair of its columns."""
    layer, twin = make(5, 3), make(5, 3, seed=1)
    c, s = layer.phases.cos(), layer.phases.sin()
    a_cos, a_sin = layer.readout.chunk(2, dim=-1)
    twin.load_state_dict(
        {
            "frequencies": layer.frequencies,
            "phases": torch.zeros(3),
            "readout": torch.cat([a_cos * c + a_sin * s, a_sin * c - a_cos * s], -1),
            "bias": layer.bias,
        }
    )
    u = 5 * torch.randn(20, 5, dtype=torch.float64)
    torch.testing.assert_close(twin(u), layer(u), rtol=0, atol=1e-13)


@pytest.mark.parametrize("gain", [torch.tensor(0.3), torch.linspace(-1, 1, 5)])
@pytest.mark.parametrize(
    "layer", [make(5, 3), DiagonalSpectralMap(5).double()], ids=["dense", "diagonal"]
)
def test_gain_multiplies_the_output(layer, gain):
    u, gain = torch.randn(4, 5, dtype=torch.float64), gain.double()
    torch.testing.assert_close(layer(u, gain), gain * layer(u))


def test_dropout_drops_features_in_training_only():
    layer = make(8, 4, dropout=0.5)
    layer.bias.data.zero_()
    layer.readout.data.copy_(torch.eye(8))
    u = torch.randn(1000, 8, dtype=torch.float64)
    waves = layer.eval()(u)
    dropped = layer.train()(u)
    kept = dropped != 0
    assert kept.double().mean().item() == pytest.approx(0.5, abs=4 * 0.5 / math.sqrt(8000))
    torch.testing.assert_close(dropped[kept], 2 * waves[kept])


def test_diagonal_starts_as_a_sine():
    layer, u = DiagonalSpectralMap(5, 7.0).double(), torch.randn(4, 5, dtype=torch.float64)
    torch.testing.assert_close(layer(u), torch.sin(7 * u))


@pytest.mark.parametrize("kind", [DenseSpectralMap, DiagonalSpectralMap])
def test_bad_sizes_are_refused(kind):
    with pytest.raises(ValueError, match="features"):
        kind(0)
    with pytest.raises(ValueError, match="0 <= low <= high, got -2"):
        kind(3, frequency_scale=-2.0)
