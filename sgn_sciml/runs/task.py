"""The base of tasks: hyper-parameters that reload safely, metrics per stage, optimiser."""

import copy
import math
import warnings
from abc import ABC
from collections.abc import Sequence
from itertools import chain
from typing import Any, ClassVar

import torch
from lightning.pytorch import LightningModule
from torch import Tensor, nn
from torch.optim.lr_scheduler import LRScheduler
from torchmetrics import MetricCollection

from sgn_sciml.networks import freeze_parameters
from sgn_sciml.optim import OptimizerFactory, Schedule
from sgn_sciml.runs.application import Application
from sgn_sciml.runs.description import DataDescription

__all__ = ["BaseTask"]

UNKNOWN = 10**9  # steps of a run whose budget is a time, until it is known how many fit


class BaseTask(LightningModule, ABC):
    """Base of the tasks.

    ``BaseTask.load_from_checkpoint(path)`` restores any task that the command line trained, with
    ``weights_only=True``: its configuration is stored as plain values, never as pickled objects.
    A task that was built in Python is restored by its own class, with its objects passed again.

    Args:
        optimizer: Optimiser factory.
        kwargs: The other arguments of the subclass, recorded as hyper-parameters.

    Attributes:
        application: What its application adds to a run.
        description: What its data are, as their module tells in ``setup``; None if it does not.
        terms: Names of the terms of its loss.
        term_values: Their values at the last step, for guards, shape ``(terms,)``.
        schedule: Schedule of its rate over all steps, if there is one.
        planned_steps: Steps that the schedule spans; None if they are not known yet.
        found: Choices that were made on the way, for the card.
        restored_step: Step of the checkpoint whose weights it has, if any.
    """

    application: ClassVar[Application] = Application()
    description: DataDescription | None = None
    terms: tuple[str, ...] = ("loss",)
    schedule: Schedule | None = None
    planned_steps: int | None = None
    restored_step: int | None = None
    _restored_plan: int | None = None

    def __init__(self, optimizer: OptimizerFactory = torch.optim.Adam, **kwargs: Any) -> None:
        super().__init__()
        with warnings.catch_warnings():  # Lightning warns of the modules that are dropped below
            warnings.filterwarnings("ignore", ".*is an instance of `nn.Module`.*")
            self.save_hyperparameters()
        for name in [k for k, v in self.hparams.items() if not _is_plain(v)]:
            del self.hparams[name]
        self._hparams_initial = copy.deepcopy(self.hparams)
        self.optimizer = optimizer
        self.term_values = torch.zeros(1)
        self.found: dict[str, float] = {}
        self._rng: list[Tensor] = []
        self.stage_metrics = nn.ModuleDict()

    def add_metrics(self, metrics: MetricCollection) -> None:
        """Give each evaluation stage its own copy of the metrics, logged as ``stage/name``."""
        for stage in ("val", "test"):
            # "train" alone is an attribute of a module, hence the suffix.
            self.stage_metrics[f"{stage}_stage"] = metrics.clone(prefix=f"{stage}/")

    def metrics(self, stage: str) -> MetricCollection:
        """The metrics of ``val`` or ``test``."""
        collection = self.stage_metrics[f"{stage}_stage"]
        assert isinstance(collection, MetricCollection)
        return collection

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        # Dropout draws from these; the points of a data module have generators of their own.
        checkpoint["rng"] = [torch.get_rng_state()]
        if self.device.type == "cuda":
            checkpoint["rng"].append(torch.cuda.get_rng_state(self.device))
        checkpoint["planned_steps"] = self.planned_steps

    def on_load_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        self._rng = checkpoint.get("rng", [])
        told = "planned_steps" in checkpoint
        self._restored_plan = checkpoint["planned_steps"] if told else _steps_of(checkpoint)
        self.restored_step = checkpoint["global_step"]
        # Lightning converts the precision only after loading: a float64 run would go on from
        # weights rounded to float32.
        saved = checkpoint["state_dict"]
        for name, tensor in chain(self.named_parameters(), self.named_buffers()):
            if name in saved:
                dtype = saved[name].dtype
                # some real weights are complex in files
                tensor.data = tensor.data.to(dtype if tensor.is_complex() else real_dtype(dtype))

    def on_train_start(self) -> None:
        for k, state in enumerate(self._rng):
            if k == 0:
                torch.set_rng_state(state.cpu())
            elif self.device.type == "cuda":
                torch.cuda.set_rng_state(state.cpu(), self.device)
        self._rng = []
        self._refuse_another_plan()

    def _refuse_another_plan(self) -> None:
        """Refuse to go on under a schedule that was made for another number of steps."""
        known, self._restored_plan = self._restored_plan, None
        if self.schedule is None or not self.schedule.spans_run or known is None:
            return
        if self.planned_steps not in (None, known):
            name = type(self.schedule).__name__
            raise ValueError(
                f"the schedule {name} of the checkpoint ends after {known} steps, so the run "
                f"cannot go on to {self.planned_steps}: leave trainer.max_steps at {known}, or "
                "start a new run (an operator takes weights by model.init_args.initial)"
            )
        self.planned_steps = known

    def scheduler(self, optimizer: torch.optim.Optimizer) -> LRScheduler:
        """The scheduler of an optimiser over the steps of the run.

        Where a time is the budget, the number of steps is found on the way, and the scheduler is
        made anew then.
        """
        assert self.schedule is not None
        steps = self.trainer.estimated_stepping_batches
        self.planned_steps = int(steps) if math.isfinite(steps) else None
        return self.schedule(optimizer, self.planned_steps or UNKNOWN)

    def log_metrics(self, stage: str) -> None:
        """Log the metrics of a stage if any process saw data, and start anew."""
        metrics = self.metrics(stage)
        with warnings.catch_warnings():  # a process may have no data and must still take part
            warnings.filterwarnings("ignore", ".*was called before the ``update`` method.*")
            values = metrics.compute()
        if not all(value.isnan() or value.isinf() for value in values.values()):
            self.log_dict(values)  # the same on every process, so that all may monitor it
        metrics.reset()

    def on_validation_epoch_end(self) -> None:
        self.log_metrics("val")

    def on_test_epoch_end(self) -> None:
        self.log_metrics("test")

    def about(self) -> dict[str, Any]:
        """The task in a card: its network, settings and terms, as plain values."""
        settings = {k: v for k, v in self.hparams.items() if k not in ("network", "problem")}
        network = self.hparams.get("network") or str(self._modules.get("network"))
        return {
            "network": network,
            "settings": settings,
            "found": self.found,
            "loss_terms": list(self.terms),
        }

    def tested(self) -> dict[str, Any]:
        """The test in a card besides its metrics, as plain values."""
        return {}

    def freeze_parameters(self, patterns: Sequence[str]) -> None:
        """Keep parameters at their initial values; see :func:`freeze_parameters`."""
        freeze_parameters(self, patterns)

    def trainable(self) -> list[nn.Parameter]:
        """The parameters that train."""
        return [p for p in self.parameters() if p.requires_grad]

    def configure_optimizers(self) -> torch.optim.Optimizer:
        return self.optimizer(self.trainable())


def _steps_of(checkpoint: dict[str, Any]) -> int | None:
    """The steps that a scheduler spans, in checkpoints that do not tell."""
    for state in checkpoint.get("lr_schedulers", []):
        if "total_steps" in state:  # OneCycleLR has one more
            return int(state["total_steps"]) - 1
        for name in ("T_max", "total_iters"):
            if name in state:
                return int(state[name])
    return None


def _is_plain(value: Any) -> bool:
    """Whether a value is made of what a weights-only checkpoint may hold."""
    if isinstance(value, dict):
        return all(map(_is_plain, value.values()))
    if isinstance(value, (list, tuple)):
        return all(map(_is_plain, value))
    return value is None or isinstance(value, (bool, int, float, str))


def real_dtype(dtype: torch.dtype) -> torch.dtype:
    """The dtype of the parts of complex numbers; any other stays."""
    return dtype.to_real() if dtype.is_complex else dtype
