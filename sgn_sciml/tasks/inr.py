r"""Implicit neural representation: a coordinate network that is a picture, a sound or a field.

.. math::
    L = \frac{1}{M} \sum_m \bigl( (\mathcal{A} f)_m - y_m \bigr)^2

with y what is known of the signal, scaled to [-1, 1]: its samples, or what another measurement
:math:`\mathcal{A}` tells (:mod:`sgn_sciml.tasks.measurements`). A step goes through the
measurements in chunks that fit the processor's cache and adds up their gradients, which is the
gradient of the whole.
"""

import math
from collections.abc import Mapping, Sequence
from typing import Any, Literal

import torch
from torch import Tensor
from torchmetrics import MeanMetric

from sgn_sciml.networks import CoordinateNetwork
from sgn_sciml.optim import Exponential, MuonAdam, OptimizerFactory, Schedule
from sgn_sciml.tasks.base import BaseTask
from sgn_sciml.tasks.fidelity import Unseen, fidelity
from sgn_sciml.tasks.measurements import Measurement, Samples
from sgn_sciml.tasks.probe import probe_frequency
from sgn_sciml.tasks.rendering import derivatives, tabulate
from sgn_sciml.tasks.weighting import FrequencyWeighting

__all__ = ["INR"]

STANDARD_SAMPLES = 256  # samples along an axis that the networks' initial frequencies are for


