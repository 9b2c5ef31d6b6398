r"""Operator learning: a network that maps one function to another, or a state to the next.

.. math::
    L = \frac{1}{N} \sum_n \frac{\| G(a_n) - u_n \|}{\| u_n \|}

in physical units, whatever the scaling the network works in. Trajectories are rolled out: frames
that a call returns are put after the window it was given, until the target is covered.

References:
    Li et al., *Fourier neural operator for parametric partial differential equations* (2021);
    Brandstetter, Worrall and Welling, *Message passing neural PDE solvers* (2022): pushforward
"""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, ClassVar

import torch
from torch import Tensor
from torchmetrics import MetricCollection

from sgn_sciml.metrics import SampleErrors, SpectralError
from sgn_sciml.metrics.base import Mean
from sgn_sciml.metrics.physics import PhysicsMetric
from sgn_sciml.networks import OperatorNetwork
from sgn_sciml.operators.application import OperatorLearning
from sgn_sciml.operators.complex_weights import real_moments, require_complex, require_precision
from sgn_sciml.operators.description import OperatorPairs
from sgn_sciml.operators.evaluation import SHELLS
from sgn_sciml.operators.losses import L2, Domain, FieldLoss
from sgn_sciml.operators.networks.adapter import require_resolved
from sgn_sciml.operators.networks.weights import load_network_weights
from sgn_sciml.operators.rollout import call, misfit, rollout
from sgn_sciml.operators.symmetries import Symmetry, augment
from sgn_sciml.operators.testing import TestedOperator
from sgn_sciml.operators.units import Units
from sgn_sciml.optim import OptimizerFactory, Schedule
from sgn_sciml.runs.application import Application
from sgn_sciml.runs.description import description_of

__all__ = ["Operator"]


