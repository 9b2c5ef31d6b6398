"""G-FNO: turns, reflections, shifts, resolutions, and the authors' outputs."""

import pytest
import torch

from sgn_sciml.layers import DenseGate
from sgn_sciml.operators.families import GFNO
from sgn_sciml.operators.families.group_layers import GroupSpectral, orbit
from sgn_sciml.operators.networks.adapter import require_resolved
from tests.operators.families.weights import field, told, waves

SQUARE = (2, 3)


def small(**options):
    torch.manual_seed(0)
    return GFNO(**{"modes": 3, "width": 3, "depth": 2} | options).double()


def turned(x, k):
    return x.rot90(k, SQUARE)


# GFNO2d(1, 3, 2, 1, reflection, ...) without positions
@pytest.mark.parametrize(
    ("reflection", "expected"),
    [
        (False, [55.196288677386676, 55.196288677386676, 0.4301535562340968]),
        (True, [87.16716208295175, 87.16716208295175, 0.6153646588869747]),
    ],
)
def test_outputs_are_those_of_the_authors_code(reflection, expected):
    network = waves(GFNO(modes=3, width=2, reflection=reflection))
    found = told(network(field(2, 1, 8, 8)), 1, 0, 3, 5)
    torch.testing.assert_close(found, torch.tensor(expected).double(), rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize("points", [8, 9])
@pytest.mark.parametrize("periodic", [True, False])
@pytest.mark.parametrize("activation", ["gelu", DenseGate])
def test_it_commutes_with_quarter_turns(points, periodic, activation):
    network = small(periodic=periodic, activation=activation)
    x = torch.randn(2, 1, points, points).double()
    for k in (1, 2, 3):
        torch.testing.assert_close(network(turned(x, k)), turned(network(x), k))


def test_it_commutes_with_reflections_where_they_are_in_the_group():
    x = torch.randn(2, 1, 8, 8).double()
    network = small(reflection=True)
    for dim in SQUARE:
        torch.testing.assert_close(network(x.flip(dim)), network(x).flip(dim))
    torch.testing.assert_close(network(turned(x, 1)), turned(network(x), 1))
    torch.testing.assert_close(network(x.mT), network(x).mT)
    assert not torch.allclose(small()(x.flip(2)), small()(x).flip(2))


def test_it_commutes_with_shifts_of_periodic_fields():
    network, x = small(), torch.randn(1, 1, 8, 8).double()
    torch.testing.assert_close(network(x.roll((3, 1), SQUARE)), network(x).roll((3, 1), SQUARE))


def test_kernels_are_hermitian_so_that_half_of_them_will_do():
    torch.manual_seed(0)
    layer = GroupSpectral(1, 1, 3, reflection=False).double()
    kernel = layer.kernel()
    torch.testing.assert_close(kernel, kernel.flip((-2, -1)).conj())
    x = torch.randn(1, 4, 9, 9).double()
    whole = torch.zeros(4, 4, 9, 9, dtype=torch.complex128)
    at = torch.arange(-2, 3)
    whole[:, :, at[:, None], at] = orbit(kernel, False)[0, :, 0]
    wave = torch.einsum("ghxy,bhxy->bgxy", whole, torch.fft.fft2(x))
    expected = torch.fft.ifft2(wave)
    assert expected.imag.abs().max() < 1e-10
    torch.testing.assert_close(layer(x), expected.real)


def test_the_same_function_on_two_grids():
    x = torch.arange(32).double() * 2 * torch.pi / 32
    u = (x.sin()[:, None] + (x[:, None] + x).cos())[None, None]
    network = small(activation="tanh")
    coarse = network(u[..., ::2, ::2])
    torch.testing.assert_close(coarse, network(u)[..., ::2, ::2], rtol=1e-2, atol=1e-3)


def test_grids_are_square_and_carry_the_modes():
    for shape in ((8, 9), (4, 4)):
        with pytest.raises(ValueError, match="must be square and have 5 points or more"):
            small()(torch.zeros(1, 1, *shape).double())
    with pytest.raises(ValueError, match="3 modes along x, where 4 points carry 2"):
        require_resolved(small(), {"x": 4, "y": 4})


def test_one_mode_is_the_mean():
    network = small(modes=1)
    assert network(torch.randn(1, 1, 4, 4).double()).shape == (1, 1, 4, 4)


@pytest.mark.parametrize("bad", [{"width": 0}, {"modes": 0}, {"depth": 0}])
def test_sizes_out_of_range_are_refused(bad):
    with pytest.raises(ValueError, match="at least 1"):
        small(**bad)
