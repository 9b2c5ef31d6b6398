"""The spectral-error map against the error it decomposes."""

import csv

import pytest
import torch
from lightning.pytorch.loggers import CSVLogger

from sgn_sciml.callbacks import SpectralErrorMap
from sgn_sciml.metrics import SpectralError
from sgn_sciml.networks import CoordinateMLP
from sgn_sciml.operators import FnoSplit, Operator, OperatorData
from sgn_sciml.operators.networks import FNO
from sgn_sciml.pde import Burgers
from sgn_sciml.pinn import PINN, Collocation
from sgn_sciml.runs.metrics_file import AppendingCSVLogger
from tests.conftest import ROOT


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


def test_a_resumed_run_has_the_rows_of_one_that_was_not_stopped(trainer, reference, tmp_path):
    """The file carries them; a checkpoint of a long run does not grow with them."""

    def fit(name, steps, ckpt=None):
        torch.manual_seed(0)
        task = PINN(CoordinateMLP(2, 1, width=8, depth=2), Burgers())
        data = Collocation(Burgers(), str(reference), num_points=32)
        errors, logger = SpectralErrorMap(), AppendingCSVLogger(tmp_path, name, version=0)
        made = trainer(callbacks=[errors], logger=logger, max_steps=steps)
        made.fit(task, data, ckpt_path=ckpt)
        made.save_checkpoint(tmp_path / f"{name}.ckpt")
        return (tmp_path / name / "version_0/spectral_error.csv").read_text()

    whole = fit("whole", 4)
    fit("part", 2)
    assert fit("part", 4, tmp_path / "part.ckpt") == whole
    assert len(whole.splitlines()) == 3
    state = torch.load(tmp_path / "whole.ckpt", weights_only=True)["callbacks"]
    assert {"steps", "errors"}.isdisjoint(state["SpectralErrorMap"])


def test_without_a_reference_nothing_is_written(trainer, tmp_path):
    task = PINN(CoordinateMLP(2, 1, width=8, depth=2), Burgers())
    logger = CSVLogger(tmp_path, "none")
    data = Collocation(Burgers(), num_points=32)
    trainer(callbacks=[SpectralErrorMap()], logger=logger).fit(task, data)
    assert not (tmp_path / "none/version_0/spectral_error.csv").exists()


def test_an_operators_map_ends_at_the_nyquist_of_its_data(trainer, tmp_path):
    """32 points have 16 waves; the metric of the task has 128 shells."""
    data = OperatorData(
        str(ROOT / "data/small/burgers_r10_64.h5"), split=FnoSplit(8, 2, 2), resolution=32
    )
    logger = CSVLogger(tmp_path, "map")
    made = trainer(callbacks=[SpectralErrorMap()], logger=logger, log_every_n_steps=1, max_steps=2)
    made.fit(Operator(FNO(modes=(4,), width=4, depth=1)), data)
    with (tmp_path / "map/version_0/spectral_error.csv").open() as file:
        header, *rows = csv.reader(file)
    assert header == ["step", *map(str, range(17))]
    assert all(len(row) == 18 for row in rows)


@pytest.mark.parametrize(
    ("grid", "boundary", "whole"),
    [((32,), "even", 16), ((33,), "periodic", 16), ((32, 20), "even", 10), ((256,), "even", 63),
     ((8, 30), (None, "hann"), 15)],
)  # fmt: skip
def test_shells_are_whole_up_to_the_coarsest_axis(grid, boundary, whole):
    metric = SpectralError(boundary, max_wavenumber=64)
    metric.update(*torch.randn(2, 3, 1, *grid))
    assert metric.spectrum().whole == whole
