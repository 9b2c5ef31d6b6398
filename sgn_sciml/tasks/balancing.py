r"""Balance of loss terms by their gradients.

.. math::
    \hat\lambda_i = \frac{\sum_j \lVert \nabla L_j \rVert}{\lVert \nabla L_i \rVert}, \qquad
    \lambda_i \leftarrow \alpha \lambda_i + (1 - \alpha) \hat\lambda_i

so that every term pulls on the parameters with the same strength.

References:
    Wang, Sankaran, Wang and Perdikaris, *An expert's guide to training physics-informed neural
    networks* (2023), https://arxiv.org/abs/2308.08468, section 5.1
"""

from collections.abc import Iterable, Mapping

import torch
from torch import Tensor, nn

__all__ = ["GradientNorm"]


class GradientNorm(nn.Module):
    """Gradient-norm weights, updated now and then and kept with the checkpoint.

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

    def update(self, losses: Mapping[str, Tensor], parameters: Iterable[nn.Parameter]) -> None:
        """Move the weights towards equal gradient norms; no host synchronisation."""
        parameters = list(parameters)
        norms = []
        for loss in losses.values():
            gradients = torch.autograd.grad(
                loss, parameters, retain_graph=True, materialize_grads=True
            )
            norms.append(torch.stack([g.square().sum() for g in gradients]).sum().sqrt())
        norm = torch.stack(norms).detach()
        target = norm.sum() / norm.clamp_min(torch.finfo(norm.dtype).tiny)
        # A term with no gradient at all keeps its weight; it would ask for an infinite one.
        target = torch.where(norm > 0, target, self.weights)
        self.weights.lerp_(target.to(self.weights), 1 - self.momentum)
