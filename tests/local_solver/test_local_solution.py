"""A solution as a function: of points of all kinds, differentiable, to the order that it has."""

import numpy as np
import pytest
import torch

from sgn_sciml.local_solver import Polynomials, Sines, solve
from sgn_sciml.pde import Advection, Helmholtz
from tests.local_solver.gallery.heat import MovingWalls


@pytest.fixture(scope="module")
def steady():
    return solve(Helmholtz(), 1e-6)


@pytest.fixture(scope="module")
def slabs():
    return solve(MovingWalls(), 1e-4)


@pytest.fixture(params=["steady", "slabs"])
def solution(request):
    return request.getfixturevalue(request.param)


def points(solution, count=20):
    generator = torch.Generator().manual_seed(1)
    unit = torch.rand(count, 2, generator=generator, dtype=torch.float64)
    return solution.problem.box_points(unit)


def test_gradients_are_the_derivatives(solution):
    at = points(solution).requires_grad_()
    a, b = solution.problem.coordinates
    (slope,) = torch.autograd.grad(solution(at).sum(), at, create_graph=True)
    assert torch.equal(slope, solution.derivatives(at.detach(), [f"u_{a}", f"u_{b}"]))
    (bend,) = torch.autograd.grad((slope[:, 0] ** 2).sum(), at, create_graph=True)
    u_a, u_aa, u_ab = solution.derivatives(at, [f"u_{a}", f"u_{a}{a}", f"u_{a}{b}"]).unbind(1)
    torch.testing.assert_close(bend, 2 * u_a[:, None] * torch.stack([u_aa, u_ab], 1))
    few = points(solution, 3).requires_grad_()
    assert torch.autograd.gradcheck(solution, few, eps=1e-7, atol=1e-4)
    assert torch.autograd.gradgradcheck(solution, few, eps=1e-7, atol=1e-3)
    with torch.no_grad():
        assert not solution(at).requires_grad


def test_points_of_all_kinds(solution):
    at = points(solution)
    found = solution(at)
    assert torch.equal(solution(at.tolist()), found)
    assert torch.equal(solution(at.numpy()), found)
    torch.testing.assert_close(solution(at.float()), found, rtol=0, atol=1e-4)
    torch.testing.assert_close(solution(at.numpy().astype(np.float32)), solution(at.float()))
    assert torch.equal(solution([[0, 1]]), solution(torch.tensor([[0.0, 1.0]])))
    assert solution(torch.zeros(0, 2)).shape == (0, 1)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ([[0.0, 0.1], [0.2]], r"numbers of shape \(N, 2\), got list: "),
        ("middle", r"numbers of shape \(N, 2\), got str: "),
        (torch.zeros(3, 2) + 0j, r"real numbers of shape \(N, 2\), got torch.complex64"),
        ([0.1, 0.2], r"points have shape \(2,\), expected \(N, 2\)"),
        ([[0.5, 9.0]], "1 of 1 points lie outside the domain: "),
    ],
)
def test_what_is_no_points_is_said(given, message, solution):
    with pytest.raises(ValueError, match=message):
        solution(given)


def test_single_precision_at_the_ends():
    solution = solve(Advection(c=1.0), 1e-4)
    end = torch.tensor([[1.0, solution.problem.domain[1][1]]])
    solution(end)
    outside = torch.tensor([[1.0, 1.0001 * end[0, 1]]])
    with pytest.raises(ValueError, match="outside the domain"):
        solution(outside)


def test_an_order_above_the_degree_is_refused(steady):
    degree = steady.dictionary.degree
    assert isinstance(steady.dictionary, Polynomials)
    at = points(steady)
    steady.derivatives(at, ["u_" + degree * "x"])
    with pytest.raises(ValueError, match=f"of order {degree + 1}, the polynomials .* {degree}:"):
        steady.derivatives(at, ["u_y" + degree * "x"])
    with pytest.raises(ValueError, match=r"names must be a list, as in \['u_x'\]"):
        steady.derivatives(at, "u_x")
    drawn = solve(Helmholtz(), 1e-4, Sines)
    assert drawn.derivatives(at, ["u_" + 17 * "x"]).abs().max() > 0
