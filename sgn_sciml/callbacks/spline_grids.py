"""Splines whose grids follow the data while they train."""

from typing import Any

import torch
from lightning.pytorch import Callback, LightningModule, Trainer
from lightning.pytorch.utilities import rank_zero_warn

from sgn_sciml.layers import Range
from sgn_sciml.networks import CoordinateMLP, follow_data

__all__ = ["FollowData"]


class FollowData(Callback):
    """Move the grids of splines to where their inputs are, on a schedule.

    The inputs are those of random points of the domain, the same on every process and at every
    repetition of a run. An optimiser that remembers curvature should train after the last move.

    Args:
        every: Steps between moves.
        until: Last step at which grids move.
        points: Number of points.
        within: How the ends of a grid are found; by quantiles when None.
        uniform: Share of evenly spaced points in a grid, quantiles have the rest.

    Raises:
        ValueError: If a number is below 1.
    """

    def __init__(
        self,
        every: int = 100,
        until: int = 1000,
        points: int = 2000,
        within: Range | None = None,
        uniform: float = 0.5,
    ) -> None:
        if min(every, until, points) < 1:
            raise ValueError(
                f"every, until and points must be at least 1, got {every}, {until}, {points}"
            )
        self.every = every
        self.until = until
        self.points = points
        self.within = within
        self.uniform = uniform
        self._last = 0

    def on_train_batch_end(
        self, trainer: Trainer, pl_module: LightningModule, *_: Any, **__: Any
    ) -> None:
        step = trainer.global_step
        if step % self.every or step > self.until or step == self._last:
            return
        self._last = step
        moved = 0
        for network in pl_module.modules():
            if isinstance(network, CoordinateMLP) and network.layers[0].weight.requires_grad:
                draw = torch.Generator().manual_seed(step)
                t = torch.rand(self.points, network.in_features, generator=draw)
                points = network.lower + t.to(network.lower) * (network.upper - network.lower)
                moved += follow_data(network, points, self.within, self.uniform)
        if not moved:
            rank_zero_warn("FollowData: the network has no splines")