class Operator(TestedOperator):
    """Learn an operator from pairs of functions or from trajectories.

    Batches hold ``input`` and ``target`` in physical units, ``(items, channels, *space)`` or, for
    trajectories, ``(items, frames, channels, *space)``, and ``conditions`` ``(items, k)`` if there
    are any. The network sees frames and conditions as channels, ``history * channels + k`` of
    them, and returns one or several frames. Any data module or loader with such batches will do;
    one that gives an :class:`~sgn_sciml.operators.OperatorPairs` has its scaling and names used.

    Args:
        network: The operator.
        optimizer: Optimiser factory; its rate is the peak of the schedule.
        schedule: Schedule of the rate over all steps; constant when None.
        loss: Loss of fields in physical units; the relative L2 error by default. One that has a
            unit itself trains in units of the target's deviation, and is logged in its own.
        periodic: Whether a space axis wraps around; one flag for all, or one per axis.
        length: Length of a space axis, likewise.
        difference: The network returns the change from the last frame of the window, which must
            have the channels of the target.
        pushforward: Train the last call of a rollout only, from the window that the network itself
            has made.
        symmetries: Symmetries of the equation, by which training samples become new ones.
        physics: Measures of the equation for the test, given prediction, target and input.
        level: Level of the calibrated bands of the test.
        initial: Checkpoint of a task whose network's weights to begin with, or None.
        frozen: Patterns of parameter names that do not train, for example ``*.frequencies``.

    Raises:
        ValueError: If nothing is called what should be frozen, or the batches do not fit.
    """

    application: ClassVar[Application] = OperatorLearning()

    def __init__(
        self,
        network: OperatorNetwork,
        optimizer: OptimizerFactory = torch.optim.Adam,
        schedule: Schedule | None = None,
        loss: FieldLoss | None = None,
        periodic: bool | tuple[bool, ...] = True,
        length: float | tuple[float, ...] = 1.0,
        difference: bool = False,
        pushforward: bool = False,
        symmetries: Sequence[Symmetry] = (),
        physics: Sequence[PhysicsMetric] = (),
        level: float = 0.9,
        initial: str | None = None,
        frozen: Sequence[str] = (),
    ) -> None:
        super().__init__(
            optimizer,
            network=network,
            schedule=schedule,
            loss=loss,
            periodic=periodic,
            length=length,
            difference=difference,
            pushforward=pushforward,
            symmetries=symmetries,
            physics=physics,
            level=level,
            initial=initial,
            frozen=frozen,
        )
        self.network = network
        self.freeze_parameters(frozen)
        self.schedule = schedule
        self.loss = loss or L2()
        self.domain = Domain(periodic, length)
        self.difference, self.pushforward = difference, pushforward
        self.symmetries, self.physics = tuple(symmetries), tuple(physics)
        self.level = level
        if initial is not None:
            load_network_weights(network, initial)
        boundary = self.domain.boundary(network.axes)
        self.held_out = Mean()
        self.add_metrics(
            MetricCollection(
                {"samples": SampleErrors(), "spectral": SpectralError(boundary, SHELLS)},
                compute_groups=False,
            )
        )

    def setup(self, stage: str) -> None:
        self.description = description_of(self.trainer, OperatorPairs)
        require_precision(str(self.trainer.precision), self.network)
        if stage == "fit" and self.description is not None:
            require_resolved(self.network, self.description.grid)

    # -- the operator ------------------------------------------------------------------------

    def forward(
        self, window: Tensor, conditions: Tensor | None = None, channels: int | None = None
    ) -> Tensor:
        """One call of the network, in scaled units.

        With ``difference`` what it returns is added to the last frame in the units of the target.

        Args:
            window: ``(items, channels, *space)`` or ``(items, frames, channels, *space)``.
            conditions: Constants that the network is given, ``(items, k)``.
            channels: Channels of a frame that it returns; those of the window when None.

        Returns:
            What it returns: channels, or frames of channels after the window.

        Raises:
            ValueError: If the channels are not those of the network.
        """
        units = self.units
        between = None if units.alike else units.as_target
        y = call(self.network, window, conditions, self.difference, channels, between)
        return units.without_constants(y)  # as a rollout takes it up again

    @property
    def units(self) -> Units:
        """The scalings of the data; none without a description of them."""
        return Units({} if self.description is None else self.description.scaling)

    def predict(self, batch: Mapping[str, Tensor], pushforward: bool = False) -> Tensor:
        """The prediction for a target, in physical units and of its shape.

        A target over time is what one call returns, all its frames, or a rollout from the input,
        whose last frame then has the channels of the target. To a target without time the frames
        of the input are channels. With ``pushforward`` only the frames of the last call carry
        gradients and are returned.

        Raises:
            ValueError: If the channels of the network fit neither.
        """
        window, target = self.scaled(batch["input"]), batch["target"]
        step, framed = partial(self, conditions=batch.get("conditions")), self.network.axes + 3
        if target.ndim != framed:
            y = step(window.flatten(1, 2) if window.ndim == framed else window)
        else:
            window = window if window.ndim == framed else window.unsqueeze(1)
            frames, channels = target.shape[1:3]
            bundle, step = self.network.out_channels // channels, partial(step, channels=channels)
            y = rollout(step, window, frames, bundle, pushforward, self._again)
        return self.physical(y.to(torch.promote_types(y.dtype, target.dtype)))

    def _again(self, y: Tensor) -> Tensor:
        """What the network returned, as it takes it in: the scalings of the two may differ."""
        return y if self.units.alike else self.scaled(self.physical(y))

    def scaled(self, x: Tensor) -> Tensor:
        """An input in the units of the network and, only then, in its dtype."""
        scaled = self.units.scaled("input", x)
        parameter = next(self.network.parameters(), None)
        return scaled if parameter is None else scaled.to(parameter.dtype.to_real())

    def physical(self, y: Tensor) -> Tensor:
        """An output of the network in physical units."""
        return self.units.physical("target", y)

    def augmented(self, batch: dict[str, Tensor]) -> dict[str, Tensor]:
        """A batch, its samples replaced by images under the symmetries."""
        fields = {name: batch[name] for name in ("input", "target")}
        return batch | augment(fields, self.symmetries, self.network.axes)

    def measured(self, pred: Tensor, target: Tensor) -> tuple[Tensor, Tensor]:
        """Fields as losses and metrics take them: frames as channels."""
        if pred.shape != target.shape:
            raise ValueError(misfit(pred, target, self.network.axes))
        frames = target.ndim == self.network.axes + 3
        return (pred.flatten(1, 2), target.flatten(1, 2)) if frames else (pred, target)

    # -- training ----------------------------------------------------------------------------

    def configure_optimizers(self) -> Any:
        require_complex(self.trainer, self.optimizer, self.trainable())
        optimizer = self.optimizer(self.trainable())
        if self.schedule is None:
            return optimizer
        return [optimizer], [{"scheduler": self.scheduler(optimizer), "interval": "step"}]

    def note_grid(self, batch: Mapping[str, Tensor]) -> None:
        """Keep the grid of training, of several the finest."""
        grid = list(batch.get("target", batch["input"]).shape[-self.network.axes :])
        self.training_grid = [*map(max, grid, self.training_grid or grid)]

    def training_step(self, batch: dict[str, Tensor], batch_idx: int) -> Tensor:
        self.note_grid(batch)
        if self.symmetries:
            batch = self.augmented(batch)
        pred, target = self.predict(batch, self.pushforward), batch["target"]
        if self.pushforward:
            target = target[:, -pred.shape[1] :]
        loss = self.loss(*self.measured(pred, target), self.domain)
        self.term_values = loss.detach()[None]
        self.log("train/loss", loss, prog_bar=True)
        return loss / self.units.deviation(loss) ** self.loss.degree

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        super().on_save_checkpoint(checkpoint)
        checkpoint["training_grid"] = self.training_grid

    def on_load_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        super().on_load_checkpoint(checkpoint)
        real_moments(self, self.trainable(), checkpoint.get("optimizer_states", []))
        self.training_grid = checkpoint.get("training_grid", [])

    # -- evaluation --------------------------------------------------------------------------

    def validation_step(self, batch: dict[str, Tensor], batch_idx: int) -> None:
        pred, target = self.measured(self.predict(batch), batch["target"])
        self.metrics("val").update(pred, target)
        self.held_out.update(self.loss(pred, target, self.domain), len(pred))

    def log_metrics(self, stage: str) -> None:
        super().log_metrics(stage)
        self.log(f"{stage}/loss", self.held_out.compute())
        self.held_out.reset()
