"""The table of logged numbers, ``metrics.csv``, which a resumed run continues."""

import csv
from pathlib import Path
from typing import Any

from lightning.fabric.loggers.logger import rank_zero_experiment
from lightning.pytorch import Callback, LightningModule, Trainer
from lightning.pytorch.loggers import CSVLogger
from lightning.pytorch.loggers.csv_logs import ExperimentWriter

from sgn_sciml.system.writing import whole_file

__all__ = ["AppendingCSVLogger", "ForgetRepeated", "forget_after"]


class AppendingWriter(ExperimentWriter):
    """A metrics.csv that a resumed run continues instead of deleting."""

    def _check_log_dir_exists(self) -> None:
        path = Path(self.metrics_file_path)
        if path.is_file():
            with path.open(newline="") as file:
                self.metrics_keys = list(csv.DictReader(file).fieldnames or [])

    def _rewrite_with_new_header(self, fieldnames: list[str]) -> None:
        path = Path(self.metrics_file_path)
        with path.open(newline="") as file:
            rows = list(csv.DictReader(file))
        write_table(path, fieldnames, rows)


class AppendingCSVLogger(CSVLogger):
    """CSVLogger with an :class:`AppendingWriter`."""

    @property
    @rank_zero_experiment
    def experiment(self) -> Any:
        """The writer."""
        if self._experiment is None:
            self._experiment = AppendingWriter(self.log_dir)
        return self._experiment


class ForgetRepeated(Callback):
    """Drop the rows that a resumed run writes again, as its first step begins and not before.

    Args:
        path: The metrics file.
        step: Step of the checkpoint.
    """

    def __init__(self, path: Path, step: int) -> None:
        self.path = path
        self.step: int | None = step

    def on_train_batch_start(
        self, trainer: Trainer, pl_module: LightningModule, batch: Any, batch_idx: int
    ) -> None:
        if self.step is not None and trainer.is_global_zero:
            forget_after(self.path, self.step)
        self.step = None


def forget_after(path: Path, step: int) -> None:
    """Drop the rows of a metrics file that a run resumed at ``step`` will write again."""
    if not path.is_file():
        return
    with path.open(newline="") as file:
        rows = csv.DictReader(file)
        names, kept = list(rows.fieldnames or []), [r for r in rows if _is_before(r, step)]
    write_table(path, names, kept)


def _is_before(row: dict[str, str], step: int) -> bool:
    """Whether a row was written before a checkpoint: training rows count from 0, others from 1."""
    if None in row.values() or not row["step"].isdigit():  # the kill cut this row short
        return False
    trained = any(value for key, value in row.items() if key and key.startswith("train/"))
    return int(row["step"]) < step + (not trained)


def write_table(path: Path, names: list[str], rows: list[dict[str, Any]]) -> None:
    """Write a CSV file in one go, so that a kill leaves the old one."""
    with whole_file(path) as partial, partial.open("w", newline="") as file:
        table = csv.DictWriter(file, names)
        table.writeheader()
        table.writerows(rows)
