"""Spectral error over training: which wavenumbers were learned when."""

import csv
from pathlib import Path
from typing import Any

import torch
from lightning.pytorch import Callback, Trainer

from sgn_sciml.runs.loggers import run_folder, send_figure
from sgn_sciml.system.writing import whole_file
from sgn_sciml.viz import spectral_error_figure

__all__ = ["SpectralErrorMap"]

NAME = "spectral_error.csv"


class SpectralErrorMap(Callback):
    """Keep the spectrum of the error at every validation.

    ``spectral_error.csv`` has one row per validation and one column per wavenumber, the mean
    squared error; when training ends ``figures/spectral_error.png`` is drawn from it, a heat map
    of wavenumber by step. Both end at the Nyquist wavenumber of the validation grid, that of its
    coarsest axis: above are only corners of the modes. It reads the ``SpectralError`` among the
    task's validation metrics. A resumed run takes up the rows of the file, which checkpoints do
    not carry.
    """

    def __init__(self) -> None:
        self.steps: list[int] = []
        self.errors: list[list[float]] = []
        self.wavenumber: list[float] = []
        self.target: list[float] = []
        self.rounding = 0.0
        self._resumed = False

    def on_validation_epoch_end(self, trainer: Trainer, pl_module: Any) -> None:
        if "spectral" not in pl_module.metrics("val"):
            return  # as on a geometry, which is not a box
        metric = pl_module.metrics("val")["spectral"]
        if trainer.state.fn != "fit" or trainer.sanity_checking:
            return
        spectrum = metric.spectrum()  # collective: every process takes part
        if spectrum.error.isnan().all():
            return  # no reference grid
        count = int(spectrum.whole) + 1
        self.wavenumber = spectrum.wavenumber[:count].tolist()
        self.target = spectrum.target[:count].tolist()
        self.rounding = float(spectrum.rounding)
        folder = run_folder(trainer)
        self._take_up(folder, trainer.global_step)
        self.steps.append(trainer.global_step)
        self.errors.append(spectrum.error[:count].tolist())
        if folder is not None:
            self._write(folder / NAME)

    def _take_up(self, folder: Path | None, step: int) -> None:
        """Read the rows that a resumed run wrote before ``step``, once."""
        resumed, self._resumed = self._resumed, False
        if not resumed or folder is None or not (folder / NAME).is_file():
            return
        with (folder / NAME).open(newline="") as file:
            for row in list(csv.reader(file))[1:]:
                if row and row[0].isdigit() and int(row[0]) < step:
                    self.steps.append(int(row[0]))
                    self.errors.append([float(value) for value in row[1:]])

    def _write(self, path: Path) -> None:
        count = min(map(len, self.errors))  # after another version, or on another grid, more
        with whole_file(path) as partial, partial.open("w", newline="") as file:
            table = csv.writer(file)
            table.writerow(["step", *(f"{k:g}" for k in self.wavenumber[:count])])
            rows = zip(self.steps, self.errors, strict=True)
            table.writerows([step, *row[:count]] for step, row in rows)

    def on_fit_end(self, trainer: Trainer, pl_module: Any) -> None:
        folder = run_folder(trainer)
        self._take_up(folder, trainer.global_step + 1)  # if nothing was validated since
        if not self.steps or folder is None:
            return
        count = min(map(len, self.errors))
        wavenumber, target = self.wavenumber[:count], self.target[:count]
        errors = [row[:count] for row in self.errors]
        figure = spectral_error_figure(
            torch.tensor(self.steps),
            torch.tensor(wavenumber),
            torch.tensor(errors, dtype=torch.float64),
            torch.tensor(target, dtype=torch.float64),
            16 * self.rounding,  # a few roundings, as solvers in single precision leave them
        )
        send_figure(trainer, "spectral_error", figure)

    def state_dict(self) -> dict[str, Any]:
        names = ("wavenumber", "target", "rounding")
        return {name: getattr(self, name) for name in names}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        self._resumed = True
        for name in ("wavenumber", "target", "rounding"):
            setattr(self, name, state_dict[name])
