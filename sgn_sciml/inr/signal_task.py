"""A network that stands for a signal: rendered anywhere, measured against the truth."""

from collections.abc import Mapping
from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from sgn_sciml.inr.application import Fitting
from sgn_sciml.inr.description import Signal, plain_field
from sgn_sciml.inr.engine import EngineName, NetworkEngine
from sgn_sciml.inr.fidelity import fidelity
from sgn_sciml.inr.measurements import Measurement, Samples
from sgn_sciml.inr.rendering import derivatives, tabulate
from sgn_sciml.metrics import PSNR
from sgn_sciml.metrics.base import Mean, accumulator
from sgn_sciml.networks import PlainNetwork, as_sized_network
from sgn_sciml.optim import OptimizerFactory
from sgn_sciml.runs.application import Application
from sgn_sciml.runs.description import description_of
from sgn_sciml.runs.task import BaseTask

__all__ = ["SignalTask"]

STANDARD_SAMPLES = 256  # samples along an axis that the networks' initial frequencies are for


class SignalTask(BaseTask):
    """Base of the tasks that fit a signal; how is left to the subclass.

    What the signal is, the data module tells by a :class:`~sgn_sciml.inr.Signal`. Without one, the
    first evaluation batch is taken for a field over [-1, 1], and measured as such.

    Args:
        network: Network from the signal's coordinates to its channels, or any module that maps
            points ``(N, axes)`` of [-1, 1] to ``(N, channels)``, each row on its own.
        optimizer: Optimiser factory.
        measurement: What is known of the signal.
        chunk: Points that go through the network at once in torch; None for a number that suits.
        engine: What takes points through the network; see :mod:`sgn_sciml.inr.engine`.
        kwargs: The other arguments of the subclass.

    Raises:
        ValueError: If ``chunk`` is below 1, or engine or network are no such thing.
    """

    application: ClassVar[Application] = Fitting()
    description: Signal | None = None
    low: Tensor
    high: Tensor

    def __init__(
        self,
        network: nn.Module,
        optimizer: OptimizerFactory,
        measurement: Measurement | None,
        chunk: int | None,
        engine: EngineName,
        **kwargs: Any,
    ) -> None:
        kwargs |= {"network": network, "measurement": measurement, "chunk": chunk}
        super().__init__(optimizer, engine=engine, **kwargs)
        self.engine = NetworkEngine(engine, chunk)
        self.network = as_sized_network(network)
        self.measurement = measurement or Samples()
        self.masked = self.settled = False  # samples are missing; frequencies are those of a fit
        self._measured: tuple[Tensor, Tensor] | None = None
        self._reach: tuple[float, float] | None = None  # in all digits, of which buffers keep some
        self.register_buffer("low", torch.tensor(-1.0))
        self.register_buffer("high", torch.tensor(1.0))
        self.held_out = Mean()

    # -- the signal --------------------------------------------------------------------------

    def setup(self, stage: str) -> None:
        signal = self.description = description_of(self.trainer, Signal)
        self._measured = None
        self.masked = signal is not None and signal.mask is not None
        self.stage_metrics.clear()  # those of another signal
        if signal is not None:
            self._require(len(signal.grid), len(signal.values))
            self._reach = low, high = signal.reach
            self.low.fill_(low)
            self.high.fill_(high)
            self._measure_as(signal)
        if not self.settled:
            self.set_frequency(1.0)

    def _require(self, axes: int, channels: int) -> None:
        """Refuse a signal that the network does not fit."""
        sizes = (self.network.in_features, self.network.out_features)
        if sizes != (axes, channels):
            way = (
                f"set model.init_args.network.init_args.in_features to {axes} and out_features to "
                f"{channels}"
            )
            if isinstance(self.network, PlainNetwork):
                way = f"give its {type(self.network.module).__name__} as many"
            raise ValueError(
                f"the network maps {sizes[0]} coordinates to {sizes[1]} channels, the signal has "
                f"{axes} axes and {channels} channels: {way}"
            )

    def _measure_as(self, signal: Signal) -> None:
        """Make the metrics of a signal."""
        self.add_metrics(fidelity(signal))
        self.unseen, self.interpolated = (PSNR(signal.high - signal.low) for _ in range(2))

    def signal_of(self, batch: Mapping[str, Tensor]) -> Signal:
        """What an evaluation batch holds: the signal as it is described, else a field."""
        if self.description is not None:
            return self.description
        axes = sum(name.startswith("axis") for name in batch)
        return plain_field(batch["values"][0], axes, *self.reach)

    def measurements(self) -> tuple[Tensor, Tensor]:
        """What is told of the signal: where each measurement was made, and what it gave.

        Returns:
            This process's share, in the dtype of the parameters and on their device; they are
            made once.

        Raises:
            ValueError: If the data module does not describe the signal.
        """
        if self._measured is None:
            signal = self._described()
            points, values = self.measurement.observe(
                signal.scaled, signal.centres, signal.generator(), signal.mask
            )
            share = slice(self.trainer.global_rank, None, self.trainer.world_size)
            like = next(self.parameters())
            self._measured = points[share].to(like), values[share].to(like)
        return self._measured

    def known(self) -> Tensor | None:
        """Which samples of the signal are told, shape ``grid``; None where that says nothing.

        Raises:
            ValueError: If the data module does not describe the signal.
        """
        signal = self._described()
        return self.measurement.known(signal.grid, signal.generator(), signal.mask)

    def _described(self) -> Signal:
        if self.description is None:
            raise ValueError(
                "measurements are made of a signal that the data module describes: give it a "
                "`description`, an sgn_sciml.inr.Signal"
            )
        return self.description

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        super().on_save_checkpoint(checkpoint)
        checkpoint["signal"] = [self.network.in_features, self.network.out_features]
        checkpoint["reach"] = list(self.reach)

    def on_load_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        super().on_load_checkpoint(checkpoint)
        learnt = checkpoint["signal"]
        if learnt != [self.network.in_features, self.network.out_features]:
            raise ValueError(
                f"the checkpoint's signal has {learnt[0]} axes and {learnt[1]} channels, this one "
                f"{self.network.in_features} and {self.network.out_features}"
            )
        self.settled = True
        reach = checkpoint.get("reach")  # files of version 0.1 have the buffers alone
        self._reach = None if reach is None else (reach[0], reach[1])

    def set_frequency(self, frequency: float) -> None:
        """Multiply the initial frequencies of the network by stretching its coordinates.

        Args:
            frequency: Relative to what suits 256 samples along each axis, as an unknown grid has.
        """
        usual = (STANDARD_SAMPLES,) * self.network.in_features
        density = self.description.density if self.description else usual
        reach = [STANDARD_SAMPLES / (n * frequency) for n in density]
        self.network.set_domain([-r for r in reach], reach)

    @property
    def grid(self) -> tuple[int, ...]:
        """Samples of the signal along each axis; empty if nobody told."""
        return () if self.description is None else self.description.grid

    @property
    def exact(self) -> bool:
        """Whether all samples of the signal are told as they are."""
        told = isinstance(self.measurement, Samples) and self.measurement.exact
        return told and not self.masked

    def forward(self, points: Tensor) -> Tensor:
        """The signal in its own units at points of [-1, 1]: ``(..., axes) -> (..., channels)``.

        In float64 where the signal is: beside a large mean float32 would round what varies.
        """
        raw = self.engine.evaluate(self.network, points)
        signal, (low, high) = self.description, self.reach
        if signal is not None and signal.values.dtype == torch.float64:
            raw = raw.to(accumulator(raw.device))
        return low + (raw + 1) / 2 * (high - low)

    @property
    def chunk(self) -> int:
        """Points that go through the network at once in torch."""
        return self.engine.chunk_on(self.low.device)

    @property
    def reach(self) -> tuple[float, float]:
        """The values that are -1 and 1 to the network."""
        return (float(self.low), float(self.high)) if self._reach is None else self._reach

    @torch.no_grad()
    def within(self, points: Tensor) -> Tensor:
        """The signal at a few points, within its range: ``(N, axes) -> (N, channels)``."""
        values: Tensor = self(points.to(self.low))
        return values.clamp(*self.reach)

    def render(self, points: Tensor) -> Tensor:
        """The same at many."""
        return tabulate(self.within, {"points": points})

    # -- evaluation --------------------------------------------------------------------------

    def evaluate(self, batch: Mapping[str, Tensor], stage: str) -> None:
        """Take in the whole signal; with ``known``, measure the rest by itself as well."""
        target = batch["values"]
        if not self.stage_metrics:
            self._begin_measuring(batch)
        pred = self.rendered(batch, target[0])[None]
        apart = {"joined": stage == "test"} if self.signal_of(batch).streamed else {}
        self.metrics(stage).update(pred, target, **apart)
        low, high = self.reach
        square = (2 * (pred - target) / (high - low)).square()
        self.held_out.update(square.mean(), float(square.numel()))
        if "known" in batch:
            self.unseen.update(pred, target, batch["known"])
            axes = [batch[f"axis{k}"] for k in range(self.network.in_features)]
            cubic = self.measurement.interpolated(target[0], axes) if stage == "test" else None
            if cubic is not None:
                found = cubic[None].clamp(low, high)
                self.interpolated.update(found, target, batch["known"])

    def _begin_measuring(self, batch: Mapping[str, Tensor]) -> None:
        """Make the metrics of a signal that nobody described, at its first batch."""
        signal = self.signal_of(batch)
        self._require(len(signal.axes), len(signal.values))
        self.masked = "known" in batch
        with torch.inference_mode(False):  # their states are changed outside of it as well
            self._measure_as(signal)
            for part in (self.stage_metrics, self.unseen, self.interpolated):
                part.to(self.device)

    def rendered(self, batch: Mapping[str, Tensor], truth: Tensor | None = None) -> Tensor:
        """The signal on the grid of an evaluation batch, shape ``(channels, *grid)``.

        Where the measurement leaves a constant open in each channel, it is the one that comes
        closest to the truth or, without it, brings values to the middle of the signal's range.
        """
        if not self.measurement.up_to_constant:
            return tabulate(self.within, batch)
        with torch.no_grad():
            found = tabulate(lambda p: self(p.to(self.low)), batch)
        channels = found.flatten(1) if "points" not in batch else found.T
        if truth is None:
            ends = channels.amin(1) + channels.amax(1)
            constant = (sum(self.reach) - ends) / 2
        else:
            constant = (truth.to(found) - found).flatten(1).mean(1)
        shape = (-1, *(1,) * (found.ndim - 1)) if "points" not in batch else (-1,)
        return (found + constant.view(shape)).clamp(*self.reach)

    def log_metrics(self, stage: str) -> None:
        if not self.stage_metrics:  # no batch came
            return
        super().log_metrics(stage)
        if stage == "test" or self.exact:
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

    def test_step(self, batch: dict[str, Tensor], batch_idx: int) -> None:
        self.evaluate(batch, "test")

    def predict_step(self, batch: dict[str, Tensor], batch_idx: int) -> dict[str, Tensor]:
        """The signal on the grid of the batch (``axis0``, ...) or at its ``points``.

        With ``derivatives`` also gradient and Laplacian, per unit of the coordinates.
        """
        places = {k: v for k, v in batch.items() if k == "points" or k.startswith("axis")}
        found = {**places, "values": self.rendered(places)}
        return found | derivatives(self, places, self.chunk) if "derivatives" in batch else found
