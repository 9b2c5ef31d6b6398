r"""S-KAN: several activations for each channel, of which the useful ones are kept.

.. math::
    y = \sum_e W_e\, (w_e \odot T_e(u)) + c

The activations :math:`T_e` of a pool stand side by side, as the experts of
:class:`~sgn_sciml.layers.Mixture` do, but their weights :math:`w_{ei}` belong to the channels and
not to the points: they train, and after :meth:`Selectable.select` each channel i has the few of
greatest weight alone. All weights start as 1/E, E the activations of the pool.

The paper trains with all, then lets nodes choose, then prunes what was not chosen, from a pool of
splines, radial bases, polynomials and waves; the rule by which it changes phases we could not see,
so the callback :class:`~sgn_sciml.callbacks.SelectActivations` takes a step.

References:
    Yang et al., *Activation space selectable Kolmogorov-Arnold networks* (2024),
    https://arxiv.org/abs/2408.08338
"""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from sgn_sciml.layers.activations import Activation, ActivationLike, make_activation
from sgn_sciml.layers.expansions import Chebyshev, FourierKan
from sgn_sciml.layers.mixture import gelu
from sgn_sciml.layers.splines import Spline

__all__ = ["Selectable"]


class Selectable(Activation):
    """Activations side by side, weighted by channel, shape ``(..., n) -> (..., sum of theirs)``.

    E activations cost E n parameters beside their own.

    Args:
        features: Number of channels n.
        pool: Activations, classes or names, that keep channels or expand each of them.

    Raises:
        ValueError: If there are fewer than two, or one mixes channels.
    """

    mask: Tensor

    def __init__(
        self,
        features: int,
        pool: Sequence[ActivationLike] = (gelu, Spline, Chebyshev, FourierKan),
    ) -> None:
        made = [make_activation(each, features) for each in pool]
        for each in made:
            if each.in_features != features or each.out_features % features:
                raise ValueError(
                    f"Selectable: {type(each).__name__} takes {each.in_features} channels and "
                    f"gives {each.out_features}; each of {features} must keep its own"
                )
        if len(made) < 2:
            raise ValueError(f"Selectable needs two activations to choose from, got {len(made)}")
        super().__init__(features, out_features=sum(each.out_features for each in made))
        self.pool = nn.ModuleList(made)
        count = len(made) * features  # flat: numbers of channels, not a matrix that Muon turns
        self.shares = nn.Parameter(torch.full((count,), 1 / len(made)))
        self.register_buffer("mask", torch.ones(count))

    def init_behind(self, linear: nn.Linear) -> None:
        with torch.no_grad():
            for each, columns in zip(self.activations(), self.columns(linear.weight), strict=True):
                part = nn.Linear(each.out_features, linear.out_features).to(linear.weight)
                each.init_head(part)
                columns.copy_(part.weight)
        nn.init.zeros_(linear.bias)

    def init_head(self, linear: nn.Linear) -> None:
        self.init_behind(linear)

    def activations(self) -> list[Activation]:
        """The activations of the pool."""
        return [each for each in self.pool if isinstance(each, Activation)]

    def columns(self, weight: Tensor) -> tuple[Tensor, ...]:
        """The columns of a matrix behind, for each activation."""
        return torch.split(weight, [each.out_features for each in self.activations()], 1)

    def forward(self, u: Tensor) -> Tensor:
        parts = []
        weights = torch.split(self.mask * self.shares, self.features)
        for shares, each in zip(weights, self.activations(), strict=True):
            # bases stand one after another, the channels within them
            parts.append(each(u) * shares.repeat(each.out_features // self.features))
        return torch.cat(parts, dim=-1)

    @torch.no_grad()
    def select(self, keep: int = 1) -> Tensor:
        """Keep the activations of greatest weight of each channel and leave out the others.

        Args:
            keep: How many.

        Returns:
            Which are kept, shape ``(E, n)``.

        Raises:
            ValueError: If that is none, or more than there are.
        """
        if not 1 <= keep <= len(self.pool):
            raise ValueError(f"Selectable: keep 1 to {len(self.pool)} activations, got {keep}")
        weights = (self.mask * self.shares).abs().reshape(-1, self.features)
        kept = torch.zeros_like(weights).scatter_(0, weights.topk(keep, dim=0).indices, 1.0)
        self.mask.copy_(kept.flatten())
        return kept.bool()

    def extra_repr(self) -> str:
        return f"{self.features} -> {self.out_features}"
