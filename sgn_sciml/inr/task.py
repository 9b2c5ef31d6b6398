r"""Implicit neural representation: a coordinate network that is an image, a sound or a field.

.. math::
    L = \frac{1}{M} \sum_m \bigl( (\mathcal{A} f)_m - y_m \bigr)^2

with y what is known of the signal, scaled to [-1, 1]: its samples, or what another measurement
:math:`\mathcal{A}` tells (:mod:`sgn_sciml.inr.measurements`). A step goes through the
measurements some at a time, as fit the processor's cache, and adds up their gradients, which is
the gradient of the whole.
"""

import math
from collections.abc import Mapping, Sequence
from typing import Any, Literal

import torch
from torch import Tensor, nn

from sgn_sciml.inr.engine import EngineName
from sgn_sciml.inr.frequency_probe import probe_frequency
from sgn_sciml.inr.measurements import Measurement, Samples
from sgn_sciml.inr.signal_task import SignalTask
from sgn_sciml.inr.weighting import FrequencyWeighting
from sgn_sciml.jets import FusedFunction
from sgn_sciml.networks import CoordinateNetwork
from sgn_sciml.optim import Linear, MuonAdam, OptimizerFactory, Schedule

__all__ = ["INR"]


class INR(SignalTask):
    """Fit a signal.

    Any data module or loader with these batches will do, points being of [-1, 1] along each axis
    and ``values`` shaped as the measurement gives them:

    - to train: ``points`` ``(N, axes)`` and ``values`` ``(N, channels)``, scaled to [-1, 1];
    - to validate and test, one batch: the coordinates of a grid, ``axis0``, ``axis1``, ..., and
      ``values`` ``(1, channels, *grid)`` in the signal's own units; where a step may see but some
      samples, also which, ``known`` ``(*grid)``;
    - to predict: ``axis0``, ... or ``points``; with ``derivatives`` also gradient and Laplacian.

    A module that gives a :class:`~sgn_sciml.inr.Signal` as its ``description`` has it measured,
    drawn and written as what it is, in its own units, and stretches the network's frequencies to
    its grid. Without one the signal counts as a field over [-1, 1], of which the first evaluation
    batch tells the grid, and frequencies are those for 256 samples along each axis.

    Args:
        network: Network from the signal's coordinates to its channels; any module that maps
            points ``(N, axes)`` of [-1, 1] to ``(N, channels)`` will do.
        optimizer: Optimiser factory, called with the network's parameters grouped by role.
        schedule: Schedule of the rate over all steps; down to nothing along a line by default.
        measurement: What is known of the signal; all its samples by default.
        weighting: Weights of frequencies in the loss, at the cost of a second evaluation of all
            samples; None weighs all alike.
        frequency: What the network's initial frequencies are multiplied by, relative to a signal
            of 256 samples along each axis; ``auto`` tries a sixteenth to twice for a few steps,
            of a signal that is described.
        chunk: Measurements that go through the network at once in torch; None for as many as suit
            the processor. The kernel finds its own number.
        engine: What takes points through the network on a CPU: ``auto``, the kernel where it can;
            its products of matrices in low precision, ``bf16x3`` (as good as float32), ``mixed``
            (in the gradient alone) or ``bf16`` (for fits below 40 dB), on processors that have
            bfloat16 tiles; or ``torch``.
        target_psnr: Stop at the first validation that reaches it, in dB; None trains on.
        frozen: Patterns of parameter names that do not train, for example ``*.frequency_factors``.

    Raises:
        ValueError: If the network does not fit the signal, a number is out of range, or nothing
            is called what should be frozen.
    """

    schedule: Schedule

    def __init__(
        self,
        network: nn.Module,
        optimizer: OptimizerFactory = MuonAdam,
        schedule: Schedule | None = None,
        measurement: Measurement | None = None,
        weighting: FrequencyWeighting | None = None,
        frequency: float | Literal["auto"] = 1.0,
        chunk: int | None = None,
        engine: EngineName = "auto",
        target_psnr: float | None = None,
        frozen: Sequence[str] = (),
    ) -> None:
        super().__init__(
            network,
            optimizer,
            measurement,
            chunk,
            engine,
            schedule=schedule,
            weighting=weighting,
            frequency=frequency,
            target_psnr=target_psnr,
            frozen=frozen,
        )
        if frequency != "auto" and not frequency > 0:
            raise ValueError(f"frequency must be positive or 'auto', got {frequency}")
        self.automatic_optimization = False  # several backward passes make a step
        self.freeze_parameters(frozen)
        self.schedule = schedule or Linear()
        self.weighting = weighting
        self.frequency = frequency
        self.target_psnr = target_psnr

    def setup(self, stage: str) -> None:
        super().setup(stage)
        if not self.settled and self.frequency != "auto":
            self.set_frequency(self.frequency)

    def configure_optimizers(self) -> Any:
        if self.frequency == "auto" and not self.settled:
            probe_frequency(self, self.make_optimizer)
        optimizer = self.make_optimizer(self.network)
        return [optimizer], [self.scheduler(optimizer)]

    def on_fit_start(self) -> None:
        self.settled = True
        if self.device.type == "cpu":
            torch.set_flush_denormal(True)  # vanishing waves are slow otherwise

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
        fused = self.engine.train(self.network, lambda f: self._fused_loss(f, points, values))
        if fused is not None:
            return fused
        total = torch.zeros((), device=points.device)
        chunks = (torch.split(each, self.chunk) for each in (points, values))
        for x, y in zip(*chunks, strict=True):
            misfit = self.measurement.predict(self.network, x) - y
            loss = misfit.square().sum() / values.numel()
            self.manual_backward(loss)
            total += loss.detach()
        return total

    def _fused_loss(self, function: FusedFunction, points: Tensor, values: Tensor) -> Tensor:
        """The same in the kernel."""
        if type(self.measurement).predict is Samples.predict:
            loss = function.loss(points, values)
        else:
            loss = (self.measurement.predict(function, points) - values).square().mean()
        self.manual_backward(loss)
        return loss.detach()

    def _weighted(self, weighting: FrequencyWeighting, points: Tensor, values: Tensor) -> Tensor:
        if not self.exact or len(points) != math.prod(self.grid):
            raise ValueError(
                "a weighting of frequencies needs all samples of a signal that the data describe"
            )
        with torch.no_grad():
            found = self.engine.evaluate(self.network, points)
        loss, slope = weighting((found - values).T.reshape(-1, *self.grid))
        slopes = slope.flatten(1).T

        def along(function: FusedFunction) -> Tensor:
            self.manual_backward(function.along(points, slopes))
            return loss

        if self.engine.train(self.network, along) is None:
            parts = (torch.split(each, self.chunk) for each in (points, slopes))
            for x, each in zip(*parts, strict=True):
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

    def about(self) -> dict[str, Any]:
        return super().about() | {"engine": self.engine.ran}

    def on_validation_epoch_end(self) -> None:
        super().on_validation_epoch_end()
        psnr = self.trainer.callback_metrics.get("val/psnr")
        if self.target_psnr is not None and psnr is not None and psnr >= self.target_psnr:
            self.trainer.should_stop = True
