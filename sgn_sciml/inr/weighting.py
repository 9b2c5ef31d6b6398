r"""A loss in the frequency domain: what is small but fine counts more.

.. math::
    L = \frac{1}{N C} \sum_k w_k\, \hat e_k^2, \qquad
    w_k \propto \left(1 + |k| / k_0\right)^{p}

with :math:`\hat e` the orthonormal cosine transform (DCT-II) of the error on the grid, :math:`k`
the vector of half waves per domain and the mean of w 1. p = 0 is the mean squared error.
"""

import math

import torch
from torch import Tensor

from sgn_sciml.metrics.spectral import cosine_transform

__all__ = ["FrequencyWeighting"]


class FrequencyWeighting:
    """Weights of the cosine coefficients of an error.

    Args:
        power: p, what the weight grows with; negative to favour what is coarse.
        corner: :math:`k_0`, half waves per domain from where on it grows.

    Raises:
        ValueError: If the corner is not positive.
    """

    def __init__(self, power: float = 0.5, corner: float = 8.0) -> None:
        if not corner > 0:
            raise ValueError(f"corner must be positive, got {corner}")
        self.power = power
        self.corner = corner

    def weights(self, like: Tensor) -> Tensor:
        """Weights w of the coefficients of a field ``(channels, *grid)``, shape ``(*grid)``."""
        square = torch.zeros((), device=like.device, dtype=like.dtype)
        for n in like.shape[1:]:
            square = square[..., None] + torch.arange(n, device=like.device).to(like) ** 2
        weights = (1 + square.sqrt() / self.corner) ** self.power
        return weights / weights.mean()

    def __call__(self, error: Tensor) -> tuple[Tensor, Tensor]:
        """The loss of an error and its derivative with respect to the error.

        Args:
            error: Shape ``(channels, *grid)``.

        Returns:
            The loss, a number, and the derivative, of the shape of the error.
        """
        with torch.enable_grad():
            error = error.detach().requires_grad_()
            waves = error
            for axis in range(1, error.ndim):
                waves = cosine_transform(waves, axis)
            loss = (self.weights(error) * waves.square()).sum() / math.prod(error.shape)
            (slope,) = torch.autograd.grad(loss, error)
        return loss.detach(), slope
