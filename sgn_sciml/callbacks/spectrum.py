"""Spectral error over training: which wavenumbers were learned when."""

import csv
from typing import Any

import torch
from lightning.pytorch import Callback, Trainer

from sgn_sciml.runs.loggers import run_folder, send_figure
from sgn_sciml.viz import spectral_error_figure

__all__ = ["SpectralErrorMap"]


class SpectralErrorMap(Callback):
    """Keep the spectrum of the error at every validation.

    When training ends it writes ``spectral_error.csv`` (one row per validation, one column per
    wavenumber, mean squared error) and draws ``figures/spectral_error.png``, a heat map of
    wavenumber by step. Both end at the Nyquist wavenumber of the validation grid, that of its
    coarsest axis: above are only corners of the modes. It reads the ``SpectralError`` among the
    task's validation metrics.
    """

    def __init__(self) -> None:
        self.steps: list[int] = []
        self.errors: list[list[float]] = []
        self.wavenumber: list[float] = []
        self.target: list[float] = []
        self.rounding = 0.0

    def on_validation_epoch_end(self, trainer: Trainer, pl_module: Any) -> None:
        metric = pl_module.metrics("val")["spectral"]
        if trainer.state.fn != "fit" or trainer.sanity_checking:
            return
        spectrum = metric.spectrum()  # collective: every process takes part
        if spectrum.error.isnan().all():
            return  # no reference grid
        count = int(spectrum.whole) + 1
        self.steps.append(trainer.global_step)
        self.errors.append(spectrum.error[:count].tolist())
        self.wavenumber = spectrum.wavenumber[:count].tolist()
        self.target = spectrum.target[:count].tolist()
        self.rounding = float(spectrum.rounding)

    def on_fit_end(self, trainer: Trainer, pl_module: Any) -> None:
        folder = run_folder(trainer)
        if not self.steps or folder is None:
            return
        count = min(map(len, self.errors))  # one that goes on after an earlier version has more
        wavenumber, target = self.wavenumber[:count], self.target[:count]
        errors = [row[:count] for row in self.errors]
        with (folder / "spectral_error.csv").open("w", newline="") as file:
            table = csv.writer(file)
            table.writerow(["step", *(f"{k:g}" for k in wavenumber)])
            table.writerows([s, *row] for s, row in zip(self.steps, errors, strict=True))
        figure = spectral_error_figure(
            torch.tensor(self.steps),
            torch.tensor(wavenumber),
            torch.tensor(errors, dtype=torch.float64),
            torch.tensor(target, dtype=torch.float64),
            16 * self.rounding,  # a few roundings, as solvers in single precision leave them
        )
        send_figure(trainer, "spectral_error", figure)

    def state_dict(self) -> dict[str, Any]:
        # Named one by one: Lightning puts its own attributes on callbacks.
        names = ("steps", "errors", "wavenumber", "target", "rounding")
        return {name: getattr(self, name) for name in names}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        vars(self).update(state_dict)
