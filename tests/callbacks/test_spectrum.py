"""The spectral-error map against the error it decomposes."""

import csv

import pytest
import torch
from lightning.pytorch.loggers import CSVLogger

from sgn_sciml.callbacks import SpectralErrorMap
from sgn_sciml.networks import CoordinateMLP
from sgn_sciml.pde import Burgers
from sgn_sciml.pinn import PINN, Collocation


def test_table_has_a_row_per_validation_and_adds_up(trainer, reference, tmp_path):
    task = PINN(CoordinateMLP(2, 1, width=8, depth=2), Burgers())
    data = Collocation(Burgers(), str(reference), num_points=32)
    errors, logger = SpectralErrorMap(), CSVLogger(tmp_path, "spectrum")
    trainer(callbacks=[errors], logger=logger, precision="64-true").fit(task, data)
    folder = tmp_path / "spectrum/version_0"
    with (folder / "spectral_error.csv").open() as file:
        header, *rows = csv.reader(file)
    assert header[:2] == ["step", "0"]
    assert [int(row[0]) for row in rows] == [2, 4]
    with torch.no_grad():
        error = task(data.grid.points)[..., 0] - data.grid.fields["u"]
    mse = error.square().mean().item()  # Plancherel
    assert sum(map(float, rows[-1][1:])) == pytest.approx(mse, rel=1e-9)
    assert (folder / "figures/spectral_error.png").stat().st_size > 10_000


def test_history_survives_a_checkpoint():
    a, b = SpectralErrorMap(), SpectralErrorMap()
    a.steps, a.errors, a.wavenumber, a.target = [1], [[2.0]], [0.0], [3.0]
    b.load_state_dict(a.state_dict())
    assert (b.steps, b.errors, b.wavenumber, b.target) == ([1], [[2.0]], [0.0], [3.0])


def test_without_a_reference_nothing_is_written(trainer, tmp_path):
    task = PINN(CoordinateMLP(2, 1, width=8, depth=2), Burgers())
    logger = CSVLogger(tmp_path, "none")
    data = Collocation(Burgers(), num_points=32)
    trainer(callbacks=[SpectralErrorMap()], logger=logger).fit(task, data)
    assert not (tmp_path / "none/version_0/spectral_error.csv").exists()
