r"""Residual-based attention: points that stay unsolved gain weight.

.. math::
    \lambda_n \leftarrow \gamma \lambda_n + \eta \frac{|r_n|}{\max_m |r_m|}, \qquad
    w_n = \lambda_n^2

A multiplier belongs to a point. When points are redrawn, those that stay in their place (as with
``RAR`` and ``R3``) carry theirs on; new points begin at the mean of all, which keeps the size of
the loss. So redraw seldom, or never: a multiplier needs about :math:`1/(1 - \gamma)` steps.

References:
    Anagnostopoulos, Toscano, Stergiopulos and Karniadakis, *Residual-based attention in
    physics-informed neural networks* (2024), https://arxiv.org/abs/2307.00379
"""

import torch
import torch.distributed as dist
from torch import Tensor

from sgn_sciml.pinn.weights.point_weights import PointWeights, over_processes

__all__ = ["ResidualAttention"]


class ResidualAttention(PointWeights):
    """Multipliers of the points, which the checkpoint keeps with the points they belong to.

    Args:
        decay: Gamma, in [0, 1).
        rate: Eta, positive; multipliers stay below rate / (1 - decay).
        initial: Multiplier of all points at the start.

    Raises:
        ValueError: If an argument is out of range.
    """

    def __init__(self, decay: float = 0.999, rate: float = 0.01, initial: float = 1.0) -> None:
        super().__init__()
        if not 0 <= decay < 1 or rate <= 0 or initial < 0:
            raise ValueError(
                "ResidualAttention: need 0 <= decay < 1, rate > 0 and initial >= 0, "
                f"got {decay}, {rate}, {initial}"
            )
        self.decay = decay
        self.rate = rate
        self.initial = initial
        # Points and multipliers, (N, d + 1). No buffer: its length changes, and each process of
        # a distributed run has its own, which DDP would overwrite with those of the first.
        self.known = torch.zeros(0, 1)

    def update(self, points: Tensor, residual: Tensor) -> Tensor:
        multipliers = self._carried(points)
        largest = over_processes(residual.max(), dist.ReduceOp.MAX)
        share = residual / largest.clamp_min(torch.finfo(residual.dtype).tiny)
        multipliers = self.decay * multipliers + self.rate * share
        self.known = torch.cat([points, multipliers[:, None]], dim=1)
        return multipliers.square()

    def _carried(self, points: Tensor) -> Tensor:
        """The multipliers so far of points that are known in their place, else the mean."""
        if not len(self.known):
            return points.new_full((len(points),), self.initial)
        known = self.known.to(points)
        carried = known[:, -1].mean().repeat(len(points))
        count = min(len(known), len(points))
        same = (known[:count, :-1] == points[:count]).all(1)
        carried[:count] = torch.where(same, known[:count, -1], carried[:count])
        return carried

    def get_extra_state(self) -> Tensor:
        """Points and multipliers, for the checkpoint."""
        return self.known

    def set_extra_state(self, state: Tensor) -> None:
        """Restore them; other processes than the first begin at the mean."""
        self.known = state
