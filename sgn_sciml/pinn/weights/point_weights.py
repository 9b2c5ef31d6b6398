r"""Weights of collocation points: what is common to them.

.. math::
    L = \frac{1}{N} \sum_n w_n\, r(x_n)^2

The weights of a step are found once, before the optimiser begins, from the residual of that
moment. They have no gradient and stay the same however often a quasi-Newton method evaluates the
loss within its step. Held-out losses never have weights, so that checkpoints compare.
"""

from abc import ABC, abstractmethod

import torch.distributed as dist
from torch import Tensor, nn

__all__ = ["PointWeights", "over_processes"]


class PointWeights(nn.Module, ABC):
    """Base of the weights; what they remember belongs to the checkpoint."""

    @abstractmethod
    def update(self, points: Tensor, residual: Tensor) -> Tensor:
        """Weights of one step; no host synchronisation.

        Args:
            points: Points, scaled from the domain to [-1, 1], shape ``(N, d)``.
            residual: Magnitude of the residual there, without gradient, shape ``(N,)``.

        Returns:
            Weights, at least 0, shape ``(N,)``.
        """


def over_processes(value: Tensor, operation: dist.ReduceOp.RedOpType) -> Tensor:
    """A sum or maximum over all processes of a distributed run; else the value itself."""
    if dist.is_available() and dist.is_initialized():
        dist.all_reduce(value := value.clone(), operation)
    return value
