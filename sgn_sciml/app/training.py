"""LightningCLI with run folders: what ``sgn fit|validate|test|predict`` do.

A configuration names a task, a data module and what differs from the defaults below.
"""

import atexit
import logging
import warnings
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from pickle import UnpicklingError
from pkgutil import resolve_name
from typing import Any

import torch
from jsonargparse import ArgumentError
from jsonargparse.typing import PositiveInt
from lightning.fabric.utilities.exceptions import MisconfigurationException
from lightning.pytorch import LightningDataModule, Trainer
from lightning.pytorch.callbacks import Callback, ModelCheckpoint
from lightning.pytorch.cli import LightningArgumentParser, LightningCLI
from lightning.pytorch.loggers import TensorBoardLogger
from lightning.pytorch.utilities import rank_zero_only

# Imported so that configurations can name their classes without a path.
import sgn_sciml.callbacks
import sgn_sciml.inr
import sgn_sciml.layers
import sgn_sciml.networks
import sgn_sciml.operators.networks
import sgn_sciml.optim
import sgn_sciml.pde
import sgn_sciml.pinn
import sgn_sciml.runs
from sgn_sciml.callbacks.budget import read_budget
from sgn_sciml.inr.configured import configured_signal
from sgn_sciml.layouts import write_samples
from sgn_sciml.runs.card import summary
from sgn_sciml.runs.files import AppendingCSVLogger, AtomicCheckpointIO, forget_after
from sgn_sciml.runs.folder import RunFolder, find_checkpoint, new_run

__all__ = ["train"]

TRAINER_DEFAULTS = {
    "max_epochs": -1,  # the budget is max_steps
    "inference_mode": False,  # evaluation differentiates the network
    "use_distributed_sampler": False,  # our data modules shard themselves, without duplicates
    "check_val_every_n_epoch": None,
    "num_sanity_val_steps": 0,
    "log_every_n_steps": 10,
    "enable_model_summary": False,
}


@atexit.register
def leave_processes() -> None:
    """Leave the group of processes while the interpreter is whole.

    Lightning does so for NCCL alone; threads of gloo that outlive the interpreter abort at times.
    """
    if torch.distributed.is_available() and torch.distributed.is_initialized():
        torch.distributed.destroy_process_group()


def is_first_process() -> bool:
    """Whether this process writes the files of the run; known before the trainer is made."""
    return getattr(rank_zero_only, "rank", 0) == 0


def is_lost_process(error: RuntimeError) -> bool:
    """Whether an error means that another process of the run is gone; gloo's have no class."""
    if not torch.distributed.is_available():
        return False
    return isinstance(error, torch.distributed.DistError) or "gloo/transport" in str(error)


def read_step(checkpoint: Path) -> int:
    """The step a checkpoint was written at.

    Raises:
        ValueError: If the file is no whole checkpoint.
    """
    try:
        return int(torch.load(checkpoint, weights_only=True, map_location="cpu")["global_step"])
    except (RuntimeError, OSError, EOFError, KeyError, UnpicklingError) as error:
        raise ValueError(f"{checkpoint} is damaged or no checkpoint of ours") from error


def match_signal(config: Any) -> None:
    """Give a network that fits a signal the signal's numbers of axes and channels."""
    task = resolve_name(config.model.class_path) if config.get("model") else None
    if not (isinstance(task, type) and issubclass(task, sgn_sciml.inr.INR)):
        return
    signal = configured_signal(config.data.as_dict(), config.seed_everything or 0)
    network = config.model.init_args.network
    encoding = network.init_args.get("encoding")
    for part in (network, *([encoding] if encoding else [])):
        part.init_args.in_features = len(signal.grid)
    network.init_args.out_features = len(signal.values)


