"""LightningCLI with run folders: one training command, from its words to its end."""

import os
import re
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, ExitStack
from pathlib import Path
from typing import Any

import torch
import yaml
from jsonargparse.typing import PositiveInt
from lightning.pytorch import LightningDataModule, Trainer
from lightning.pytorch.callbacks import Callback
from lightning.pytorch.cli import LightningArgumentParser, LightningCLI
from lightning.pytorch.loggers import TensorBoardLogger
from lightning.pytorch.utilities import rank_zero_only

# Imported so that configurations can name their classes without a path.
import sgn_sciml.app.registry  # noqa: F401
from sgn_sciml.app.limits import require_an_end, seconds_of_training
from sgn_sciml.callbacks import (
    BestCheckpoint,
    EndOfTraining,
    FiniteLoss,
    LastCheckpoint,
    StepProgress,
    TimeBudget,
    with_followers,
)
from sgn_sciml.callbacks.budget import read_budget
from sgn_sciml.runs import BaseTask, Card
from sgn_sciml.runs.checkpoint import AtomicCheckpointIO, Checkpoint, require_task
from sgn_sciml.runs.description import Describes
from sgn_sciml.runs.folder import RunFolder, find_checkpoint, new_run
from sgn_sciml.runs.metrics_file import AppendingCSVLogger, ForgetRepeated
from sgn_sciml.runs.run import Run, make_data
from sgn_sciml.runs.table import summary
from sgn_sciml.system.classes import class_of
from sgn_sciml.system.locks import held

__all__ = ["TrainingCLI"]

TRAINER_DEFAULTS = {
    "max_epochs": -1,  # the budget is max_steps
    "inference_mode": False,  # evaluation differentiates the network
    "use_distributed_sampler": False,  # our data modules shard themselves, without duplicates
    "check_val_every_n_epoch": None,
    "num_sanity_val_steps": 0,
    "log_every_n_steps": 10,
    "enable_model_summary": False,
}
Hold = Callable[[AbstractContextManager[None]], None]


def is_first_process() -> bool:
    """Whether this process writes the files of the run; known before the trainer is made."""
    return getattr(rank_zero_only, "rank", 0) == 0


