r"""Causal weights: early times first.

Time is cut into M slices with mean squared residuals :math:`L_k`. All points of slice i weigh

.. math::
    w_i = \exp\Big(-\epsilon \sum_{k < i} L_k\Big)

so that a slice trains once those before it are solved. When the last weight exceeds a threshold,
everything counts, and the next, larger tolerance :math:`\epsilon` makes the order stricter.

References:
    Wang, Sankaran and Perdikaris, *Respecting causality is all you need for training
    physics-informed neural networks* (2022), https://arxiv.org/abs/2203.07404
"""

from collections.abc import Sequence
from itertools import pairwise

import torch
import torch.distributed as dist
from torch import Tensor

from sgn_sciml.pinn.weights.point_weights import PointWeights, over_processes

__all__ = ["Causal"]


class Causal(PointWeights):
    """Causal weights for points scattered in time, which is the last coordinate.

    Args:
        slices: Slices of time, of equal length; an empty one counts as solved.
        tolerances: Tolerances epsilon, each larger than the one before. Too large a first one
            stops training: nothing but the first slice has a weight.
        threshold: Weight of the last slice at which the next tolerance begins, in (0, 1).

    Raises:
        ValueError: If an argument is out of range.
    """

    def __init__(
        self,
        slices: int = 32,
        tolerances: Sequence[float] = (0.01, 0.1, 1.0, 10.0, 100.0),
        threshold: float = 0.99,
    ) -> None:
        super().__init__()
        rising = all(a < b for a, b in pairwise(tolerances))
        if slices < 2 or not tolerances or tolerances[0] <= 0 or not rising:
            raise ValueError(
                f"Causal: need slices >= 2 and rising tolerances > 0, got {slices}, {tolerances}"
            )
        if not 0 < threshold < 1:
            raise ValueError(f"Causal: need 0 < threshold < 1, got {threshold}")
        self.slices = slices
        self.threshold = threshold
        self.rising: Tensor
        self.register_buffer("rising", torch.tensor(tolerances), persistent=False)
        self.stage: Tensor  # which tolerance is in force
        self.register_buffer("stage", torch.zeros(1, dtype=torch.long))

    def update(self, points: Tensor, residual: Tensor) -> Tensor:
        place = ((points[:, -1] + 1) / 2 * self.slices).long().clamp(0, self.slices - 1)
        # Sums over a mask: unlike a scattered addition they come out alike on every run of a GPU.
        inside = place == torch.arange(self.slices, device=place.device)[:, None]
        sums = torch.stack([(inside * residual.square()).sum(1), inside.sum(1).to(residual.dtype)])
        total, count = over_processes(sums, dist.ReduceOp.SUM)
        losses = total / count.clamp_min(1)
        tolerance = self.rising.to(residual.dtype).index_select(0, self.stage)
        weights = torch.exp(-tolerance * (losses.cumsum(0) - losses))
        solved = weights[-1] > self.threshold
        self.stage = (self.stage + solved).clamp_max(len(self.rising) - 1)
        return weights[place]