class TrainingCLI(LightningCLI):
    """The command line of one training command."""

    folder: RunFolder | None = None
    reached = 0  # step of the checkpoint in use
    silent = False  # whether the command leaves no files
    seconds: float | None = None  # of training, where time is the budget

    def add_arguments_to_parser(self, parser: LightningArgumentParser) -> None:
        parser.add_argument("--name", type=str | None, default=None, help="name of the run")
        parser.add_argument("--runs", type=str, default="runs", help="folder of all runs")
        parser.add_argument(
            "--checkpoint_every",
            type=PositiveInt,
            default=50,
            help="steps between writes of last.ckpt",
        )
        parser.add_argument(
            "--threads",
            type=PositiveInt | None,
            default=None,
            help="CPU threads (default: torch's choice)",
        )
        parser.add_argument(
            "--budget",
            type=str | None,
            default=None,
            help="steps or time of training, in place of trainer.max_steps: 300, 90s, 5m, 1h",
        )
        parser.link_arguments("seed_everything", "data.init_args.seed")
        parser.link_arguments("data.init_args.problem", "model.init_args.problem")

    def parse_arguments(self, parser: LightningArgumentParser, args: Any) -> None:
        """Parse, then settle which run folder and which checkpoint are meant."""
        super().parse_arguments(parser, args)
        command = self.config["subcommand"]
        config = self.config[command]
        first = Path(str(config.config[0])) if config.get("config") else None
        inside = RunFolder.holding(first) if first else None
        if config.runs == "runs" and inside:
            config.runs = str(inside.root)
        if config.name is None:
            config.name = inside.name if inside else first.stem if first else "run"
        root, word = Path(config.runs), config.get("ckpt_path")
        if (command != "fit" or word is not None) and not config.trainer.fast_dev_run:
            path, self.folder = find_checkpoint(word, root, config.name, first)
            self.reached = read_step(path)
            config.ckpt_path = str(path)

    def before_instantiate_classes(self) -> None:
        """Settle what the command writes."""
        config = self.config[self.subcommand]
        if config.threads is not None:
            torch.set_num_threads(config.threads)
        if config.budget is not None:
            steps, self.seconds = read_budget(config.budget)
            config.trainer.max_steps = steps or config.trainer.max_steps
        match_signal(config)
        if config.trainer.logger is False or config.trainer.fast_dev_run:  # leave no trace
            self.silent, self.folder, self.save_config_callback = True, None, None
            config.trainer.enable_checkpointing = False
        if self.subcommand in ("validate", "test"):  # testing prints its own table, from the card
            config.verbose = self.silent or self.subcommand == "validate"
        if self.subcommand != "fit":
            self.save_config_callback = None
        elif self.folder is not None:  # a run goes on: what it began with stays
            self.save_config_kwargs["config_filename"] = "config_resumed.yaml"

    def instantiate_trainer(self, **kwargs: Any) -> Trainer:
        """Create the trainer, and the folder of a new run once task and data are known good."""
        config = self.config_init[self.subcommand]
        self.datamodule.setup(self.subcommand)
        created = self.folder is None and not self.silent
        if created:
            make = new_run if is_first_process() else partial(RunFolder, version=0)
            self.folder = make(Path(config.runs), config.name)
        extra: list[Callback] = []
        if self.subcommand == "fit" and self.seconds is not None:
            extra.append(sgn_sciml.callbacks.TimeBudget(self.seconds))
        if self.subcommand != "fit":  # seconds, and an endless loader has no length to show
            config.trainer.enable_progress_bar = False
        elif config.trainer.enable_progress_bar is not False:
            extra.append(sgn_sciml.callbacks.StepProgress())
        if self.folder is not None:
            root, name, version = str(self.folder.root), self.folder.name, self.folder.version
            if config.trainer.logger in (None, True):
                kwargs["logger"] = [
                    AppendingCSVLogger(root, name, version),
                    TensorBoardLogger(root, name, version, default_hp_metric=False),
                ]
            extra += self._standard_callbacks(self.folder)
            config.trainer.plugins = [*(config.trainer.plugins or []), AtomicCheckpointIO()]
        config.trainer.callbacks = [*(config.trainer.callbacks or []), *extra]
        try:
            return super().instantiate_trainer(**kwargs)
        except Exception:
            if created and self.folder is not None and is_first_process():
                self.folder.discard()
            raise

    def _standard_callbacks(self, folder: RunFolder) -> list[Callback]:
        """What every run of a command has, whatever its configuration says."""
        card = sgn_sciml.runs.Card(self.config[self.subcommand].seed_everything)
        if self.subcommand == "predict":
            path = folder.path / "predictions.h5"
            if isinstance(self.datamodule, sgn_sciml.operators.OperatorData):
                return [sgn_sciml.operators.SamplePredictionWriter(path, write_samples)]
            if isinstance(self.datamodule, sgn_sciml.inr.SignalData):
                return [sgn_sciml.inr.SignalWriter(path)]
            return [sgn_sciml.pinn.PredictionWriter(path)]
        if self.subcommand != "fit":
            return [card]
        best = ModelCheckpoint(
            str(folder.checkpoints),
            filename="best",
            monitor="val/loss",
            enable_version_counter=False,
        )
        last = sgn_sciml.callbacks.LastCheckpoint(
            folder.checkpoints / "last.ckpt", self.config.fit.checkpoint_every
        )
        return [card, sgn_sciml.callbacks.FiniteLoss(), best, last]

    def before_fit(self) -> None:
        """Drop from the log of a run that goes on what it will log again."""
        if self.folder is not None and self.config.fit.ckpt_path and is_first_process():
            forget_after(self.folder.path / "metrics.csv", self.reached)

    def after_test(self) -> None:
        """Print the table."""
        if self.folder is not None and self.trainer.is_global_zero:
            print(f"\n{self.folder.path}\n\n{summary(self.folder.path)}\n")

    def after_fit(self) -> None:
        """Say where things are and, after Ctrl-C, how to go on."""
        if self.folder is None or not self.trainer.is_global_zero:
            return
        if 0 < self.trainer.max_steps <= self.reached:
            print(f"nothing left to train: the checkpoint is at step {self.reached}")
        print(f"\nwrote {self.folder.path}")
        if any(getattr(c, "requested", False) for c in self.trainer.callbacks):  # type: ignore[attr-defined]
            print(
                f"stopped at step {self.trainer.global_step}; go on with: sgn fit "
                f"--config {self.folder.path / 'config.yaml'} --ckpt_path last"
            )
            raise KeyboardInterrupt


