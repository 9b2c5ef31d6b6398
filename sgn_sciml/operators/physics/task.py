r"""PINO: operators that learn from their law, beside data or in their place.

.. math::
    L = w_{data}\, L_{data} + w_{law}\, \frac{1}{N} \sum_n \| \mathcal{R}(G(a_n), a_n) \|

The law is asked on the whole grid of a batch; solutions may be known at every so many of its
points only, or nowhere (a weight of 0, and no target is read in training or to choose a
checkpoint). At test time a trained network may go on for each instance by its residual alone.

References:
    Li et al., *Physics-informed neural operator for learning partial differential equations*
    (2021), https://arxiv.org/abs/2111.03794
"""

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from sgn_sciml.networks import OperatorNetwork
from sgn_sciml.operators.physics.residuals import LawResidual
from sgn_sciml.operators.physics.tuning import InstanceTuning
from sgn_sciml.operators.task import Operator

__all__ = ["PhysicsInformedOperator"]


class PhysicsInformedOperator(Operator):
    """Learn an operator from its law, with or without data.

    Args:
        network: The operator.
        law: The residual.
        law_weight: Weight of the residual, which has no unit.
        data_weight: Weight of the loss of data; 0 to train without solutions.
        known_every: Solutions are known at every so many points of each axis only.
        tuning: How a network goes on for each instance of a test or prediction; not at all when
            None.
        kwargs: As for :class:`~sgn_sciml.operators.Operator`, without ``pushforward``.

    Raises:
        ValueError: If no weight is positive, one is negative, or with ``pushforward``, whose
            frames do not follow the input.
    """

    terms = ("data", "law")

    def __init__(
        self,
        network: OperatorNetwork,
        law: LawResidual,
        law_weight: float = 0.1,
        data_weight: float = 1.0,
        known_every: int = 1,
        tuning: InstanceTuning | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(network, **kwargs)
        if min(law_weight, data_weight) < 0 or not law_weight + data_weight or known_every < 1:
            raise ValueError(
                "law_weight and data_weight must not be negative, nor both 0, and known_every at "
                f"least 1, got {law_weight}, {data_weight} and {known_every}"
            )
        if self.pushforward:
            raise ValueError(
                "pushforward returns frames that do not follow the input: a law of "
                "successive frames cannot be asked of them"
            )
        self.law, self.tuning = law, tuning
        self.law_weight, self.data_weight = law_weight, data_weight
        self.known_every = known_every
        self.term_values = torch.zeros(2)

    def residual(self, pred: Tensor, batch: Mapping[str, Tensor]) -> Tensor:
        """Mean residual of a batch, a number; differences are taken in the dtype of the data."""
        start = batch["input"]
        return self.law(pred.to(start.dtype), start).mean()

    def objective(self, pred: Tensor, batch: Mapping[str, Tensor]) -> tuple[Tensor, Tensor]:
        """Loss of data, in units of the target's deviation, and residual."""
        law = self.residual(pred, batch)
        if not self.data_weight:
            return torch.zeros_like(law), law
        known, target = self.measured(*map(self._known, (pred, batch["target"])))
        loss = self.loss(known, target, self.domain)
        return loss / self.units.deviation(loss) ** self.loss.degree, law

    def _known(self, u: Tensor) -> Tensor:
        """A field where solutions are known."""
        for dim in range(-self.network.axes, 0):
            u = u.movedim(dim, 0)[:: self.known_every].movedim(0, dim)
        return u

    def weighted(self, data: Tensor, law: Tensor) -> Tensor:
        """The loss."""
        return self.data_weight * data + self.law_weight * law

    def training_step(self, batch: dict[str, Tensor], batch_idx: int) -> Tensor:
        self.note_grid(batch)
        if self.symmetries:
            batch = self.augmented(batch)
        data, law = self.objective(self.predict(batch), batch)
        loss = self.weighted(data, law)
        self.term_values = torch.stack([data, law]).detach()
        self.log("train/loss", loss, prog_bar=True)
        self.log("train/law", law)
        return loss

    def validation_step(self, batch: dict[str, Tensor], batch_idx: int) -> None:
        pred = self.predict(batch)
        self.metrics("val").update(*self.measured(pred, batch["target"]))
        self.held_out.update(self.weighted(*self.objective(pred, batch)), len(pred))

    def predict_step(
        self, batch: dict[str, Tensor], batch_idx: int, dataloader_idx: int = 0
    ) -> dict[str, Tensor]:
        """Input, target and prediction in physical units, tuned where that is asked for."""
        if self.tuning is None:
            return super().predict_step(batch, batch_idx, dataloader_idx)
        each = [
            self._tuned({k: v[n : n + 1].clone() for k, v in batch.items()}, self.tuning)
            for n in range(len(batch["input"]))
        ]
        fields = {name: batch[name] for name in ("input", "target")}
        return fields | {"prediction": torch.cat(each)}

    def _tuned(self, instance: dict[str, Tensor], tuning: InstanceTuning) -> Tensor:
        return tuning(
            self.network,
            lambda: self.predict(instance),
            lambda u: self.residual(u, instance),
        )
