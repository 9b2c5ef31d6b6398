r"""A mixture of layers, each with its own activation: MLP-KAN and others.

.. math::
    y = \sum_e g_e(u)\, \bigl(W_e\, T_e(u)\bigr) + c, \qquad g(u) = \mathrm{softmax}(R u + r)

The experts are activations, ordinary ones (an MLP) or bases (a KAN), on the same pre-activations;
their matrices stand side by side in the linear layer after it. The router starts at zero, so that
every expert has the same share.

MLP-KAN sends tokens of a transformer to experts of either kind by the soft slots of soft
mixtures of experts, which mix the points of a batch. A function of coordinates must not: here
each point is routed by itself, densely, and stays differentiable.

References:
    He et al., *MLP-KAN: unifying deep representation and function learning* (2024),
    https://arxiv.org/abs/2410.03027

    Jacobs et al., *Adaptive mixtures of local experts* (1991),
    https://doi.org/10.1162/neco.1991.3.1.79
"""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from sgn_sciml.layers.activations import Activation, ActivationLike, Elementwise, make_activation
from sgn_sciml.layers.splines import Spline

__all__ = ["Mixture"]


def gelu(features: int) -> Activation:
    """The MLP among the experts."""
    return Elementwise(features, F.gelu)


class Mixture(Activation):
    """Activations weighted by a router, shape ``(..., n) -> (..., sum of the experts' channels)``.

    E experts cost :math:`E (n + 1)` parameters beside their own.

    Args:
        features: Number of channels n.
        experts: Activations, classes or names; GELU and splines, an MLP and a KAN, by default.

    Raises:
        ValueError: If there is no expert, or one takes another number of channels.
    """

    def __init__(self, features: int, experts: Sequence[ActivationLike] = (gelu, Spline)) -> None:
        made = [make_activation(expert, features) for expert in experts]
        if not made or any(expert.in_features != features for expert in made):
            takes = ", ".join(f"{type(e).__name__} takes {e.in_features}" for e in made)
            raise ValueError(f"need experts on {features} channels; {takes or 'there are none'}")
        super().__init__(features, out_features=sum(expert.out_features for expert in made))
        self.experts = nn.ModuleList(made)
        self.router = nn.Linear(features, len(made))
        nn.init.zeros_(self.router.weight)
        nn.init.zeros_(self.router.bias)

    def init_behind(self, linear: nn.Linear) -> None:
        start = 0
        with torch.no_grad():
            for expert in self.experts:
                assert isinstance(expert, Activation)
                part = nn.Linear(expert.out_features, linear.out_features).to(linear.weight)
                expert.init_head(part)
                linear.weight[:, start : start + expert.out_features] = part.weight
                start += expert.out_features
        nn.init.zeros_(linear.bias)

    def init_head(self, linear: nn.Linear) -> None:
        self.init_behind(linear)

    def forward(self, u: Tensor) -> Tensor:
        shares = torch.softmax(self.router(u), dim=-1)
        parts = [shares[..., e : e + 1] * expert(u) for e, expert in enumerate(self.experts)]
        return torch.cat(parts, dim=-1)
