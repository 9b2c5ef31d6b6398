r"""Harmonic SIREN: a sine with trained harmonics for each channel.

.. math::
    T(u) = \sin z + a_2 \sin 2z + a_3 \sin 3z, \qquad z = \omega u

with :math:`a_2, a_3` of each channel, so 2n parameters. By the angle sums it is
:math:`\sin z\,(1 + 2 a_2 \cos z + a_3 (3 - 4 \sin^2 z))`: one sine and one cosine.

Weights are SIREN's, as the authors say. They publish no initial amplitudes that we could see, so
ours are zero and the network starts as the SIREN of the same weights.

References:
    Tarawneh et al., *Harmonic and phase-modulated activation functions for implicit neural
    representations: a comprehensive benchmark study* (2026)
"""

import torch
from torch import Tensor, nn

from sgn_sciml.layers.waves.sine import Sine

__all__ = ["HarmonicSine"]


class HarmonicSine(Sine):
    r"""The activation :math:`\sin z + a_2 \sin 2z + a_3 \sin 3z` of :math:`z = \omega u`.

    Args:
        features: Number of channels n.
        omega: Frequency of the fundamental, in radians per unit of u.
        second: Initial amplitude :math:`a_2` of the second harmonic.
        third: Initial amplitude :math:`a_3` of the third harmonic.

    Raises:
        ValueError: If the frequency is not positive.
    """

    def __init__(
        self, features: int, omega: float = 30.0, second: float = 0.0, third: float = 0.0
    ) -> None:
        super().__init__(features, omega)
        self.second = nn.Parameter(torch.full((features,), float(second)))
        self.third = nn.Parameter(torch.full((features,), float(third)))

    def forward(self, u: Tensor) -> Tensor:
        z = self.omega * u
        sine, cosine = torch.sin(z), torch.cos(z)
        return sine * (2 * self.second * cosine + self.third * (3 - 4 * sine.square()) + 1)

    def folded(self) -> None:
        return None
