import pytest
import torch

from sgn_sciml.local_solver import Sines, Unsolvable, solve
from sgn_sciml.pde import (
    Advection,
    AllenCahn,
    Burgers,
    Cavity,
    Condition,
    Darcy,
    Helmholtz,
    KdV,
    KuramotoSivashinsky,
    Poisson,
    Poisson2D,
    ReactionDiffusion,
    Wave,
    Window,
)
from tests.local_solver.problems import (
    Bratu,
    Heat2D,
    Plate,
    RobinHeat,
    Schroedinger,
    SineGordon,
    SmallUnits,
    Stokes,
)


def points_in(problem, count=500):
    generator = torch.Generator().manual_seed(0)
    size = (count, len(problem.coordinates))
    return problem.box_points(torch.rand(size, generator=generator, dtype=torch.float64))


def errors(problem, solution):
    """Relative L2 error of each field."""
    points = points_in(problem)
    truth, found = problem.exact(points), solution(points)
    return ((found - truth).norm(dim=0) / truth.norm(dim=0)).max()


@pytest.mark.parametrize(
    ("problem", "tolerance"),
    [
        (Advection(c=5.0), 1e-8),
        (Bratu(), 1e-10),
        (Burgers(nu=0.05), 1e-7),
        (Darcy(), 1e-11),
        (Heat2D(), 1e-4),
        (Helmholtz(), 1e-9),
        (Plate(), 1e-9),
        (Poisson(), 1e-9),
        (Poisson2D((2, 4)), 1e-9),
        (ReactionDiffusion(), 1e-6),
        (RobinHeat(), 1e-9),
        (Schroedinger(), 1e-9),
        (SineGordon(), 1e-5),
        (SmallUnits(), 1e-9),
        (Stokes(), 1e-7),
        (Wave(), 1e-8),
    ],
    ids=lambda value: getattr(value, "law", None),
)
def test_solutions_are_exact_to_the_tolerance_and_their_estimate_says_so(problem, tolerance):
    solution = solve(problem, tolerance)
    error = errors(problem, solution)
    assert error < tolerance
    assert solution.estimate < 3 * tolerance
    assert error < max(2 * solution.estimate, 1e-12)  # of the whole; the estimate is of the end


@pytest.mark.parametrize(
    "problem",
    [
        Advection(c=2.0),
        Window(AllenCahn(), 0.0, 0.1),
        Burgers(nu=0.02),
        Cavity(),
        Darcy(),
        Helmholtz(),
        Window(KdV(), 0.0, 0.1),
        Window(KuramotoSivashinsky(), 0.0, 0.02),
        Poisson(),
        Poisson2D((2, 4)),
        ReactionDiffusion(),
        Wave(),
    ],
    ids=lambda problem: problem.law,
)
def test_two_tolerances_agree_within_their_estimates(problem):
    least = 1e-4 if problem.law in ("allen_cahn", "cavity") else 1e-6  # seconds
    coarse, fine = solve(problem, 100 * least), solve(problem, least)
    points = points_in(problem)
    difference = (coarse(points) - fine(points)).norm() / fine(points).norm()
    assert difference < 2 * (coarse.estimate + fine.estimate) + 1e-13


def test_derivatives_are_those_of_the_exact_solution():
    problem = Helmholtz()
    solution = solve(problem, 1e-10)
    points = points_in(problem).requires_grad_()
    (slope,) = torch.autograd.grad(problem.exact(points).sum(), points)
    found = solution.derivatives(points.detach(), ["u_x", "u_y"])
    assert (found - slope).abs().max() < 1e-7 * slope.abs().max()
    assert solution.residual(points.detach()).max() < 1e-6
    with pytest.raises(AttributeError, match="no derivative 'u_z'"):
        solution.derivatives(points.detach(), ["u_z"])
    with pytest.raises(ValueError, match=r"expected \(N, 2\)"):
        solution(points.detach()[:, :1])
    with pytest.raises(ValueError, match="500 of 500 points lie outside the domain: x = "):
        solution(points.detach() + 3)


def test_a_periodic_coordinate_goes_on():
    solution = solve(Advection(c=1.0), 1e-6)
    inside = torch.tensor([[1.0, 0.5]])
    outside = inside + torch.tensor([[2 * torch.pi, 0.0]])
    torch.testing.assert_close(solution(inside), solution(outside.double()), rtol=0, atol=1e-6)


def test_drawn_sines_solve_as_well():
    problem = Helmholtz()
    assert errors(problem, solve(problem, 1e-7, Sines)) < 1e-7


def test_a_tolerance_below_rounding_is_refused():
    with pytest.raises(Unsolvable, match="below the floor of rounding"):
        solve(Helmholtz(), 1e-15)
    with pytest.raises(Unsolvable, match="between 0 and 1"):
        solve(Helmholtz(), 2.0)


class Kink(RobinHeat):
    """A kink of the initial values that lies on no edge of a strip."""

    law = "kink"
    domain = ((0.0, 0.0), (1.0, 0.1))
    conditions = (
        Condition(
            "initial", {"t": 0.0}, lambda d: d.u - torch.minimum(d.x / 0.3, (1 - d.x) / 0.7)
        ),
        Condition("left", {"x": 0.0}, lambda d: d.u),
        Condition("right", {"x": 1.0}, lambda d: d.u),
    )

    def exact(self, points):
        x, t = points.double()[:, :1], points.double()[:, 1:]
        n = torch.pi * torch.arange(1, 400, dtype=torch.float64)
        waves = torch.sin(0.3 * n) / n**2 * torch.sin(n * x) * torch.exp(-(n**2) * t)
        return 2 / 0.21 * waves.sum(1, keepdim=True)


def test_a_kink_is_found():
    solution = solve(Kink(), 1e-5)
    assert errors(Kink(), solution) < 1e-5
    first = solution.parts[0].cells
    near = int((first.lower[:, 0] < 0.3).sum()) - 1
    assert first.widths[near, 0] < 0.01 < first.widths[:, 0].max()  # narrow there alone