class INR(BaseTask):
    """Fit a signal.

    Args:
        network: Network from the signal's coordinates to its channels.
        optimizer: Optimiser factory, called with the network's parameters grouped by role.
        schedule: Schedule of the rate over all steps; an exponential fall to a tenth by default.
        measurement: What is known of the signal; all its samples by default.
        weighting: Weights of frequencies in the loss, at the cost of a second evaluation of all
            samples; None weighs all alike.
        frequency: What the network's initial frequencies are multiplied by, relative to a signal
            of 256 samples along each axis; ``auto`` tries a half, 1 and 2 for a few steps.
        chunk: Measurements that go through the network at once.
        target_psnr: Stop at the first validation that reaches it, in dB; None trains on.
        frozen: Patterns of parameter names that do not train, for example ``*.frequency_factors``.

    Raises:
        ValueError: If the network does not fit the signal, a number is out of range, or nothing
            is called what should be frozen.
    """

    low: Tensor
    high: Tensor

    def __init__(
        self,
        network: CoordinateNetwork,
        optimizer: OptimizerFactory = MuonAdam,
        schedule: Schedule | None = None,
        measurement: Measurement | None = None,
        weighting: FrequencyWeighting | None = None,
        frequency: float | Literal["auto"] = 1.0,
        chunk: int = 8192,
        target_psnr: float | None = None,
        frozen: Sequence[str] = (),
    ) -> None:
        super().__init__(
            optimizer,
            network=network,
            schedule=schedule,
            measurement=measurement,
            weighting=weighting,
            frequency=frequency,
            chunk=chunk,
            target_psnr=target_psnr,
            frozen=frozen,
        )
        if chunk < 1:
            raise ValueError(f"chunk must be at least 1, got {chunk}")
        if frequency != "auto" and not frequency > 0:
            raise ValueError(f"frequency must be positive or 'auto', got {frequency}")
        self.automatic_optimization = False  # several backward passes make a step
        self.network = network
        self.freeze_parameters(frozen)
        self.schedule = schedule or Exponential()
        self.measurement = measurement or Samples()
        self.weighting = weighting
        self.frequency = frequency
        self.chunk = chunk
        self.target_psnr = target_psnr
        self.grid: tuple[int, ...] = ()
        self.masked = False
        self.found: dict[str, float] = {}  # what the card tells of choices made on the way
        self.register_buffer("low", torch.tensor(-1.0))
        self.register_buffer("high", torch.tensor(1.0))
        self.terms = ("loss",)
        self.term_values = torch.zeros(1)  # the last step's loss, for guards
        self.held_out = MeanMetric(nan_strategy="disable")

    # -- the signal --------------------------------------------------------------------------

    def setup(self, stage: str) -> None:
        signal = getattr(getattr(self.trainer, "datamodule", None), "signal", None)
        if signal is None:
            return
        sizes = (self.network.in_features, self.network.out_features)
        wanted = (len(signal.grid), len(signal.values))
        if sizes != wanted:
            raise ValueError(
                f"the network maps {sizes[0]} coordinates to {sizes[1]} channels, the signal has "
                f"{wanted[0]} axes and {wanted[1]} channels: set "
                f"model.init_args.network.init_args.in_features to {wanted[0]} and "
                f"out_features to {wanted[1]}"
            )
        self.low.fill_(signal.low)
        self.high.fill_(signal.high)
        span = signal.high - signal.low
        self.add_metrics(fidelity(signal.kind, span, signal.grid, signal.rate))
        self.grid, self.masked = signal.grid, signal.mask is not None
        self.unseen, self.interpolated = Unseen(span), Unseen(span)
        self.set_frequency(1.0 if self.frequency == "auto" else self.frequency, signal.grid)

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        super().on_save_checkpoint(checkpoint)
        checkpoint["signal"] = [self.network.in_features, self.network.out_features]

    def on_load_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        super().on_load_checkpoint(checkpoint)
        learnt = checkpoint["signal"]
        if learnt != [self.network.in_features, self.network.out_features]:
            raise ValueError(
                f"the checkpoint's signal has {learnt[0]} axes and {learnt[1]} channels, this one "
                f"{self.network.in_features} and {self.network.out_features}"
            )

    def set_frequency(self, frequency: float, grid: Sequence[int]) -> None:
        """Multiply the initial frequencies of the network by stretching its coordinates."""
        reach = [STANDARD_SAMPLES / (n * frequency) for n in grid]
        self.network.set_domain([-r for r in reach], reach)

    def on_fit_start(self) -> None:
        if self.device.type == "cpu":
            torch.set_flush_denormal(True)  # vanishing waves are slow otherwise
        if self.frequency == "auto" and self.global_step == 0:
            probe_frequency(self)

    def scaled(self, values: Tensor) -> Tensor:
        """Values in units of the signal, scaled to [-1, 1]."""
        return 2 * (values - self.low) / (self.high - self.low) - 1

    def forward(self, points: Tensor) -> Tensor:
        """The signal in its own units at points of [-1, 1]: ``(..., axes) -> (..., channels)``."""
        raw: Tensor = self.network(points)
        return self.low + (raw + 1) / 2 * (self.high - self.low)

    @torch.no_grad()
    def within(self, points: Tensor) -> Tensor:
        """The signal at a few points, within its range: ``(N, axes) -> (N, channels)``."""
        values: Tensor = self(points.to(self.low))
        return values.clamp(self.low, self.high)

    def render(self, points: Tensor) -> Tensor:
        """The same at many, a chunk at a time."""
        return tabulate(self.within, {"points": points}, self.chunk)

    @property
    def _exact(self) -> bool:
        """Whether all samples of the signal are told as they are."""
        told = isinstance(self.measurement, Samples) and self.measurement.exact
        return told and not self.masked

    # -- training ----------------------------------------------------------------------------

    def configure_optimizers(self) -> Any:
        optimizer = self.make_optimizer(self.network)
        steps = int(self.trainer.estimated_stepping_batches)
        return [optimizer], [self.schedule(optimizer, steps)]

    def make_optimizer(self, network: CoordinateNetwork) -> torch.optim.Optimizer:
        """An optimiser of a network's parameters, grouped by role.

        Where coordinates are stretched, a step of the first layer turns the phases by as much
        more; its rates are divided by the stretch.
        """
        groups = [{"name": name, "params": each} for name, each in network.roles().items()]
        optimizer = self.optimizer(groups)
        for group in optimizer.param_groups:
            if group["name"] in ("first", "first_frequencies"):
                group["lr"] *= float(network.upper.mean())
        return optimizer

    def loss_and_gradient(self, batch: Mapping[str, Tensor]) -> Tensor:
        """The mean squared misfit, whose gradient is added to the parameters'."""
        points, values = batch["points"], batch["values"]
        if self.weighting is not None:
            return self._weighted(self.weighting, points, values)
        total = torch.zeros((), device=points.device)
        chunks = (torch.split(each, self.chunk) for each in (points, values))
        for x, y in zip(*chunks, strict=True):
            misfit = self.measurement.predict(self.network, x) - y
            loss = misfit.square().sum() / values.numel()
            self.manual_backward(loss)
            total += loss.detach()
        return total

    def _weighted(self, weighting: FrequencyWeighting, points: Tensor, values: Tensor) -> Tensor:
        if not self._exact or len(points) != math.prod(self.grid):
            raise ValueError("a weighting of frequencies needs all samples of the signal")
        with torch.no_grad():
            found = torch.cat([self.network(x) for x in torch.split(points, self.chunk)])
        loss, slope = weighting((found - values).T.reshape(-1, *self.grid))
        slopes = torch.split(slope.flatten(1).T, self.chunk)
        for x, each in zip(torch.split(points, self.chunk), slopes, strict=True):
            self.manual_backward((self.network(x) * each).sum())
        return loss

    def training_step(self, batch: Mapping[str, Tensor], batch_idx: int) -> None:
        optimizer: Any = self.optimizers()
        scheduler: Any = self.lr_schedulers()
        optimizer.zero_grad()
        loss = self.loss_and_gradient(batch)
        optimizer.step()
        scheduler.step()
        self.term_values = loss[None]
        self.log("train/loss", loss, prog_bar=True)

    # -- evaluation --------------------------------------------------------------------------

    def evaluate(self, batch: Mapping[str, Tensor], stage: str) -> None:
        """Take in the whole signal; with ``known``, measure the rest by itself as well."""
        target = batch["values"]
        pred = self.rendered(batch)[None]
        self.metrics(stage).update(pred, target)
        square = (2 * (pred - target) / (self.high - self.low)).square()
        self.held_out.update(square.mean())
        if "known" in batch:
            self.unseen.update(pred, target, batch["known"])
            axes = [batch[f"axis{k}"] for k in range(self.network.in_features)]
            cubic = self.measurement.interpolated(target[0], axes) if stage == "test" else None
            if cubic is not None:
                found = cubic[None].clamp(self.low, self.high)
                self.interpolated.update(found, target, batch["known"])

    def rendered(self, batch: Mapping[str, Tensor]) -> Tensor:
        """The signal on the grid of an evaluation batch, shape ``(channels, *grid)``."""
        return tabulate(self.within, batch, self.chunk)

    def log_metrics(self, stage: str) -> None:
        super().log_metrics(stage)
        if stage == "test" or self._exact:
            self.log(f"{stage}/loss", self.held_out.compute())
        else:  # the truth is for measuring only: no checkpoint may be chosen by it
            self.log(f"{stage}/loss", self.term_values[0])
        self.held_out.reset()
        for name, metric in {"unseen": self.unseen, "unseen_cubic": self.interpolated}.items():
            if metric.update_called:
                self.log(f"{stage}/psnr/{name}", metric.compute())
            metric.reset()

    def validation_step(self, batch: dict[str, Tensor], batch_idx: int) -> None:
        self.evaluate(batch, "val")

    def on_validation_epoch_end(self) -> None:
        super().on_validation_epoch_end()
        psnr = self.trainer.callback_metrics.get("val/psnr")
        if self.target_psnr is not None and psnr is not None and psnr >= self.target_psnr:
            self.trainer.should_stop = True

    def test_step(self, batch: dict[str, Tensor], batch_idx: int) -> None:
        self.evaluate(batch, "test")

    def predict_step(self, batch: dict[str, Tensor], batch_idx: int) -> dict[str, Tensor]:
        """The signal on the grid of the batch (``axis0``, ...) or at its ``points``.

        With ``derivatives`` also gradient and Laplacian, per unit of the coordinates.
        """
        places = {k: v for k, v in batch.items() if k == "points" or k.startswith("axis")}
        found = {**places, "values": self.rendered(places)}
        return found | derivatives(self, places, self.chunk) if "derivatives" in batch else found
