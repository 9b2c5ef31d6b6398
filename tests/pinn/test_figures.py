"""Predicted fields as files."""

import pytest
import torch
from lightning.pytorch.loggers import CSVLogger

from sgn_sciml.benchmark_data.solution import reference as reference_grid
from sgn_sciml.layouts import read_grid, write_grid
from sgn_sciml.networks import CoordinateMLP
from sgn_sciml.pde import Burgers, Darcy, Poisson
from sgn_sciml.pinn import PINN, Collocation, FieldFigures, PredictionWriter


@pytest.fixture
def task():
    return PINN(CoordinateMLP(2, 1, width=8, depth=2), Burgers())


@pytest.fixture
def data(reference):
    return Collocation(Burgers(), str(reference), frames_per_batch=4)


def test_predictions_are_the_networks_on_the_reference_grid(trainer, task, data, tmp_path):
    path = tmp_path / "u.h5"
    trainer(callbacks=[PredictionWriter(path)], precision="64-true").predict(
        task, data, return_predictions=False
    )
    grid = read_grid(path)
    assert grid.law == "burgers"
    assert all(torch.equal(grid.coordinates[k], data.grid.coordinates[k]) for k in ("x", "t"))
    with torch.no_grad():
        torch.testing.assert_close(grid.fields["u"], task(grid.points)[..., 0])
    residual = task.residual_magnitude(grid.points.reshape(-1, 2)).reshape(33, 9)
    torch.testing.assert_close(grid.fields["residual"], residual)


def test_a_figure_per_field(trainer, task, data, tmp_path):
    logger = CSVLogger(tmp_path, "fields")
    trainer(callbacks=[FieldFigures()], logger=logger).test(task, data, verbose=False)
    assert (tmp_path / "fields/version_0/figures/u.png").stat().st_size > 10_000


@pytest.mark.parametrize("problem", [Poisson(), Darcy()], ids=["line", "square"])
def test_steady_problems_have_figures_and_files(problem, trainer, tmp_path):
    d = len(problem.coordinates)
    path = write_grid(tmp_path / "a.h5", reference_grid(problem, (9, 7)[:d]))
    task = PINN(CoordinateMLP(d, 1, width=8, depth=2), problem)
    data = Collocation(problem, str(path))
    logger = CSVLogger(tmp_path, "fields")
    found = trainer(callbacks=[FieldFigures()], logger=logger, precision="64-true").test(
        task, data, verbose=False
    )
    grid = read_grid(path)
    with torch.no_grad():
        u = task(grid.points)[..., 0]
    error = (u - grid.fields["u"]).norm() / grid.fields["u"].norm()
    assert found[0]["test/relative_l2"] == pytest.approx(error.item(), rel=1e-6)
    assert (tmp_path / "fields/version_0/figures/u.png").stat().st_size > 10_000
    trainer(callbacks=[PredictionWriter(tmp_path / "u.h5")], precision="64-true").predict(
        task, data, return_predictions=False
    )
    torch.testing.assert_close(read_grid(tmp_path / "u.h5").fields["u"], u)


def test_without_a_reference_predictions_are_on_the_grid_of_the_problem(trainer, task, tmp_path):
    path = tmp_path / "u.h5"
    data = Collocation(Burgers(), frames_per_batch=40)
    trainer(callbacks=[PredictionWriter(path)], precision="64-true").predict(
        task, data, return_predictions=False
    )
    grid = read_grid(path)
    assert grid.fields["u"].shape == Burgers.grid
    assert torch.allclose(grid.fields["u"][:, 0], -torch.sin(torch.pi * grid.coordinates["x"]))
