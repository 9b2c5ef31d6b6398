import pytest
import torch

from sgn_sciml.local_solver import GatedMixtures, Polynomials, Sines, Tanhs
from sgn_sciml.local_solver.reference_cell import ReferenceCell

KINDS = [Polynomials, Sines, Tanhs, GatedMixtures]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("index", [(1, 0), (0, 2), (2, 1), (4, 0)])
def test_derivatives_are_those_of_automatic_differentiation(kind, index):
    dictionary = kind(5, 2)
    points = torch.tensor([[0.3, -0.7], [-0.2, 0.9], [0.0, 0.5]], dtype=torch.float64)
    step = 1e-4
    axis = 0 if index[0] else 1
    lower = tuple(i - (a == axis) for a, i in enumerate(index))
    shift = step * torch.eye(2, dtype=torch.float64)[axis]
    ends = [dictionary.values(points + sign * shift, lower) for sign in (1, -1)]
    found = dictionary.values(points, index)
    slope = (ends[0] - ends[1]) / (2 * step)
    assert (found - slope).abs().max() < 1e-4 * found.abs().max().clamp(min=1)


@pytest.mark.parametrize("kind", KINDS)
def test_a_dictionary_holds_smooth_functions(kind):
    reference = ReferenceCell(kind(12, 2))
    nodes, check = reference.nodes("interior"), reference.nodes("check")

    def function(p):
        return torch.exp(p[:, 0]) * torch.cos(p[:, 1])

    c = reference.fit() @ function(nodes)
    error = reference.table("check", (0, 0)) @ c - function(check)
    assert error.abs().max() < (1e-9 if kind is Polynomials else 1e-4)
    assert kind(12, 2).size <= Polynomials(12, 2).size


@pytest.mark.parametrize("kind", KINDS)
def test_a_constant_has_no_curvature_that_fine_cells_would_amplify(kind):
    reference = ReferenceCell(kind(13, 2))
    c = reference.fit() @ torch.ones(len(reference.nodes("interior")), dtype=torch.float64)
    assert (reference.table("check", (2, 0)) @ c).abs().max() < 1e-4


def test_integrals_and_coefficients_are_those_of_polynomials():
    reference = ReferenceCell(Polynomials(6, 2))
    line = reference.nodes("check").reshape(reference.nodes_per_axis + 1, -1, 2)[0, :, 1]
    found = reference.integration() @ (3 * line**2)
    torch.testing.assert_close(found, line**3 + 1, rtol=0, atol=1e-14)
    x, y = reference.nodes("interior").T
    c = reference.fit() @ (x * (2 * y**2 - 1))  # T_1(x) T_2(y)
    a = torch.tensordot(reference.transform(), c, dims=([2], [0]))
    assert a[1, 2] == pytest.approx(1)
    assert a.abs().sum() == pytest.approx(1)


def test_the_same_seed_draws_the_same_functions():
    points = torch.zeros(1, 2, dtype=torch.float64)
    one, same, other = (Sines(5, 2, seed=s).values(points, (0, 0)) for s in (0, 0, 1))
    assert torch.equal(one, same)
    assert not torch.equal(one, other)
