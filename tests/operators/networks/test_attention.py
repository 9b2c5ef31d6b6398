"""The attention operator: integrals, positions, learnable scores, resolution."""

import math
from functools import partial

import pytest
import torch
import torch.nn.functional as F

from sgn_sciml.layers import Elementwise, SpectralGate
from sgn_sciml.operators.networks.attention import (
    Attention,
    FourierScores,
    GalerkinTransformer,
    attend,
    wave_vectors,
)

gelu = partial(Elementwise, function=F.gelu)
KINDS = ("galerkin", "fourier", "softmax")


def network(i=1, o=1, **options):
    torch.manual_seed(0)
    options = {"width": 16, "depth": 2, "heads": 2} | options
    return GalerkinTransformer(i, o, **options).double()


def functions(n, axes=1, channels=1, closed=False):
    """The same smooth functions on n points an axis."""
    x = torch.arange(n, dtype=torch.float64) / (n - closed)
    k = math.pi * (1 if closed else 2)
    rows = torch.stack([(k * x).cos(), (2 * k * x).sin() if not closed else (2 * k * x).cos()])
    u = rows if axes == 1 else rows[:, :, None] * rows[:1, None, :]
    return u[:, None].repeat(1, channels, *(1,) * axes)


def waves(n):
    x = 2 * math.pi * torch.arange(n, dtype=torch.float64) / n
    return x.cos(), x.sin()


@pytest.mark.parametrize("n", [8, 31])
def test_galerkin_is_the_integral(n):
    # q = 1 + sin, k = (cos, sin), v = (cos, cos + 3 sin): integrals k v of 1/2, 1/2, 0 and 3/2
    c, s = waves(n)
    q, k, v = (torch.stack(f, -1)[None, None] for f in ((1 + s, c), (c, s), (c, c + 3 * s)))
    z = attend(q, k, v, "galerkin")[0, 0]
    torch.testing.assert_close(z[:, 0], 0.5 * (1 + s))
    torch.testing.assert_close(z[:, 1], 0.5 * (1 + s) + 1.5 * c)


@pytest.mark.parametrize("n", [8, 31])
def test_fourier_is_the_integral(n):
    # the kernel cos x cos y + sin x sin y, over sqrt 2, halves a wave of wavenumber 1
    c, s = waves(n)
    q, v = torch.stack([c, s], -1)[None, None], torch.stack([c + 2, 0 * s], -1)[None, None]
    z = attend(q, q, v, "fourier")[0, 0]
    torch.testing.assert_close(z[:, 0], 0.5 * c / 2**0.5)


@pytest.mark.parametrize("n", [24, 31])
def test_softmax_is_the_integral(n):
    # weights exp(kappa cos(x - y)): the mean of cos y is I1(kappa) / I0(kappa) cos x
    c, s = waves(n)
    kappa = 2**-0.5
    q, v = torch.stack([c, s], -1)[None, None], torch.stack([c, s], -1)[None, None]
    ratio = torch.special.i1(torch.tensor(kappa)) / torch.special.i0(torch.tensor(kappa))
    z = attend(q, q, v, "softmax")[0, 0]
    torch.testing.assert_close(z[:, 0], ratio.double() * c, rtol=1e-6, atol=1e-7)


def test_galerkin_and_fourier_agree_up_to_the_scale():
    torch.manual_seed(0)
    q, k, v = torch.randn(3, 2, 2, 9, 4, dtype=torch.float64).unbind()
    torch.testing.assert_close(attend(q, k, v, "galerkin") / 2, attend(q, k, v, "fourier"))


@pytest.mark.parametrize("kind", KINDS)
def test_scores_may_pass_through_a_function(kind):
    torch.manual_seed(0)
    q, k, v = torch.randn(3, 1, 2, 5, 4, dtype=torch.float64).unbind()
    gain = torch.tensor([1.0, 3.0], dtype=torch.float64)  # the heads come last
    z = attend(q, k, v, kind, lambda s: gain * s)
    scaled = (k, gain[:, None, None] * v) if kind == "galerkin" else (gain[:, None, None] * k, v)
    torch.testing.assert_close(z, attend(q, *scaled, kind))


