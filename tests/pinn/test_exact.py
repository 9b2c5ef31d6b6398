"""References from the exact solution that a problem states."""

import pytest
import torch

from sgn_sciml.layouts import read_grid
from sgn_sciml.networks import CoordinateMLP
from sgn_sciml.pde import Wave, Window
from sgn_sciml.pinn import PINN, Collocation, Exact


@pytest.fixture(autouse=True)
def elsewhere(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def test_it_is_the_exact_solution_on_the_grid():
    grid = read_grid(Exact(grid=(9, 5)).file(Wave()))
    assert (grid.law, dict(grid.parameters)) == ("wave", {"c": 2.0})
    found = grid.fields["u"].reshape(-1, 1)
    assert torch.equal(found, Wave().exact(grid.points.reshape(-1, 2)))
    faster = read_grid(Exact(grid=(9, 5)).file(Wave(c=3.0)))  # written anew
    assert faster.parameters["c"] == 3.0


def test_a_task_is_measured_against_it(trainer):
    data = Collocation(Wave(), Exact(grid=(9, 5)), num_points=20)
    task = PINN(CoordinateMLP(2, 1, width=6, depth=2), Wave())
    found = trainer().test(task, data, verbose=False)[0]
    assert 0 < found["test/relative_l2"] < 10


def test_a_window_has_that_of_the_whole():
    window = Window(Wave(), 0.0, 0.5)
    assert Exact(grid=(9, 5)).file(window) == Exact(grid=(9, 5)).file(Wave())


class Unknown(Wave):
    exact = Wave.__mro__[1].exact


class Flat(Wave):
    def exact(self, points):
        return points[:, 0]


def test_what_cannot_be_made_is_one_line():
    with pytest.raises(ValueError, match="no exact solution of wave is known: define exact"):
        Exact().file(Unknown())
    with pytest.raises(ValueError, match=r"exact returns shape \(45,\), expected \(45, 1\)"):
        Exact(grid=(9, 5)).file(Flat())
