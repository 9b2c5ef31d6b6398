r"""Balance of loss terms by their gradients.

.. math::
    \hat\lambda_i = \frac{\sum_j \lVert \nabla L_j \rVert}{\lVert \nabla L_i \rVert}, \qquad
    \lambda_i \leftarrow \alpha \lambda_i + (1 - \alpha) \hat\lambda_i

so that every term pulls on the parameters with the same strength.

References:
    Wang, Sankaran, Wang and Perdikaris, *An expert's guide to training physics-informed neural
    networks* (2023), https://arxiv.org/abs/2308.08468, section 5.1
"""

from collections.abc import Iterable, Mapping, Sequence

import torch
from torch import Tensor

from sgn_sciml.pinn.loss_terms import LossTerms
from sgn_sciml.pinn.weights.balancing import Balancing

__all__ = ["GradientNorm"]


class GradientNorm(Balancing):
    """Gradient-norm weights; arguments as :class:`~sgn_sciml.pinn.weights.balancing.Balancing`."""

    def observe(
        self, terms: LossTerms, batch: Mapping[str, Tensor], parameters: Sequence[Tensor]
    ) -> None:
        self.update(terms.losses(batch), parameters)

    def update(self, losses: Mapping[str, Tensor], parameters: Iterable[Tensor]) -> None:
        """Move the weights towards equal gradient norms."""
        parameters = list(parameters)
        norms = []
        for loss in losses.values():
            gradients = torch.autograd.grad(
                loss, parameters, retain_graph=True, materialize_grads=True
            )
            norms.append(torch.stack([g.square().sum() for g in gradients]).sum().sqrt())
        self.equalise(torch.stack(norms).detach())
