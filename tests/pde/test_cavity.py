"""The flow under a moving lid: the equation, the walls, finer resolutions, published values."""

import numpy as np
import pytest
import torch

from sgn_sciml.pde import Cavity
from sgn_sciml.pde.cavity import coefficients
from sgn_sciml.pde.stream_functions import basis

# u on the vertical centre line of the classic cavity at Re = 100
MARCHI = {  # Marchi, Suero and Araki (2009), a grid of 1024 x 1024, extrapolated
    0.0625: -4.1974991e-2,
    0.1875: -1.09816214e-1,
    0.3125: -1.72712391e-1,
    0.4375: -2.12962392e-1,
    0.5: -2.0914913e-1,
    0.625: -1.31256301e-1,
    0.75: 2.7874448e-2,
    0.875: 3.1055709e-1,
    0.9375: 5.97466694e-1,
}
GHIA = {  # Ghia, Ghia and Shin (1982), a grid of 129 x 129
    0.9766: 0.84123,
    0.9688: 0.78871,
    0.9609: 0.73722,
    0.9531: 0.68717,
    0.8516: 0.23151,
    0.7344: 0.00332,
    0.6172: -0.13641,
    0.5: -0.20581,
    0.4531: -0.21090,
    0.2813: -0.15662,
    0.1719: -0.10150,
    0.1016: -0.06434,
    0.0703: -0.04775,
    0.0625: -0.04192,
    0.0547: -0.03717,
}


@pytest.fixture
def modes(monkeypatch):
    """Fewer modes than a reference file has: a tenth of the time."""
    monkeypatch.setattr("sgn_sciml.pde.cavity.MODES", 40)


class Solution:
    """Derivatives of the reference by name."""

    def __init__(self, problem, points):
        self.problem, self.points = problem, points
        self.x, self.y = points.T

    def __getattr__(self, name):
        letters = name.removeprefix("psi").removeprefix("_")
        i, j = letters.count("x"), letters.count("y")
        return self.problem.derivative(self.points, i, j)[:, 0]


def inner(n):
    return 0.1 + 0.8 * torch.rand(n, 2, dtype=torch.float64)


def centre_line(problem, heights):
    points = torch.tensor([[0.5, y] for y in heights], dtype=torch.float64)
    return problem.derivative(points, 0, 1)[:, 0].numpy()


def test_second_derivatives_of_the_polynomials_are_orthogonal():
    nodes, weights = np.polynomial.legendre.leggauss(12)
    second = basis((nodes + 1) / 2, 7, 2)
    np.testing.assert_allclose(
        second.T @ (weights[:, None] / 2 * second), 8 * np.eye(7), atol=1e-11
    )
    ends = np.array([0.0, 1.0])
    assert np.abs(basis(ends, 7)).max() < 1e-14
    assert np.abs(basis(ends, 7, 1)).max() < 1e-13


@pytest.mark.parametrize("reynolds", [100.0, 400.0])
def test_the_reference_solves_the_equation(reynolds, modes):
    problem = Cavity(reynolds)
    d = Solution(problem, inner(200))
    friction = (d.psi_xxxx + d.psi_yyyy).abs().max() / reynolds
    assert problem.residual(d).abs().max() < 5e-5 * friction


@pytest.mark.parametrize("flatness", [1, 9])
def test_the_reference_meets_the_conditions(flatness, modes):
    problem = Cavity(flatness=flatness)
    for condition in problem.conditions:
        points = problem.face_points(condition, torch.rand(30, 2, dtype=torch.float64))
        assert condition.residual(Solution(problem, points)).abs().max() < 1e-12, condition.name


def test_the_regularised_lid():
    x = torch.rand(20, dtype=torch.float64)
    torch.testing.assert_close(Cavity().lid(x), 16 * x**2 * (1 - x) ** 2)
    torch.testing.assert_close(Cavity(flatness=9).lid(x), (1 - (2 * x - 1) ** 18) ** 2)


def test_more_modes_change_little(modes, monkeypatch):
    points = torch.rand(300, 2, dtype=torch.float64)
    psi, u = (Cavity().derivative(points, 0, j) for j in (0, 1))
    monkeypatch.setattr("sgn_sciml.pde.cavity.MODES", 56)
    assert (Cavity().exact(points) - psi).norm() < 5e-9 * psi.norm()
    assert (Cavity().derivative(points, 0, 1) - u).norm() < 2e-7 * u.norm()


def test_the_vortex_is_carried_downstream(modes):
    points = torch.rand(2000, 2, dtype=torch.float64)
    x, y = points[Cavity().exact(points).argmin()]
    assert x > 0.55
    assert y > 0.5


def test_a_nearly_uniform_lid_moves_the_classic_cavity(modes):
    u = centre_line(Cavity(flatness=20), MARCHI)
    np.testing.assert_allclose(u, list(MARCHI.values()), rtol=0, atol=2.5e-4)
    # Ghia's grid was coarse: up to 5e-3 from what finer ones found since
    u = centre_line(Cavity(flatness=20), GHIA)
    np.testing.assert_allclose(u, list(GHIA.values()), rtol=0, atol=6e-3)


def test_a_flow_that_is_not_found_is_an_error():
    with pytest.raises(RuntimeError, match="does not converge"):
        coefficients(1e9, 1, 8)


def test_modes_that_are_too_few_are_noticed(monkeypatch):
    module = "sgn_sciml.pde.cavity"
    for name, value in (("FEWER", 6), ("MODES", 8), ("MORE", 12)):
        monkeypatch.setattr(f"{module}.{name}", value)
    problem = Cavity(reynolds=400.0)
    with pytest.raises(ValueError, match=r"12 modes change the reference by .* smaller Reynolds"):
        problem.resolved()
    assert problem.change(8, 12) < problem.change(6, 8)
    between = (problem.change(8, 12) * problem.change(6, 8)) ** 0.5
    monkeypatch.setattr(f"{module}.ALLOWED", between)
    assert problem.resolved().shape == (12, 12)
    monkeypatch.setattr(f"{module}.ALLOWED", 1.0)
    assert problem.resolved().shape == (8, 8)
    assert Cavity().resolved().shape == (8, 8)  # known to be right
