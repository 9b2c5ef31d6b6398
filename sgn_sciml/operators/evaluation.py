"""Measures of an operator on a test set."""

import copy
import warnings
from collections.abc import Mapping, Sequence
from contextlib import suppress

import torch
from torch import Tensor, nn
from torchmetrics import MetricCollection

from sgn_sciml.metrics import (
    VRMSE,
    ConformalBand,
    PDEBenchErrors,
    RelativeH1,
    SampleErrors,
    SpectralError,
    relative_l2,
)
from sgn_sciml.metrics.base import Mean
from sgn_sciml.metrics.physics import PhysicsMetric
from sgn_sciml.operators.losses import Domain

__all__ = ["SHELLS", "TestSet"]

SHELLS = 128
ROLLOUT = {"first": 0.0, "quarter": 0.25, "half": 0.5, "last": 1.0}  # of the frames


class TestSet(nn.Module):
    """The measures of one test set: fields in physical units, the frames of a rollout as channels.

    Half of the samples, drawn by lots, calibrate the bands that the others test. The samples that
    chose a checkpoint would not do: they are no longer exchangeable with new ones.

    Args:
        name: Name of the test set.
        domain: The box of the fields.
        axes: Number of space axes.
        level: Level of the bands.
        physics: Measures of the equation.
        training_grid: Points along each axis in training.
        names: Names of the target's channels, where there are several.
    """

    __test__ = False  # to pytest

    def __init__(
        self,
        name: str,
        domain: Domain,
        axes: int,
        level: float,
        physics: Sequence[PhysicsMetric] = (),
        training_grid: Sequence[int] = (),
        names: Sequence[str] = (),
    ) -> None:
        super().__init__()
        self.name, self.axes, self.training_grid = name, axes, tuple(training_grid)
        periodic, length = domain.periodic, domain.length
        self.spectral = SpectralError(domain.boundary(axes), SHELLS)
        self.fields = MetricCollection(
            {
                "samples": SampleErrors(),
                "relative_h1": RelativeH1(
                    periodic if isinstance(periodic, bool) else tuple(periodic),
                    length if isinstance(length, float) else tuple(length),
                    per_sample=True,
                ),
                "vrmse": VRMSE(),
                "spectral": self.spectral,
            },
            compute_groups=False,
        )
        if axes < 3:
            self.fields.add_metrics({"pdebench": PDEBenchErrors()})
        self.bands = ConformalBand(level, split=True)
        self.physics = [copy.deepcopy(metric) for metric in physics]
        self.frames = {key: Mean() for key in ROLLOUT}
        self.names = tuple(names)
        self.each: dict[str, Mean] = {}  # errors of the channels apart, if several
        self.moved = nn.ModuleList([*self.physics, *self.frames.values()])  # with the rest
        self.rolled = False
        self.grid: tuple[int, ...] = ()

    def update(self, found: Mapping[str, Tensor]) -> None:
        """Take in a batch: ``input``, ``target`` and ``prediction`` in physical units."""
        pred, target = found["prediction"], found["target"]
        for metric in self.physics:
            metric.update(pred, target, found["input"])
        self.rolled = target.ndim == self.axes + 3
        self._apart(pred, target)
        if self.rolled:
            for key, at in ROLLOUT.items():
                k = round(at * (target.shape[1] - 1))
                self.frames[key].update(relative_l2(pred[:, k], target[:, k]))
            pred, target = pred.flatten(1, 2), target.flatten(1, 2)
        self.grid = tuple(target.shape[2:])
        self.fields.update(pred, target)
        self.bands.update(pred, target)

    def _apart(self, pred: Tensor, target: Tensor) -> None:
        """Take in the channels one by one: a small one hides behind a large one."""
        axis = 1 + self.rolled
        if (count := target.shape[axis]) < 2:
            return
        names = self.names if len(self.names) == count else [f"channel {k}" for k in range(count)]
        for k, name in enumerate(names):
            mean = self.each.setdefault(name, Mean().to(target.device))
            mine = [each.select(axis, k) for each in (pred, target)]
            mean.update(relative_l2(*(each if self.rolled else each[:, None] for each in mine)))

    def compute(self) -> dict[str, Tensor]:
        """All measures by name."""
        with warnings.catch_warnings():  # a process may have no data and must still take part
            warnings.filterwarnings("ignore", ".*was called before the ``update`` method.*")
            return self._compute()

    def _compute(self) -> dict[str, Tensor]:
        values: dict[str, Tensor] = {
            key: value
            for key, value in self.fields.compute().items()
            if not ("frmse" in key and value.isnan())  # a band that is beyond the grid
        }
        for metric in self.physics:
            values |= {f"physics/{key}": value for key, value in metric.compute().items()}
        values |= {f"relative_l2/{name}": mean.compute() for name, mean in self.each.items()}
        if self.rolled:
            values |= {f"rollout/{key}": mean.compute() for key, mean in self.frames.items()}
        with suppress(ValueError):  # too few samples to calibrate
            values |= self.bands.compute()
        if self.training_grid and min(self.grid, default=0) > min(self.training_grid):
            spectrum, first = self.spectral.spectrum(), min(self.training_grid) // 2
            beyond = spectrum.target[spectrum.wavenumber >= first].sum() / spectrum.target.sum()
            if first <= SHELLS:
                values["beyond_training_nyquist"] = beyond.sqrt()
        return {key: torch.as_tensor(value) for key, value in values.items()}
