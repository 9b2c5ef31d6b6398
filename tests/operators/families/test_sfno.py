"""SFNO and its transforms: scipy's harmonics, round trips, rotations."""

import math

import pytest
import torch
from scipy.special import sph_harm_y

from sgn_sciml.operators.families import SFNO
from sgn_sciml.operators.families.sfno import SphereConvolution
from sgn_sciml.operators.families.sphere import analyse_sphere, colatitudes, synthesise_sphere
from sgn_sciml.operators.networks import Gated
from sgn_sciml.operators.networks.adapter import require_resolved

KINDS = pytest.mark.parametrize(("kind", "rows"), [("even", 13), ("even", 14), ("gauss", 7)])


def grid(rows, columns, kind="even"):
    angle, _ = colatitudes(rows, kind)
    longitude = 2 * math.pi * torch.arange(columns, dtype=torch.float64) / columns
    return torch.meshgrid(angle, longitude, indexing="ij")


@KINDS
def test_weights_integrate_polynomials_of_the_cosine(kind, rows):
    angle, weights = colatitudes(rows, kind)
    for degree in range(13):
        expected = 2 / (degree + 1) if degree % 2 == 0 else 0
        total = (weights * angle.cos() ** degree).sum().item()
        assert total == pytest.approx(expected, abs=1e-12)


@KINDS
@pytest.mark.parametrize(("degree", "order"), [(0, 0), (1, 1), (3, 0), (5, 2), (6, 6)])
def test_coefficients_are_those_of_scipys_harmonics(kind, rows, degree, order):
    t, p = grid(rows, 14, kind)
    y = torch.from_numpy(sph_harm_y(degree, order, t.numpy(), p.numpy()))
    f = y.real * (2 if order else 1)  # Y_lm and its conjugate
    c = analyse_sphere(f, 7, kind)
    expected = torch.zeros(7, 7, dtype=torch.complex128)
    expected[degree, order] = 1
    torch.testing.assert_close(c, expected, rtol=0, atol=1e-12)
    torch.testing.assert_close(synthesise_sphere(c, rows, 14, kind), f, rtol=0, atol=1e-12)


def quadratic(x):
    """A polynomial of degree 3 on the sphere, of points ``(*, 3)``."""
    return x[..., 0] * x[..., 1] + 2 * x[..., 2] + x[..., 1] ** 2 * x[..., 2] - 0.3


def points(rows, columns):
    t, p = grid(rows, columns)
    return torch.stack([t.sin() * p.cos(), t.sin() * p.sin(), t.cos()], -1)


def convolved(f, isotropic):
    torch.manual_seed(0)
    layer = SphereConvolution(1, 5, isotropic).double()
    with torch.no_grad():
        return synthesise_sphere(layer(analyse_sphere(f[None, None], 5)), 9, 12)[0, 0]


@pytest.mark.parametrize("isotropic", [True, False])
def test_real_weights_commute_with_every_rotation(isotropic):
    # of functions of degree 3 at the poles: along one axis of the body and along another
    turn = torch.linalg.qr(torch.randn(3, 3, generator=torch.manual_seed(1)).double())[0]
    turn = turn * torch.linalg.det(turn).sign()
    x = points(9, 12)
    plain, turned = (convolved(quadratic(y), isotropic) for y in (x, x @ turn.T))
    # what the north pole of the turned field sees is at turn @ e_z of the plain one
    c = analyse_sphere(plain, 5)
    z = turn @ torch.tensor([0.0, 0.0, 1.0], dtype=torch.float64)
    t, p = math.acos(z[2]), math.atan2(z[1], z[0])
    value = sum(
        (1 if m == 0 else 2) * (c[n, m] * complex(sph_harm_y(n, m, t, p))).real.item()
        for n in range(5)
        for m in range(n + 1)
    )
    assert (abs(value - turned[0, 0].item()) < 1e-10) == isotropic


@pytest.mark.parametrize("isotropic", [True, False])
def test_it_commutes_with_turns_about_the_axis(isotropic):
    torch.manual_seed(0)
    network = SFNO(modes=4, width=4, depth=3, isotropic=isotropic).double()
    x = torch.randn(2, 1, 9, 16).double()  # inner grids have 8 longitudes: turns of an eighth
    torch.testing.assert_close(network(x.roll(2, -1)), network(x).roll(2, -1))


def test_one_network_takes_every_resolution():
    torch.manual_seed(0)
    network = SFNO(modes=4, width=4, depth=2).double()
    coarse, fine = (quadratic(points(*size))[None, None] for size in ((9, 16), (17, 32)))
    torch.testing.assert_close(network(coarse), network(fine)[..., ::2, ::2], rtol=0.1, atol=0.05)


def test_grids_carry_the_modes():
    network = SFNO(modes=4, width=4, depth=1)
    with pytest.raises(ValueError, match=r"not 9 x 6: set modes to 3 or fewer"):
        network(torch.zeros(1, 1, 9, 6))
    with pytest.raises(ValueError, match="4 modes along y, where 6 points"):
        require_resolved(network, {"x": 9, "y": 6})


def test_weights_begin_as_in_torch_harmonics():
    torch.manual_seed(0)
    network = SFNO(modes=8, width=64)
    parts = network.convs[0].weight
    assert parts.square().sum(-1).mean().item() == pytest.approx(2 / 64, rel=0.02)
    assert network.mlp[0].fc1.weight.std().item() == pytest.approx((2 / 64) ** 0.5, rel=0.05)
    assert network.mlp[0].fc2.bias is None


def test_channel_networks_take_gates():
    gated = Gated(SFNO(modes=4, width=16, depth=2), where=["channel_mlp"])
    assert [r.name for r in gated.replacements] == ["mlp.0.act", "mlp.1.act"]
    assert gated(torch.zeros(1, 1, 9, 16)).shape == (1, 1, 9, 16)


@pytest.mark.parametrize("bad", [{"width": 0}, {"modes": 0}, {"depth": 0}])
def test_sizes_out_of_range_are_refused(bad):
    with pytest.raises(ValueError, match="at least 1"):
        SFNO(**bad)