@pytest.mark.parametrize("kind", KINDS)
def test_keys_and_values_are_normalised_as_the_paper_says(kind):
    normed = [isinstance(norm, torch.nn.LayerNorm) for norm in Attention(8, 2, kind).norms]
    assert (
        normed
        == {
            "galerkin": [False, True, True],
            "fourier": [True, True, False],
            "softmax": [False, False, False],
        }[kind]
    )


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("axes", "periodic"), [(1, True), (1, False), (2, True), (2, (True, False))]
)
def test_shapes(kind, axes, periodic):
    net = network(i=3, o=2, axes=axes, periodic=periodic, attention=kind)
    for n in (5, 8):
        assert net(torch.randn(2, 3, *(n,) * axes).double()).shape == (2, 2, *(n,) * axes)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("options", [{}, {"scores": FourierScores}, {"rotary": False}])
@pytest.mark.parametrize("axes", [1, 2])
def test_the_same_function_on_two_grids(kind, options, axes):
    net = network(axes=axes, attention=kind, positional=True, **options)
    every = (..., *(slice(None, None, 2),) * axes)
    n, tolerance = (32, 1e-5) if axes == 1 else (10, 1e-3)  # aliasing falls exponentially with n
    fine = net(functions(2 * n, axes))[every]
    assert (net(functions(n, axes)) - fine).norm() < tolerance * fine.norm()


def test_closed_axes_share_their_ends():
    net = network(periodic=False)
    coarse, fine = net(functions(33, closed=True)), net(functions(65, closed=True))
    torch.testing.assert_close(coarse, fine[..., ::2], rtol=2e-2, atol=2e-3)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("positional", [None, True])
def test_commutes_with_translations_unless_told_positions(kind, positional):
    net = network(attention=kind, positional=positional, axes=2)
    x = functions(8, axes=2)
    moved = net(x.roll((3, 2), (2, 3))).roll((-3, -2), (2, 3))
    assert torch.allclose(moved, net(x)) is (positional is None)


@pytest.mark.parametrize("rotary", [True, False])
def test_rotation_shows_distances(rotary):
    net = network(rotary=rotary)
    with torch.no_grad():
        for layer in net.attention:
            layer.project.weight.mul_(50)
    x = functions(16)
    order = torch.randperm(16, generator=torch.Generator().manual_seed(0))
    mixed = net(x[..., order])[..., order.argsort()]
    assert torch.allclose(mixed, net(x)) is not rotary


def test_wave_vectors_are_the_lowest():
    assert wave_vectors(4, 1).tolist() == [[0], [1], [2], [3]]
    assert sorted(wave_vectors(5, 2).tolist()) == [[0, 0], [0, 1], [1, -1], [1, 0], [1, 1]]


@pytest.mark.parametrize("rank", [None, 1, 3])
def test_fourier_scores_are_a_series(rank):
    torch.manual_seed(0)
    layer, u = FourierScores(2, harmonics=3, rank=rank).double(), torch.randn(5, 2).double()
    c = layer.series if rank is None else layer.series @ layer.mixing
    expected = u.clone()
    for k in range(3):
        expected += c[k] * torch.cos((k + 1) * u) + c[3 + k] * torch.sin((k + 1) * u)
    torch.testing.assert_close(layer(u), expected)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("activation", [gelu, SpectralGate])
@pytest.mark.parametrize(
    "scores",
    [None, partial(FourierScores, rank=2), partial(SpectralGate, spectral="diagonal", base=None)],
)
def test_gradient_reaches_every_parameter(kind, activation, scores):
    net = network(attention=kind, activation=activation, scores=scores)
    net(functions(12)).square().mean().backward()
    assert [n for n, p in net.named_parameters() if p.grad is None or not p.grad.any()] == []


def test_state_dict_round_trip():
    first, second = network(scores=FourierScores), network(scores=FourierScores)
    for p in second.parameters():
        torch.nn.init.normal_(p)
    second.load_state_dict(first.state_dict())
    assert torch.equal(first(functions(12)), second(functions(12)))


def test_runs_under_autocast():
    net, x = network().float(), functions(16).float()
    with torch.autocast("cpu", dtype=torch.bfloat16):
        y = net(x)
    torch.testing.assert_close(y.float(), net(x), rtol=0.1, atol=0.02)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"width": 10, "heads": 4}, "multiple of 2"),
        ({"depth": 0}, "at least 1"),
        ({"periodic": (True, True)}, "need 1 flags"),
        ({"attention": "linear"}, "galerkin, fourier, softmax: 'linear'"),
    ],
)
def test_refuses(options, message):
    with pytest.raises(ValueError, match=message):
        GalerkinTransformer(1, 1, **options)
