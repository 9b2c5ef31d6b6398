import pytest
import torch

from sgn_sciml.optim import SSBFGS, SSBroyden
from sgn_sciml.optim.ssbroyden import coefficients

pytestmark = pytest.mark.usefixtures("float64")


def curved(p, seed):
    """A step, the change of the gradient along it, an inverse Hessian and its product."""
    generator = torch.Generator().manual_seed(seed)
    root = torch.randn(p, p, generator=generator)
    h = root @ root.T + 0.1 * torch.eye(p)
    s, y = torch.randn(2, p, generator=generator)
    y = y if s @ y > 0 else -y
    return h, s, y, torch.linalg.solve(h, s)


@pytest.mark.parametrize("seed", range(5))
def test_update_satisfies_the_secant_equation(seed):
    h, s, y, bs = curved(6, seed)
    torch.testing.assert_close(SSBroyden.update(h, s, y, bs) @ y, s)


@pytest.mark.parametrize("seed", range(5))
def test_update_stays_symmetric_and_positive(seed):
    new = SSBroyden.update(*curved(6, seed))
    torch.testing.assert_close(new, new.T)
    assert torch.linalg.eigvalsh(new).min() > 0


@pytest.mark.parametrize("seed", range(5))
def test_update_is_the_formula_of_its_module(seed):
    h, s, y, bs = curved(6, seed)
    sy, yhy, hy = s @ y, y @ h @ y, h @ y
    phi, tau = coefficients((s @ bs / sy).item(), (yhy / sy).item(), 6)
    v = yhy.sqrt() * (s / sy - hy / yhy)
    inner = h - torch.outer(hy, hy) / yhy + phi * torch.outer(v, v)
    expected = inner / tau + torch.outer(s, s) / sy
    torch.testing.assert_close(SSBroyden.update(h.clone(), s, y, bs), expected)


def test_is_bfgs_where_the_curvature_was_estimated_exactly():
    h, s, y, bs = curved(6, 0)
    y = y * (s @ bs) / (s @ y)  # s^T H^{-1} s = s^T y
    assert coefficients(1.0, (y @ h @ y / (s @ y)).item(), 6) == (1.0, 1.0)
    torch.testing.assert_close(
        SSBroyden.update(h.clone(), s, y, bs), SSBFGS.update(h.clone(), s, y, bs)
    )


def test_first_update_scales_the_identity():
    _, s, y, bs = curved(6, 0)
    torch.testing.assert_close(SSBroyden.update(None, s, y, bs) @ y, s)


@pytest.mark.parametrize("b", [1e-3, 0.5, 1.0, 2.0, 1e3])
@pytest.mark.parametrize("excess", [0.0, 1e-8, 1.0, 1e4])
def test_scaling_is_positive_and_at_most_one(b, excess):
    phi, tau = coefficients(b, (1 + excess) / b, 100)
    assert 0 < tau <= 1
    # phi > -1/a keeps the update positive definite, with a = b h - 1.
    assert phi > -1 / max(excess, 1e-12)


def test_update_survives_a_hessian_spoilt_by_rounding():
    _, s, y, _ = curved(6, 0)
    for h in (-1e-12 * torch.eye(6), 1e17 * torch.eye(6)):
        assert SSBroyden.update(h, s, y, s / 1e-3).isfinite().all()
