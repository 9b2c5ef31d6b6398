"""MgNO: V-cycles, which the stencils of textbooks turn into solvers of Poisson's equation."""

import math

import pytest
import torch

from sgn_sciml.layers import DenseGate
from sgn_sciml.networks import count_parameters
from sgn_sciml.operators.families.mgno import MgNO
from sgn_sciml.operators.families.multigrid import VCycle
from tests.operators.families.weights import field, told, waves

LAPLACE = {1: torch.tensor([-1.0, 2.0, -1.0])}
LAPLACE[2] = torch.zeros(3, 3)
LAPLACE[2][1], LAPLACE[2][:, 1] = LAPLACE[1], LAPLACE[2][:, 1] + LAPLACE[1]
LAPLACE[2][1, 1] = 4
HAT = torch.tensor([0.5, 1.0, 0.5])
LINEAR = {1: HAT, 2: HAT[:, None] * HAT}


def put(convolution, stencil):
    convolution.conv.weight.data = stencil[None, None].double()


def poisson(axes, n, damping, steps):
    """The V-cycle of -u'' = f on a unit period: damped Jacobi, full weighting, interpolation."""
    levels = int(math.log2(n))
    cycle = VCycle(1, 1, (True,) * axes, [steps] * levels, [steps] * levels, residual=True)
    for level in range(levels):
        h = 2**level / n
        point = torch.zeros_like(LAPLACE[axes])
        point[(1,) * axes] = damping * h**2 / (2 * axes)
        smoothings = [*cycle.before[level], *(cycle.after[level] if level < levels - 1 else [])]
        for step in smoothings:
            put(step.smoother, point)
            if step.stencil is not None:
                put(step.stencil, LAPLACE[axes] / h**2)
        if level < levels - 1:
            coarsening = cycle.coarsenings[level]
            put(coarsening.stencil, LAPLACE[axes] / h**2)
            put(coarsening.start, torch.zeros_like(point))
            put(coarsening.restriction, LINEAR[axes] / 2**axes)
            put(cycle.interpolations[level], LINEAR[axes])
    return cycle.double()


def laplacian(u, axes, n):
    total = sum(2 * u - u.roll(1, d) - u.roll(-1, d) for d in range(2, 2 + axes))
    return total * n**2


def by_matrices(f, n, damping, steps):
    """The same V-cycle in one dimension, by dense matrices."""
    a = torch.zeros(n, n, dtype=torch.float64)
    for j in range(n):
        a[j, j] += 2 * n**2
        a[j, (j + 1) % n] -= n**2
        a[j, (j - 1) % n] -= n**2
    u = torch.zeros_like(f)

    def smooth(u):
        for _ in range(steps):
            u = u + damping / (2 * n**2) * (f - a @ u)
        return u

    u = smooth(u)
    if n == 2:
        return u
    p = torch.zeros(n, n // 2, dtype=torch.float64)
    for j in range(n // 2):
        p[2 * j, j] = 1
        p[2 * j + 1, j] += 0.5
        p[2 * j - 1, j] += 0.5
    return smooth(u + p @ by_matrices(p.T / 2 @ (f - a @ u), n // 2, damping, steps))


def test_a_cycle_is_that_of_textbooks():
    torch.manual_seed(0)
    f = torch.randn(16, dtype=torch.float64)
    expected = by_matrices(f, 16, 2 / 3, 2)
    torch.testing.assert_close(poisson(1, 16, 2 / 3, 2)(f[None, None])[0, 0], expected)


@pytest.mark.parametrize(("axes", "damping", "bound"), [(1, 2 / 3, 0.2), (2, 4 / 5, 0.4)])
def test_cycles_contract_the_error_of_poissons_equation_on_any_grid(axes, damping, bound):
    torch.manual_seed(0)
    rates = []
    for n in (16, 64):
        cycle = poisson(axes, n, damping, 1)
        error = torch.randn(1, 1, *(n,) * axes, dtype=torch.float64)
        with torch.no_grad():
            for _ in range(12):
                before = error.norm()
                error = error - cycle(laplacian(error, axes, n))
                error -= error.mean()  # which the equation leaves free
        rates.append((error.norm() / before).item())
    two_grids = (1 / 3 if axes == 1 else 3 / 5) ** 2  # smoothing factor to the number of steps
    assert 0.9 * two_grids < min(rates)
    assert max(rates) < bound
    assert rates[1] < 1.3 * rates[0]


def small(**options):
    torch.manual_seed(0)
    return MgNO(**{"axes": 2, "width": 4, "depth": 2, "levels": 3} | options).double()


def test_outputs_are_those_of_the_authors_code():
    # theirs, with these weights: MgNO_DC, num_iteration [[1, 0], [1, 1], [2, 0]], zeros beyond
    network = waves(small(periodic=False, after=(0, 1, 0), kernel=4))
    expected = torch.tensor([-166.9519299312505, 181.7830371254437, -0.23888279528878212]).double()
    found = told(network(field(2, 1, 8, 8)), 1, 0, 3, 5)
    torch.testing.assert_close(found, expected, rtol=1e-6, atol=1e-9)


def test_parameters_are_those_of_the_authors_code():
    network = MgNO(axes=2, levels=6, periodic=False, kernel=4)  # counted in theirs
    assert count_parameters(network) == 738_573


@pytest.mark.parametrize("axes", [1, 2, 3])
def test_it_commutes_with_shifts_of_the_coarsest_grid(axes):
    network = small(axes=axes, activation="tanh")
    x = torch.randn(1, 1, *(8,) * axes, dtype=torch.float64)
    torch.testing.assert_close(network(x.roll(4, -1)), network(x).roll(4, -1))
    assert not torch.allclose(network(x.roll(1, -1)), network(x).roll(1, -1))


def test_closed_axes_have_any_number_of_points():
    network = small(periodic=(False, True), positional=True)
    for n in (8, 11, 21):
        assert network(torch.zeros(2, 1, n, 12).double()).shape == (2, 1, n, 12)


def test_periodic_axes_must_be_halved_evenly():
    message = (
        r"halves periodic axes 2 times, .* multiple of 4, not 6: with 6 points set levels for 1 "
    )
    with pytest.raises(ValueError, match=message):
        small()(torch.zeros(1, 1, 8, 6).double())


def test_a_gate_may_be_the_activation():
    network = small(activation=DenseGate)
    network(torch.randn(1, 1, 8, 8).double()).sum().backward()
    assert all(p.grad.abs().sum() > 0 for act in network.act for p in act.parameters())


@pytest.mark.parametrize(
    ("bad", "says"),
    [
        ({"width": 0}, "at least 1"),
        ({"axes": 4}, "1 to 3 space axes"),
        ({"periodic": (True,)}, "1 entries for 2 axes"),
        ({"before": (1, 1)}, "2 numbers of smoothing steps for 3 levels"),
        ({"before": 0}, "at least one step"),
    ],
)
def test_sizes_out_of_range_are_refused(bad, says):
    with pytest.raises(ValueError, match=says):
        small(**bad)
