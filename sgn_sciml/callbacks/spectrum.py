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
    wavenumber by step. It reads the ``SpectralError`` among the task's validation metrics.
    """

    def __init__(self) -> None:
        self.steps: list[int] = []
        self.errors: list[list[float]] = []
        self.wavenumber: list[float] = []
        self.target: list[float] = []

    def on_validation_epoch_end(self, trainer: Trainer, pl_module: Any) -> None:
        metric = pl_module.metrics("val")["spectral"]
        if trainer.state.fn != "fit" or trainer.sanity_checking:
            return
        spectrum = metric.spectrum()  # collective: every process takes part
        if spectrum.error.isnan().all():
            return  # no reference grid
        self.steps.append(trainer.global_step)
        self.errors.append(spectrum.error.tolist())
        self.wavenumber, self.target = spectrum.wavenumber.tolist(), spectrum.target.tolist()

    def on_fit_end(self, trainer: Trainer, pl_module: Any) -> None:
        folder = run_folder(trainer)
        if not self.steps or folder is None:
            return
        with (folder / "spectral_error.csv").open("w", newline="") as file:
            table = csv.writer(file)
            table.writerow(["step", *(f"{k:g}" for k in self.wavenumber)])
            table.writerows([s, *row] for s, row in zip(self.steps, self.errors, strict=True))
        figure = spectral_error_figure(
            torch.tensor(self.steps),
            torch.tensor(self.wavenumber),
            torch.tensor(self.errors),
            torch.tensor(self.target),
        )
        send_figure(trainer, "spectral_error", figure)

    def state_dict(self) -> dict[str, Any]:
        # Named one by one: Lightning puts its own attributes on callbacks.
        return {name: getattr(self, name) for name in ("steps", "errors", "wavenumber", "target")}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        vars(self).update(state_dict)
