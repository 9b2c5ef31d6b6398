"""Send figures and histograms to every logger of a run, and PNG to its folder."""

from pathlib import Path

from lightning.pytorch import Trainer
from lightning.pytorch.loggers import TensorBoardLogger
from matplotlib.figure import Figure
from matplotlib.image import imread
from torch import Tensor

__all__ = ["run_folder", "send_figure", "send_histogram"]


def run_folder(trainer: Trainer) -> Path | None:
    """The folder of the run; None on all processes but the first, and where nothing is logged.

    Unlike ``trainer.log_dir`` it is not a collective, so that one process may ask alone.
    """
    folders = [logger.log_dir for logger in trainer.loggers if logger.log_dir]
    return Path(folders[0]) if folders and trainer.is_global_zero else None


def send_figure(trainer: Trainer, name: str, figure: Figure) -> None:
    """Write ``figures/<name>.png`` and add the picture to TensorBoard; rank zero only."""
    folder = run_folder(trainer)
    if folder is None:
        return
    path = folder / "figures" / f"{name}.png"
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=150)
    for logger in trainer.loggers:
        if isinstance(logger, TensorBoardLogger):
            picture = imread(path)[..., :3]  # as add_figure would draw all of it once more
            logger.experiment.add_image(name, picture, trainer.global_step, dataformats="HWC")


def send_histogram(trainer: Trainer, name: str, values: Tensor) -> None:
    """Add a histogram of the finite ones to TensorBoard; rank zero only."""
    values = values[values.isfinite()]
    if not len(values):  # a run that has diverged: its guard says so
        return
    for logger in trainer.loggers if trainer.is_global_zero else ():
        if isinstance(logger, TensorBoardLogger):
            logger.experiment.add_histogram(name, values, trainer.global_step)
