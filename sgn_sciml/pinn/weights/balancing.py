r"""Balance of loss terms: what its methods share.

A weight :math:`\lambda_i` of each term moves now and then towards what a method asks for, and is
kept with the checkpoint. Within a step, and so within a quasi-Newton method, weights are fixed.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn

from sgn_sciml.pinn.loss_terms import LossTerms

__all__ = ["Balancing"]


class Balancing(nn.Module, ABC):
    """Base of the balances.

    Args:
        every: Steps between updates.
        momentum: Share alpha of the old weights that an update keeps, in [0, 1).

    Raises:
        ValueError: If an argument is out of range.
    """

    def __init__(self, every: int = 100, momentum: float = 0.9) -> None:
        super().__init__()
        if every < 1 or not 0 <= momentum < 1:
            raise ValueError(f"need every >= 1 and 0 <= momentum < 1, got {every}, {momentum}")
        self.every = every
        self.momentum = momentum
        self.weights: Tensor
        self.register_buffer("weights", torch.ones(0))

    def build(self, terms: int) -> None:
        """Start with weight 1 for each of a number of terms."""
        self.weights = torch.ones(terms, dtype=torch.get_default_dtype())

    @abstractmethod
    def observe(
        self, terms: LossTerms, batch: Mapping[str, Tensor], parameters: Sequence[Tensor]
    ) -> None:
        """Update the weights at the points of a step; no host synchronisation.

        Args:
            terms: The terms.
            batch: The points.
            parameters: What trains.
        """

    def equalise(self, strengths: Tensor) -> None:
        """Move the weights towards such that make all terms equally strong.

        Args:
            strengths: Strength of each term without a weight, shape ``(terms,)``.
        """
        target = strengths.sum() / strengths.clamp_min(torch.finfo(strengths.dtype).tiny)
        # A term with no gradient at all keeps its weight; it would ask for an infinite one.
        target = torch.where(strengths > 0, target, self.weights)
        self.weights.lerp_(target.to(self.weights), 1 - self.momentum)
