r"""Coordinate-aware modulation: what a layer passes on is scaled and shifted from place to place.

.. math::
    h_{k+1} = T_k\bigl(\gamma_k(s) \odot (W_k h_k + c_k) + \beta_k(s)\bigr)

The scale and the shift of a layer are one number each, interpolated d-linearly from a grid of
:math:`(g + 1)^d` values, all of which train: :math:`2 (g + 1)^d` parameters a layer. The scales
start at 1 and the shifts at 0, so that the network starts as the one without them. A grid has no
spectral bias, and the layers do not pay for it in width.

The authors normalise what is modulated over a batch. A function of coordinates must not depend on
the other points of a batch, so that it is not done here.

Grids are d-linear within cells: first derivatives jump and unmixed second ones see the layers
alone. It is for signals and not for equations of second order; jets have no rule for it.

References:
    Lee, Rho, Nam, Ko and Park, *Coordinate-aware modulation for neural fields* (2023),
    https://arxiv.org/abs/2311.14993
"""

from typing import Any

import torch.nn.functional as F
from torch import Tensor, nn

from sgn_sciml.layers import ActivationLike, Encoding, HashGrid, SineGate
from sgn_sciml.networks.coordinate import CoordinateMLP

__all__ = ["ModulatedMLP"]


class ModulatedMLP(CoordinateMLP):
    """A multilayer perceptron whose layers are modulated by grids of the coordinates.

    Args:
        in_features: Number of coordinates, at most 4; None for that of the encoding, or of the
            problem that the network is to solve, 2 until there is one.
        out_features: Number of fields; None for that of the problem, 1 until there is one.
        width: Hidden channels.
        depth: Number of hidden layers.
        activation: Activation, as of :class:`CoordinateMLP`.
        first_activation: Activation of the first hidden layer; ``activation`` when None.
        encoding: Encoding of the scaled coordinates, or None.
        first_width: Channels of the first hidden layer, ``width`` when None.
        skips: Let the read-out see all hidden layers.
        head_scale: Factor of the initial weights of the read-out.
        intervals: Intervals g of the grids along each coordinate.

    Raises:
        ValueError: If a size is below 1, or the encoding is for another number of coordinates.

    Example:
        >>> import torch
        >>> ModulatedMLP(2, 1, width=32, intervals=8)(torch.zeros(10, 2)).shape
        torch.Size([10, 1])
    """

    def __init__(
        self,
        in_features: int | None = None,
        out_features: int | None = None,
        width: int = 32,
        depth: int = 3,
        activation: ActivationLike = SineGate,
        first_activation: ActivationLike | None = None,
        encoding: Encoding | None = None,
        first_width: int | None = None,
        skips: bool = False,
        head_scale: float = 1.0,
        intervals: int = 16,
    ) -> None:
        if intervals < 1:
            raise ValueError(f"ModulatedMLP: intervals must be at least 1, got {intervals}")
        self._intervals = intervals
        super().__init__(
            *(in_features, out_features, width, depth, activation, first_activation),
            *(encoding, first_width, skips, head_scale),
        )

    def _build(self, in_features: int, out_features: int, *settings: Any) -> None:
        super()._build(in_features, out_features, *settings)
        depth: int = settings[1]
        points = (self._intervals + 1) ** in_features
        self.modulation = HashGrid(
            *(in_features, 1, 2 * depth, points.bit_length()), coarsest=self._intervals
        )
        nn.init.zeros_(self.modulation.tables)

    def forward(self, x: Tensor) -> Tensor:
        s = self.scale(x)
        modulation = self.modulation(s)
        h: Tensor = self.encoding(s)
        seen: list[Tensor] = []
        for k, (linear, act) in enumerate(self.hidden()):
            factor, shift = (modulation[..., 2 * k + i : 2 * k + i + 1] for i in (0, 1))
            h = act((1 + factor) * linear(h) + shift)
            if k < len(self.skips):
                seen.append(F.linear(h, self.skips[k]))
        return sum(seen, self.layers[-1](h))

    def roles(self) -> dict[str, list[Tensor]]:
        """As those of :class:`CoordinateMLP`; the grids are among the ``tables``."""
        roles = super().roles()
        if self.modulation.tables.requires_grad:
            roles["tables"] = [*roles.get("tables", []), self.modulation.tables]
        return roles