def train(args: Sequence[str]) -> Path | None:
    """Run a training command.

    Args:
        args: Words of the command line, the command first.

    Returns:
        The folder of the run; None if it leaves none.

    Raises:
        ValueError: For a configuration or data that cannot be used, or a NaN in training.
        OSError: For files that cannot be read or written, or a process of the run that is gone.
        KeyboardInterrupt: After Ctrl-C.
    """
    logging.getLogger("lightning.pytorch").setLevel(logging.WARNING)
    warnings.filterwarnings("ignore", "LightningCLI's args parameter is intended.*")
    # Points are made on the fly, so there is nothing for workers to load or to index ...
    warnings.filterwarnings("ignore", ".*does not have many workers.*")
    warnings.filterwarnings("ignore", ".*Couldn't infer the batch indices.*")
    warnings.filterwarnings("ignore", "Checkpoint directory .* exists and is not empty")
    warnings.filterwarnings("ignore", "Total length of `list` across ranks is zero.*")
    # ... and evaluation needs no callback that only training has.
    warnings.filterwarnings("ignore", ".*callbacks used to create the checkpoint.*")
    # ... and what is logged has been reduced over the processes by then.
    warnings.filterwarnings("ignore", "It is recommended to use `self.log.*sync_dist=True.*")
    warnings.filterwarnings("ignore", ".*isinstance.treespec, LeafSpec.*")  # lightning #21326
    try:
        done = TrainingCLI(
            sgn_sciml.runs.BaseTask,
            LightningDataModule,
            subclass_mode_model=True,
            subclass_mode_data=True,
            seed_everything_default=0,
            trainer_defaults=TRAINER_DEFAULTS,
            save_config_kwargs={"overwrite": True},
            auto_configure_optimizers=False,
            parser_kwargs={"exit_on_error": False},
            args=list(args),
        )
    except (ArgumentError, MisconfigurationException) as error:
        raise ValueError(str(error)) from error
    except RuntimeError as error:
        if not is_lost_process(error):
            raise
        again = "; go on with the same command and --ckpt_path last" if args[0] == "fit" else ""
        reason = str(error).partition("\n")[0]
        raise ConnectionError(f"another process of this run is gone{again} ({reason})") from error
    return done.folder.path if done.folder is not None else None
