"""Encodings by place: shifted Gaussians, radial bases, spherical harmonics."""

import math

import numpy as np
import pytest
import torch
from scipy.special import sph_harm_y

from sgn_sciml.layers import RadialBases, ShiftedGaussians, SphericalHarmonics
from sgn_sciml.networks import CoordinateMLP, count_parameters


def places(*shape):
    generator = torch.Generator().manual_seed(0)
    return 2 * torch.rand(*shape, dtype=torch.float64, generator=generator) - 1


def test_shifted_gaussians_tell_places_apart_by_their_distance_alone():
    encode, width = ShiftedGaussians(1, 41, 0.08), 0.08
    s = torch.linspace(-0.5, 0.5, 21, dtype=torch.float64)[:, None]
    found = encode(s) @ encode(s).T
    expected = math.sqrt(math.pi) * width * 20 * torch.exp(-((s - s.T) ** 2) / (4 * width**2))
    torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-4)


def test_shifted_gaussians_are_their_formula():
    s = places(7, 2)
    bumps = torch.exp(-((s[..., None] - torch.linspace(-1, 1, 5).double()) ** 2) / (2 * 0.3**2))
    torch.testing.assert_close(ShiftedGaussians(2, 5, 0.3)(s), bumps.flatten(1))


def test_harmonics_are_orthonormal_on_the_sphere():
    """By a quadrature that is exact for products of them."""
    degree = 6
    nodes, weights = np.polynomial.legendre.leggauss(degree + 1)
    turns = 2 * degree + 2
    longitude = torch.arange(turns, dtype=torch.float64) * (2 / turns) - 1
    latitude = torch.tensor(np.arcsin(nodes) * 2 / np.pi)
    s = torch.cartesian_prod(longitude, latitude)
    area = torch.tensor(weights).repeat(turns) * (2 * math.pi / turns)
    found = SphericalHarmonics(2, degree)(s)
    gram = found.T @ (area[:, None] * found)
    torch.testing.assert_close(gram, torch.eye((degree + 1) ** 2).double(), atol=1e-12, rtol=0)


def test_harmonics_are_those_of_scipy():
    s = places(20, 2)
    theta, phi = (math.pi / 2 * (1 - s[:, 1])).numpy(), (math.pi * s[:, 0]).numpy()
    expected = []
    for degree in range(5):
        for m in range(-degree, degree + 1):
            y = (-1) ** m * sph_harm_y(degree, abs(m), theta, phi)
            expected.append(y.real if m == 0 else math.sqrt(2) * (y.imag if m < 0 else y.real))
    found = SphericalHarmonics(2, 4)(s)
    torch.testing.assert_close(found, torch.tensor(np.stack(expected, 1)))


def test_longitudes_meet_also_at_the_poles():
    encode = SphericalHarmonics(3, 5, axes=(2, 0))
    seam = encode(torch.tensor([[0.3, 0.7, -1.0], [0.3, 0.7, 1.0]]).double())
    torch.testing.assert_close(seam[0], seam[1])
    pole = encode(torch.tensor([[1.0, 0.7, -0.4], [1.0, 0.7, 0.9]]).double())
    torch.testing.assert_close(pole[0], pole[1])
    assert seam[0, -1].item() == pytest.approx(0.7)
    assert encode.out_features == 36 + 1


def test_a_globe_in_degrees_may_begin_at_greenwich():
    east, west = SphericalHarmonics(2, 3, longitude=(0.0, 360.0)), SphericalHarmonics(2, 3)
    torch.testing.assert_close(east(torch.tensor([[0.5, 0.2]])), west(torch.tensor([[-0.5, 0.2]])))


def test_radial_bases_are_their_formula():
    encode, s = RadialBases(2, 3, 4, (-2.0, 3.0)).double(), places(6, 2)
    with torch.no_grad():
        encode.shapes.add_(0.3 * torch.randn_like(encode.shapes))
        encode.tables.normal_()
    steps = (encode.shapes @ (s[:, None, :, None] - encode.centres))[..., 0]
    bases = 1 / (1 + steps.square().sum(-1))
    torch.testing.assert_close(encode.kernels(s), bases)
    waves = torch.sin(encode.frequencies * bases[..., None])
    torch.testing.assert_close(encode(s), (encode.tables * waves).sum(1) + encode.bias)


def test_radial_bases_interpolate_anything_at_their_centres():
    """The inverse quadratic is positive definite: Schoenberg's theorem."""
    encode = RadialBases(2, 5, 1).double()
    gram = encode.kernels(encode.centres[..., 0])
    torch.testing.assert_close(gram.diagonal(), torch.ones(25).double())
    assert torch.linalg.eigvalsh(gram.detach()).min() > 1e-3


def test_radial_bases_have_the_parameters_of_their_formula():
    assert count_parameters(RadialBases(3, 4, 7)) == 64 * (3 + 9 + 7) + 7


@pytest.mark.parametrize(
    "encoding", [ShiftedGaussians(2, 16), RadialBases(2, 4, 8), SphericalHarmonics(2, 3)]
)
def test_every_parameter_of_a_network_behind_has_a_role(encoding):
    network = CoordinateMLP(2, 1, 8, 2, encoding=encoding)
    roles = [id(p) for each in network.roles().values() for p in each]
    assert sorted(roles) == sorted(id(p) for p in network.parameters())
    weights = {id(module.weight) for module in network.modules() if hasattr(module, "weight")}
    assert {id(p) for p in network.roles()["matrices"]} <= weights  # what Muon turns
    network(torch.rand(5, 2)).sum().backward()
    assert all(p.grad is not None for p in network.parameters())


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: ShiftedGaussians(2, 1), "count of at least 2"),
        (lambda: ShiftedGaussians(2, 8, 0.0), "positive width"),
        (lambda: SphericalHarmonics(2, -1), "degree of at least 0"),
        (lambda: SphericalHarmonics(2, 3, axes=(0, 2)), "two of 2 coordinates"),
        (lambda: RadialBases(2, 1), "along >= 2"),
    ],
)
def test_bad_numbers_are_told(make, said):
    with pytest.raises(ValueError, match=said):
        make()
