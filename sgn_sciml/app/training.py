"""The commands ``sgn fit|validate|test|predict``.

A configuration names a task, a data module and what differs from our defaults.
"""

import atexit
import logging
import warnings
from collections.abc import Sequence

import torch
from jsonargparse import ArgumentError
from lightning.fabric.utilities.exceptions import MisconfigurationException

from sgn_sciml.app.dialect import underscored
from sgn_sciml.app.training_cli import TrainingCLI
from sgn_sciml.runs.run import Run
from sgn_sciml.system.blame import first_cause

__all__ = ["train"]

IGNORED = (
    "LightningCLI's args parameter is intended.*",
    # Points are made on the fly, so there is nothing for workers to load or to index ...
    ".*does not have many workers.*",
    ".*Couldn't infer the batch indices.*",
    "Checkpoint directory .* exists and is not empty",
    "Total length of `list` across ranks is zero.*",
    # ... and evaluation needs no callback that only training has.
    ".*callbacks used to create the checkpoint.*",
    # ... and what is logged has been reduced over the processes by then.
    "It is recommended to use `self.log.*sync_dist=True.*",
    ".*isinstance.treespec, LeafSpec.*",  # lightning #21326
)


@atexit.register
def leave_processes() -> None:
    """Leave the group of processes while the interpreter is whole.

    Lightning does so for NCCL alone; threads of gloo that outlive the interpreter abort at times.
    """
    if torch.distributed.is_available() and torch.distributed.is_initialized():
        torch.distributed.destroy_process_group()


def is_lost_process(error: RuntimeError) -> bool:
    """Whether an error means that another process of the run is gone; gloo's have no class."""
    if not torch.distributed.is_available():
        return False
    return isinstance(error, torch.distributed.DistError) or "gloo/transport" in str(error)


def train(words: Sequence[str], run: Run | None = None) -> Run:
    """Run a training command.

    Args:
        words: Words of the command line, the command first.
        run: A run of earlier commands, which goes on: its configuration is used, its data are not
            read again, and its best checkpoint is tested.

    Returns:
        The run.

    Raises:
        ValueError: For a configuration or data that cannot be used, or a NaN in training.
        OSError: For files that cannot be read or written, or a process of the run that is gone.
        KeyboardInterrupt: After Ctrl-C.
    """
    logging.getLogger("lightning.pytorch").setLevel(logging.WARNING)
    for message in IGNORED:
        warnings.filterwarnings("ignore", message)
    run = run or Run()
    try:
        TrainingCLI(underscored(words), run)
    except (ArgumentError, MisconfigurationException) as error:
        raise ValueError(first_cause(error)) from error
    except RuntimeError as error:
        if not is_lost_process(error):
            raise
        again = "; go on with the same command and --ckpt_path last" if words[0] == "fit" else ""
        reason = str(error).partition("\n")[0]
        raise ConnectionError(f"another process of this run is gone{again} ({reason})") from error
    return run
