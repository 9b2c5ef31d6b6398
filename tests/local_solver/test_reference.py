"""References that are solved when they are asked for."""

from dataclasses import dataclass

import pytest
import torch

from sgn_sciml.layouts import read_grid
from sgn_sciml.local_solver import LocalLeastSquares, reference
from sgn_sciml.pde import Burgers, Condition, Problem, Window
from sgn_sciml.pinn import Collocation
from tests.local_solver.problems import RobinHeat

ROUGH = Burgers(nu=0.05)


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_reference_is_solved_once_and_says_how_good_it_is(capsys, monkeypatch):
    source = LocalLeastSquares(1e-6, grid=(9, 5))
    path = source.file(ROUGH)
    shown = capsys.readouterr().out
    assert "solving burgers by local least squares to 1e-06, once" in shown
    assert f"wrote {path}: estimated error" in shown
    grid = read_grid(path)
    truth = ROUGH.exact(grid.points.reshape(-1, 2)).reshape(9, 5)
    assert (grid.fields["u"] - truth).norm() < max(2 * grid.accuracy, 1e-12) * truth.norm()
    assert 0 < grid.accuracy < 2e-6
    assert grid.method == "local least squares"
    assert [p.name for p in path.parent.iterdir()] == [path.name]  # no slabs, no lock
    monkeypatch.setattr(reference, "solve", None)
    assert source.file(ROUGH) == path
    assert source.file(Window(ROUGH, 0.0, 0.5)) == path  # a window's part is cut out of it


def test_a_damaged_file_is_made_again():
    source = LocalLeastSquares(1e-4, grid=(9, 5))
    path = source.file(ROUGH)
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    assert source.file(ROUGH) == path
    assert read_grid(path).fields["u"].shape == (9, 5)


def test_other_problems_tolerances_and_grids_have_other_files():
    one = LocalLeastSquares(1e-3, grid=(5, 3))
    files = {
        one.file(ROUGH),
        one.file(Burgers(nu=0.06)),
        LocalLeastSquares(1e-4, grid=(5, 3)).file(ROUGH),
        LocalLeastSquares(1e-3, grid=(5, 4)).file(ROUGH),
    }
    assert len(files) == 4


def test_a_solve_that_was_stopped_goes_on(monkeypatch):
    source = LocalLeastSquares(1e-6, grid=(9, 5))
    saved, save = [], reference.save_slab

    def stop(folder, number, *rest):
        if number == 2:
            raise KeyboardInterrupt
        saved.append(number)
        return save(folder, number, *rest)

    monkeypatch.setattr(reference, "save_slab", stop)
    with pytest.raises(KeyboardInterrupt):
        source.file(ROUGH)
    monkeypatch.setattr(
        reference, "save_slab", lambda f, n, *rest: (saved.append(n), save(f, n, *rest))
    )
    resumed = read_grid(source.file(ROUGH)).fields["u"]
    assert saved[:3] == [0, 1, 2]
    other = LocalLeastSquares(1e-6, grid=(9, 5), folder="other").file(ROUGH)
    assert torch.equal(read_grid(other).fields["u"], resumed)


@dataclass(frozen=True)
class Listed(RobinHeat):
    """Constants that no file can hold as they are."""

    law = "listed"
    names: tuple = ("a", "b")
    more: object = torch.sin
    numbers: list = None


def test_constants_of_any_kind_are_compared():
    problem = Listed(numbers=[1.0, 2.0])
    path = LocalLeastSquares(1e-4, grid=(5, 3)).file(problem)
    data = Collocation(problem, str(path))
    data.setup("fit")
    assert data.grid.fields["u"].shape == (5, 3)


@dataclass(frozen=True)
class Open(Problem):
    law = "open"
    coordinates = ("x", "t")
    domain = ((0.0, 0.0), (1.0, 1.0))
    conditions = (Condition("initial", {"t": 0.0}, lambda d: d.u - torch.sin(d.x)),)

    def residual(self, d):
        return d.u_t - d.u_xx


def test_what_is_refused_is_one_line_and_leaves_nothing(here):
    with pytest.raises(ValueError, match=r"no reference of open by .* no condition at x = 0"):
        LocalLeastSquares().file(Open())
    assert not [p for p in here.rglob("*") if p.is_file()]
    with pytest.raises(ValueError, match="tolerance must lie between 0 and 1"):
        LocalLeastSquares(0.0)
    data = Collocation(Open(), "none.h5")
    with pytest.raises(FileNotFoundError, match="or set reference: LocalLeastSquares"):
        data.setup("fit")
