r"""Balance of loss terms by the trace of their neural tangent kernels.

.. math::
    \hat\lambda_i = \frac{\sum_j \kappa_j}{\kappa_i}, \qquad
    \kappa_i = \frac{\operatorname{tr} K_i}{N_i}
        = \frac{1}{N_i} \sum_{n} \lVert \nabla_\theta\, r_i(x_n) \rVert^2, \qquad
    \lambda_i \leftarrow \alpha \lambda_i + (1 - \alpha) \hat\lambda_i

Under gradient flow the residuals of a term decay at rates that are the eigenvalues of its kernel
:math:`K_i`; equal traces let all terms decay at one mean rate. Unlike a gradient's norm a trace
does not vanish as its term is solved.

References:
    Wang, Yu and Perdikaris, *When and why PINNs fail to train: a neural tangent kernel
    perspective* (2022), https://arxiv.org/abs/2007.14527

    Wang, Sankaran, Wang and Perdikaris, *An expert's guide to training physics-informed neural
    networks* (2023), https://arxiv.org/abs/2308.08468: mean traces, which N does not change
"""

from collections.abc import Iterable, Mapping, Sequence

import torch
from torch import Tensor

from sgn_sciml.pinn.loss_terms import LossTerms
from sgn_sciml.pinn.weights.balancing import Balancing

__all__ = ["NTK"]


class NTK(Balancing):
    """Weights of equal mean traces, estimated on some points of each term.

    An update holds the Jacobian of one term at a time, its points by the parameters.

    Args:
        every: Steps between updates.
        momentum: Share alpha of the old weights that an update keeps, in [0, 1).
        points: Points of each term that the trace is averaged over, evenly spread over its rows.

    Raises:
        ValueError: If an argument is out of range.
    """

    def __init__(self, every: int = 100, momentum: float = 0.9, points: int = 32) -> None:
        super().__init__(every, momentum)
        if points < 1:
            raise ValueError(f"NTK: need points >= 1, got {points}")
        self.points = points

    def observe(
        self, terms: LossTerms, batch: Mapping[str, Tensor], parameters: Sequence[Tensor]
    ) -> None:
        # Evenly spread, since adaptive points may be sorted.
        few = {k: v[:: max(1, len(v) // self.points)][: self.points] for k, v in batch.items()}
        self.update(j for _, j in terms.linearised(few, parameters) if j is not None)

    def update(self, jacobians: Iterable[Tensor]) -> None:
        """Move the weights towards equal mean traces.

        Args:
            jacobians: Derivatives of the residuals of each term, shape ``(E, P, N)``.
        """
        self.equalise(torch.stack([j.square().sum() / j.shape[2] for j in jacobians]))
