"""Predicted fields as files."""

import pytest
import torch
from lightning.pytorch.loggers import CSVLogger

from sgn_sciml.callbacks import FieldFigures, PredictionWriter
from sgn_sciml.data import Collocation, read_grid
from sgn_sciml.networks import CoordinateMLP
from sgn_sciml.pde import Burgers
from sgn_sciml.tasks import PINN


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
