"""Damped least squares against the singular value decomposition."""

import pytest
import torch

from sgn_sciml.optim.least_squares import DampedLeastSquares, gram

pytestmark = pytest.mark.usefixtures("float64")


@pytest.mark.parametrize("shape", [(4, 9), (9, 4), (5, 5)])
def test_damped_least_squares_are_the_normal_equations(shape):
    j, r = torch.randn(shape), torch.randn(shape[1])
    expected = torch.linalg.solve(j @ j.T + 0.3 * torch.eye(shape[0]), j @ r)
    assert torch.allclose(DampedLeastSquares(j).damped(0.3)(r), expected)


def decomposed(values, rows=50):
    """A matrix of these singular values, and its parts."""
    u, v = (torch.linalg.qr(torch.randn(n, len(values)))[0] for n in (rows, len(values)))
    return (u * values @ v.T).T, u, v


@pytest.mark.parametrize("damping", [1e-8, 1e-14])
def test_the_condition_is_not_squared(damping):
    values, x = torch.logspace(0, -8, 20), torch.randn(20)
    j, _, v = decomposed(values)
    expected = v @ (values**2 / (values**2 + damping) * (v.T @ x))
    assert torch.allclose(
        DampedLeastSquares(j).damped(damping)(x @ j), expected, rtol=0, atol=1e-8
    )


@pytest.mark.parametrize("damping", [1e-4, 1e-8, 1e-11, 1e-13])
def test_the_gram_matrix_gives_what_orthogonal_factors_give(damping):
    values = torch.logspace(0, -12, 60)
    j, u, v = decomposed(values, 300)
    b = u @ torch.randn(60) + 0.1 * torch.randn(300)
    expected = v @ (values / (values**2 + damping) * (u.T @ b))
    system = DampedLeastSquares(j)
    for solve in (system.by_gram(damping), system.by_triangle(damping)):
        assert (solve(b) - expected).norm() < 1e-5 * expected.norm()


def test_what_the_gram_matrix_cannot_tell_is_left_to_orthogonal_factors():
    values, damping = torch.logspace(0, -12, 60), 1e-22
    j, u, v = decomposed(values, 300)
    b = u @ torch.randn(60)
    expected = v @ (values / (values**2 + damping) * (u.T @ b))
    system = DampedLeastSquares(j)
    assert (system.damped(damping)(b) - expected).norm() < 1e-3 * expected.norm()
    assert "gram" not in vars(system)


def test_unknowns_that_hardly_matter_are_found_to_rounding_of_the_residual():
    """Drawn functions overlap: the smallest singular value is that of rounding."""
    x = torch.linspace(-1, 1, 400)
    j = torch.sin(6 * torch.rand(60, 1) * x + 3 * torch.rand(60, 1))
    left = torch.exp(x) - DampedLeastSquares(j / 20).damped(1e-28)(torch.exp(x)) @ (j / 20)
    assert left.abs().max() < 1e-10


@pytest.mark.parametrize("rows", [3, 256, 700])
def test_the_gram_matrix_is_made_of_blocks(rows):
    j = torch.randn(rows, 20)
    assert torch.allclose(gram(j), j @ j.T)
