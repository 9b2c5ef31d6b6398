"""Tests of an operator: test set by test set, and beside the solver that it replaces."""

import math
from collections.abc import Mapping
from functools import partial
from typing import Any

import torch
from torch import Tensor

from sgn_sciml.metrics.physics import PhysicsMetric
from sgn_sciml.networks import OperatorNetwork
from sgn_sciml.operators.breakeven.measuring import costs
from sgn_sciml.operators.description import OperatorPairs
from sgn_sciml.operators.evaluation import TestSet
from sgn_sciml.operators.losses import Domain
from sgn_sciml.runs.task import BaseTask

__all__ = ["TestedOperator"]


class TestedOperator(BaseTask):
    """A task whose predictions are measured on several test sets."""

    __test__ = False  # to pytest

    network: OperatorNetwork
    domain: Domain
    level: float
    physics: tuple[PhysicsMetric, ...]
    description: OperatorPairs | None = None

    def __init__(self, *args: Any, **settings: Any) -> None:
        super().__init__(*args, **settings)
        self.training_grid: list[int] = []
        self.test_sets: list[TestSet] = []
        self.timed: dict[str, Tensor] | None = None  # a batch of the first test set
        self.error = math.nan  # of that test set

    def predict(self, batch: Mapping[str, Tensor], pushforward: bool = False) -> Tensor:
        """The prediction for a target, in physical units and of its shape."""
        raise NotImplementedError

    def predict_step(
        self, batch: dict[str, Tensor], batch_idx: int, dataloader_idx: int = 0
    ) -> dict[str, Tensor]:
        """Input, target and prediction in physical units."""
        fields = {name: batch[name] for name in ("input", "target")}
        return fields | {"prediction": self.predict(batch)}

    def on_test_start(self) -> None:
        known = () if self.description is None else self.description.test_sets
        names = [each.name for each in known]
        count = max(len(self.trainer.num_test_batches), 1)
        names = names or ["", *(f"set {k}" for k in range(1, count))]
        self.test_sets = [
            TestSet(
                name,
                self.domain,
                self.network.axes,
                self.level,
                self.physics,
                self.training_grid,
                () if self.description is None else self.description.targets,
            ).to(self.device)
            for name in names
        ]

    def test_step(
        self, batch: dict[str, Tensor], batch_idx: int, dataloader_idx: int = 0
    ) -> dict[str, Tensor]:
        found = self.predict_step(batch, batch_idx)
        self.test_sets[dataloader_idx].update(found)
        if batch_idx == dataloader_idx == 0:
            self.timed = batch
        return found

    def on_test_epoch_end(self) -> None:
        for k, results in enumerate(self.test_sets):
            prefix = f"test/{results.name}/" if k else "test/"
            values = results.compute()
            self.log_dict({prefix + key: value for key, value in values.items()})
            if k == 0:
                self.error = float(values["relative_l2"])
        self.test_sets = []

    def tested(self) -> dict[str, Any]:
        """What the network and the law's own solver cost at equal error, of the first test set."""
        batch, known = self.timed, self.description
        self.timed = None
        if batch is None or known is None or not known.test_sets:
            return {}
        with torch.no_grad():
            found = costs(
                partial(self.predict, batch), known.test_sets[0], known.targets, self.error
            )
        return {"costs": found} if found else {}
