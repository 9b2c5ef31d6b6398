r"""NeuRBF: radial bases whose places and shapes train, in sines of many frequencies.

.. math::
    e_f(s) = b_f + \sum_i w_{if} \sin(m_f\, \varphi_i(s)), \qquad
    \varphi_i(s) = \frac{1}{1 + |B_i (s - c_i)|^2}

with :math:`m_f` evenly spaced in octaves. At the start centres :math:`c_i` are on a regular grid,
:math:`B_i = 2/h` for a spacing of h, and w and b uniform in :math:`\pm 10^{-4}`, as in the
published code for pictures.

The authors place the centres by clusters of the gradient of the data and then keep them, let a
point see its four nearest bases, and add a hash grid and another sine in the network; here bases
train from the regular grid on, every point sees all of them, and the rest is left to the network.
So derivatives of all orders exist, and a hundred bases or two are the use of it.

References:
    Chen et al., *NeuRBF: a neural fields representation with adaptive radial basis functions*
    (2023), https://arxiv.org/abs/2309.15426
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from sgn_sciml.layers.encodings.fourier import Encoding, known

__all__ = ["RadialBases"]


class RadialBases(Encoding):
    r"""Sines of radial bases, shape ``(..., d) -> (..., channels)``.

    k bases along each coordinate are :math:`n = k^d`, with :math:`n (d + d^2 + F) + F` parameters.

    Args:
        in_features: Number of coordinates d; a configuration may leave it out.
        along: Number k of bases along each coordinate at the start.
        channels: Number of encoded features F.
        octaves: Exponents of 2 of the lowest and the highest frequency :math:`m_f`.

    Raises:
        ValueError: If there are fewer than two bases along a coordinate, or no channel.
    """

    frequencies: Tensor

    def __init__(
        self,
        in_features: int | None = None,
        along: int = 8,
        channels: int = 32,
        octaves: tuple[float, float] = (-3.0, 12.0),
    ) -> None:
        in_features = known(self, in_features)
        if along < 2 or channels < 1:
            raise ValueError(
                f"RadialBases needs along >= 2 and channels >= 1, got {along} and {channels}"
            )
        super().__init__(in_features, channels)
        axes = torch.meshgrid(*in_features * [torch.linspace(-1, 1, along)], indexing="ij")
        # columns, and not a matrix that Muon turns
        centres = torch.stack(axes, -1).reshape(-1, in_features, 1)
        count = len(centres)
        self.centres = nn.Parameter(centres)
        shapes = torch.eye(in_features).repeat(count, 1, 1) * (along - 1)  # 2 / h
        self.shapes = nn.Parameter(shapes)
        self.tables = nn.Parameter(torch.empty(count, channels).uniform_(-1e-4, 1e-4))
        self.bias = nn.Parameter(torch.empty(channels).uniform_(-1e-4, 1e-4))
        self.register_buffer("frequencies", 2 ** torch.linspace(*octaves, channels))

    def kernels(self, s: Tensor) -> Tensor:
        r"""The bases :math:`\varphi_i`, shape ``(..., n)``, 1 at their centres."""
        count, d, _ = self.centres.shape
        offsets = -(self.shapes @ self.centres).reshape(-1)
        squares = F.linear(s, self.shapes.reshape(count * d, d), offsets).square()
        sums = torch.eye(count, dtype=s.dtype, device=s.device).repeat_interleave(d, 1)
        return 1 / (1 + F.linear(squares, sums))

    def forward(self, s: Tensor) -> Tensor:
        bases = self.kernels(s)
        # a feature at a time: all at once would be as many times larger
        found = [
            torch.sin(frequency * bases) @ weights[:, None]
            for frequency, weights in zip(self.frequencies, self.tables.T, strict=True)
        ]
        return torch.cat(found, dim=-1) + self.bias

    def extra_repr(self) -> str:
        return f"{self.in_features}, {len(self.centres)} bases, channels={self.out_features}"