class TrainingCLI(LightningCLI):
    """The command line of one training command.

    Args:
        words: Words of the command line, the command first.
        run: The run that the command belongs to: what it holds is not read again, and what the
            command reads is left in it.
    """

    silent = False  # whether the command leaves no files
    seconds: float | None = None  # of training, where time is the budget
    created: RunFolder | None = None  # the folder that this process has made for the run
    read_only = False  # whether the folder cannot be written

    def __init__(self, words: Sequence[str], run: Run) -> None:
        self.run = run
        self._words = words = list(words)
        if run.settings:  # in place of a file
            words[1:1] = ["--config", yaml.safe_dump(run.settings)]
        with ExitStack() as stack:
            # A function: averages of weights copy what a module refers to, a stack has no copies.
            self._hold: Hold = lambda lock: stack.enter_context(lock)
            try:
                super().__init__(
                    BaseTask,
                    LightningDataModule,
                    subclass_mode_model=True,
                    subclass_mode_data=True,
                    seed_everything_default=0,
                    trainer_defaults=TRAINER_DEFAULTS,
                    save_config_kwargs={"overwrite": True},
                    auto_configure_optimizers=False,
                    parser_kwargs={"exit_on_error": False},
                    args=words,
                )
            except BaseException:
                self._discard()
                raise

    def _discard(self) -> None:
        """Remove the folder that this command made, if nothing in it could be tested."""
        if self.created is not None:
            self.created.discard()

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

    # -- before anything is made -------------------------------------------------------------

    def subcommands(self) -> dict[str, set[str]]:  # type: ignore[override]
        """The command at hand alone: the arguments of the others take their time to add."""
        return {k: v for k, v in super().subcommands().items() if k == self._words[0]}

    def parse_arguments(self, parser: LightningArgumentParser, args: Any) -> None:
        """Parse, then settle which run folder and which checkpoint are meant."""
        super().parse_arguments(parser, args)
        command = self.config["subcommand"]
        config = self.config[command]
        files = [Path(str(file)) for file in config.get("config") or () if file is not None]
        inside = self.run.folder or (RunFolder.holding(files[0]) if files else None)
        if inside and (self.run.folder or config.runs == "runs"):
            config.runs = str(inside.root)
        if config.name is None:
            config.name = inside.name if inside else files[0].stem if files else "run"
        if config.name in ("", ".", "..") or re.search(r"[/\\]", config.name):
            raise ValueError(f"--name names a folder within --runs, not a path: {config.name!r}")
        word = config.get("ckpt_path")
        if (command != "fit" or word is not None) and not config.trainer.fast_dev_run:
            found = find_checkpoint(word, Path(config.runs), config.name, inside)
            path, self.run.folder = found
            self.run.checkpoint = Checkpoint.read(path)
            require_task(self.run.checkpoint, config.get("model"))
            config.ckpt_path = str(path)
        else:
            self.run.checkpoint = None

    def _parse_ckpt_path(self) -> None:
        """Let the checkpoint's settings of the task win, as Lightning does, who reads it again."""
        if self.run.checkpoint is not None and (task := self.run.checkpoint.task):
            if self._resolved(skip_link_targets=False).get("model") == dict(task):
                return
            known = {"class_path": task["class_path"], "dict_kwargs": task["init_args"]}
            settings = {self.config["subcommand"]: {"model": known}}
            self.config = self.parser.parse_object(settings, self.config)

    def _dump_config(self) -> None:
        """What modules remember of their configuration, which was checked when it was parsed."""
        if not hasattr(self, "config_dump"):
            self.config_dump = self._resolved(skip_link_targets=False)

    def before_instantiate_classes(self) -> None:
        """Settle what the command writes, and what the task takes from its data."""
        config = self.config[self.subcommand]
        if config.threads is not None:
            torch.set_num_threads(config.threads)
        if config.budget is not None:
            steps, self.seconds = read_budget(config.budget)
            config.trainer.max_steps = steps or config.trainer.max_steps
        if self.subcommand == "fit" and not config.trainer.fast_dev_run:
            self.seconds = self.seconds or seconds_of_training(config.trainer)
            require_an_end(config.trainer, self.seconds)
        self._complete(config)
        if config.trainer.logger is False or config.trainer.fast_dev_run:  # leave no trace
            self.silent, self.run.folder, self.save_config_callback = True, None, None
            config.trainer.enable_checkpointing = False
        if self.subcommand in ("validate", "test"):  # testing prints its own table, from the card
            config.verbose = self.silent or self.subcommand == "validate"
        if self.subcommand == "predict":  # what is written part by part must not gather
            config.return_predictions = False
        if self.subcommand != "fit":
            self.save_config_callback = None
        elif self.run.checkpoint is not None:  # a run goes on: what it began with stays
            self.save_config_kwargs["config_filename"] = "config_resumed.yaml"

    def _complete(self, config: Any) -> None:
        """Fill the gaps in the task's configuration that its data or its problem fill."""
        task = class_of(config.model.class_path) if config.get("model") else None
        if task is None or not issubclass(task, BaseTask):
            return
        description = None
        if task.application.data_first:
            data = self.run.data or make_data(config.data.as_dict(), config.seed_everything)
            data.setup(str(self.subcommand))
            description = data.description if isinstance(data, Describes) else None
            self.run.data = data
        task.application.complete(config.model, description)

    # -- what is made ------------------------------------------------------------------------

    def instantiate_trainer(self, **kwargs: Any) -> Trainer:
        """Create the trainer, and the folder of a new run once task and data are known good."""
        config = self.config_init[self.subcommand]
        self.run.data = self.datamodule = self.run.data or self.datamodule
        self.datamodule.setup(self.subcommand)
        self.run.task, self.run.settings = self.model, self._resolved()
        if self.run.folder is None and not self.silent:
            if is_first_process():
                self.run.folder = self.created = new_run(Path(config.runs), config.name)
            else:
                self.run.folder = RunFolder(Path(config.runs), config.name, version=0)
        if self.subcommand == "fit" and self.run.folder is not None and is_first_process():
            path = self.run.folder.path
            busy = f"another process is training {path}; wait until it has ended"
            self._hold(held(path / ".lock", busy, remove=True))
        extra: list[Callback] = []
        if self.subcommand == "fit" and self.seconds is not None:
            extra.append(TimeBudget(self.seconds))
        if self.subcommand != "fit":  # seconds, and an endless loader has no length to show
            config.trainer.enable_progress_bar = False
        elif config.trainer.enable_progress_bar is not False:
            extra.append(StepProgress())
        if self.run.folder is not None:
            folder = self.run.folder
            root, name, version = str(folder.root), folder.name, folder.version
            # A test of somebody else's run, say, whose table is printed all the same.
            self.read_only = self.subcommand in ("validate", "test") and not os.access(
                folder.path, os.W_OK
            )
            if self.read_only:
                kwargs["logger"] = False
            elif config.trainer.logger in (None, True):
                kwargs["logger"] = [
                    AppendingCSVLogger(root, name, version),
                    TensorBoardLogger(root, name, version, default_hp_metric=False),
                ]
            extra += self._standard_callbacks(folder)
        files = AtomicCheckpointIO(self.run.checkpoint)
        config.trainer.plugins = [*(config.trainer.plugins or []), files]
        config.trainer.callbacks = [*with_followers(config.trainer.callbacks or []), *extra]
        return super().instantiate_trainer(**kwargs)

    def _resolved(self, **options: bool) -> dict[str, Any]:
        """The configuration as plain values, without what is of this command only."""
        command = str(self.config["subcommand"])
        text = self._parser(command).dump(
            self.config[command], skip_none=False, skip_validation=True, **options
        )
        found: dict[str, Any] = yaml.safe_load(text)
        return {k: v for k, v in found.items() if k not in ("ckpt_path", "verbose")}

    def _standard_callbacks(self, folder: RunFolder) -> list[Callback]:
        """What every run of a command has, whatever its configuration says."""
        seed = self.config[self.subcommand].seed_everything
        card = self.card = Card(seed, folder.path if self.read_only else None)
        if self.subcommand == "predict":
            return list(self.model.application.writers(folder.path / "predictions.h5"))
        if self.subcommand != "fit":
            return [card]
        best = BestCheckpoint(folder.checkpoints)
        last = LastCheckpoint(folder.checkpoints / "last.ckpt", self.config.fit.checkpoint_every)
        found = [card, FiniteLoss(), EndOfTraining(), best, last]
        if self.run.checkpoint is not None:
            found.append(ForgetRepeated(folder.path / "metrics.csv", self.run.checkpoint.step))
        return found

    # -- what is said ------------------------------------------------------------------------

    def after_test(self) -> None:
        """Print the table."""
        if self.run.folder is not None and self.trainer.is_global_zero:
            path = self.run.folder.path
            print(f"\n{path}\n\n{summary(path, self.model.application.rows, self.card.card)}\n")
            if self.read_only:
                print(f"{path} cannot be written: the card is as it was")

    def after_fit(self) -> None:
        """Say where things are and, after Ctrl-C, how to go on."""
        if self.run.folder is None or not self.trainer.is_global_zero:
            return
        reached = 0 if self.run.checkpoint is None else self.run.checkpoint.step
        if 0 < self.trainer.max_steps <= reached:
            print(f"nothing left to train: the checkpoint is at step {reached}")
        print(f"\nwrote {(path := self.run.folder.path)}")
        if any(getattr(c, "requested", False) for c in self.trainer.callbacks):  # type: ignore[attr-defined]
            print(
                f"stopped at step {self.trainer.global_step}; go on with: sgn fit "
                f"--config {path / 'config.yaml'} --ckpt_path last"
            )
            raise KeyboardInterrupt
