import pytest
import torch

from sgn_sciml.local_solver.elimination import Elimination, MatrixGroup, dissect


def rows_of(count, traces, equal=False):
    generator = torch.Generator().manual_seed(1)
    many = torch.randn(count, 20, 7 + traces, generator=generator, dtype=torch.float64)
    right = torch.randn(count, 20, generator=generator, dtype=torch.float64)
    return (many[:1].expand_as(many).clone() if equal else many), right


@pytest.mark.parametrize("equal", [False, True])
@pytest.mark.parametrize("count", [2, 3, 5, 13])
def test_a_ring_of_cells_has_the_solution_of_the_whole_problem(count, equal):
    size = 3
    matrices, right = rows_of(count, 2 * size, equal)
    group = MatrixGroup(20, 7)
    whole = torch.zeros(count * 20, count * (7 + size), dtype=torch.float64)
    for k in range(count):
        # With two cells the pieces on their two sides are different ones.
        left, after = k, (k + 1) % count
        group.members.append(k)
        group.traces.append(([], [left, after]))
        rows = slice(20 * k, 20 * k + 20)
        whole[rows, 7 * k : 7 * k + 7] = matrices[k, :, :7]
        for j, piece in enumerate((left, after)):
            place = 7 * count + size * piece
            whole[rows, place : place + size] += matrices[k, :, 7 + size * j : 7 + size * (j + 1)]
    tree = dissect(torch.arange(count, dtype=torch.float64)[:, None])
    elimination = Elimination([group], [size] * count, tree)
    elimination.decompose([matrices])
    (found,), traces = elimination.solve([right])
    wanted = torch.linalg.lstsq(whole, right.reshape(-1, 1)).solution[:, 0]
    torch.testing.assert_close(torch.cat([found.flatten(), traces]), wanted, rtol=0, atol=1e-12)
    assert elimination.undetermined() == 0
    assert (group.kinds is not None) == equal  # equal matrices are factored once


def test_unknowns_without_rows_are_counted():
    matrices, _ = rows_of(2, 3)
    matrices[1, :, 4] = matrices[1, :, 3]
    group = MatrixGroup(20, 7, [0, 1], [([], [0]), ([], [0])])
    elimination = Elimination([group], [3], [(0, 1)])
    elimination.decompose([matrices])
    assert elimination.undetermined() == 1


def test_a_plane_is_cut_in_halves():
    centres = torch.cartesian_prod(torch.arange(4.0), torch.arange(2.0))
    joints = dissect(centres)
    assert len(joints) == 7
    assert sorted(k for pair in joints for k in pair) == [*range(14)]  # each once, the root never
