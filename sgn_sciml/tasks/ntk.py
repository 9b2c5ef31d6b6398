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

from collections.abc import Iterable, Mapping

import torch
from torch import Tensor, nn

from sgn_sciml.tasks.balancing import Balanced, Balancing

__all__ = ["NTK"]


class NTK(Balancing):
    """Weights of equal mean traces, estimated on some points of each term.

    An update costs a backward pass per point and equation, by nested autograd.

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

    def observe(self, task: Balanced, batch: Mapping[str, Tensor]) -> None:
        # Evenly spread, since adaptive points may be sorted.
        few = {k: v[:: max(1, len(v) // self.points)][: self.points] for k, v in batch.items()}
        self.update(task.term_residuals(few), task.trainable())

    def update(self, residuals: Mapping[str, Tensor], parameters: Iterable[nn.Parameter]) -> None:
        """Move the weights towards equal mean traces.

        Args:
            residuals: Residuals of each term, shape ``(E, N)``, a part of torch's graph.
            parameters: The parameters.
        """
        parameters = list(parameters)
        traces = []
        for rows in residuals.values():
            squares = []
            for residual in rows.flatten():
                gradients = torch.autograd.grad(
                    residual, parameters, retain_graph=True, materialize_grads=True
                )
                squares.append(torch.stack([g.square().sum() for g in gradients]).sum())
            traces.append(torch.stack(squares).sum() / rows.shape[1])
        self.equalise(torch.stack(traces).detach())
