"""The gate's nearest relatives: STAF and Harmonic SIREN."""

import math

import pytest
import torch
from scipy.stats import kstest

from sgn_sciml.layers import HarmonicSine, Sine, Staf
from sgn_sciml.networks import CoordinateMLP


def inputs(*shape):
    return torch.randn(*shape, dtype=torch.float64, generator=torch.Generator().manual_seed(1))


def test_staf_is_its_formula():
    act, u = Staf(3, terms=4).double(), inputs(5, 3)
    waves = torch.sin(act.frequencies * u[..., None] + act.phases)
    torch.testing.assert_close(act(u), (act.amplitudes * waves).sum(-1))
    act.skip = True
    torch.testing.assert_close(act(u), u + (act.amplitudes * waves).sum(-1))


def test_staf_of_one_term_is_a_scaled_siren():
    act, u = Staf(3, terms=1).double(), inputs(5, 3)
    with torch.no_grad():
        act.amplitudes.fill_(1)
        act.frequencies.fill_(7)
        act.phases.zero_()
    torch.testing.assert_close(act(u), Sine(3, omega=7.0)(u))


@pytest.mark.parametrize(("terms", "deviation"), [(1, 1.0), (5, 1.0), (2, 0.5)])
def test_staf_starts_normal_over_its_draws(terms, deviation):
    """Exactly, for any number of terms; one drawn layer is a fixed function, so many are drawn."""
    torch.manual_seed(0)
    u = torch.tensor([0.7])
    with torch.no_grad():
        draws = [Staf(1, terms, deviation=deviation)(u).item() for _ in range(4000)]
    assert kstest(draws, "norm", args=(0, deviation)).pvalue > 0.01


def test_staf_is_shared_by_the_channels_of_a_layer():
    network = CoordinateMLP(2, 1, width=50, depth=3, activation=Staf)
    act = network.layers[1]
    assert sum(p.numel() for p in act.parameters()) == 15
    assert len({id(p) for layer in (1, 3, 5) for p in network.layers[layer].parameters()}) == 9


def test_harmonics_are_those_of_their_formula():
    act, u = HarmonicSine(3, omega=7.0, second=0.4, third=-0.3).double(), inputs(50, 3)
    z = 7 * u
    expected = torch.sin(z) + 0.4 * torch.sin(2 * z) - 0.3 * torch.sin(3 * z)
    torch.testing.assert_close(act(u), expected)


def test_harmonic_siren_starts_as_siren():
    networks = []
    for activation in (Sine, HarmonicSine):
        torch.manual_seed(0)
        networks.append(CoordinateMLP(2, 1, width=20, depth=2, activation=activation))
    x = torch.rand(10, 2)
    torch.testing.assert_close(*(network(x) for network in networks))


def test_a_harmonic_learns_a_wave_that_one_sine_cannot():
    """Projection on sin 2z: the gradient of the second amplitude alone sees it."""
    act = HarmonicSine(1, omega=1.0).double()
    u = torch.linspace(0, 2 * math.pi, 101, dtype=torch.float64)[:-1, None]
    loss = (act(u) - torch.sin(u) - 0.5 * torch.sin(2 * u)).square().mean()
    loss.backward()
    assert act.second.grad.item() == pytest.approx(-0.5)
    assert abs(act.third.grad.item()) < 1e-12


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: Staf(3, terms=0), "terms must be at least 1"),
        (lambda: Staf(3, omega=0.0), "omega and deviation must be positive"),
        (lambda: Staf(3, deviation=0.0), "omega and deviation must be positive"),
        (lambda: HarmonicSine(3, omega=-1.0), "omega must be positive"),
    ],
)
def test_bad_numbers_are_told(make, said):
    with pytest.raises(ValueError, match=said):
        make()
