r"""The Gaussian embedder: bumps at even distances along each coordinate.

.. math::
    e_{ij}(s) = e^{-(s_i - t_j)^2 / 2\sigma^2}, \qquad t_j = -1 + 2 j / (k - 1)

Shifted copies of any function encode a place as well as waves do, the authors find: it takes an
embedding of high rank whose inner products depend on distance. Here these are
:math:`\sum_j e_j(s)\, e_j(s') \approx \sqrt\pi\, \sigma\, (k - 1)/2\; e^{-(s - s')^2/4\sigma^2}`
away from the ends, once :math:`\sigma` is as wide as the bumps are apart. A narrow bump has a wide
spectrum, so :math:`\sigma` is what the scale of Fourier features is.

References:
    Zheng, Ramasinghe and Lucey, *Rethinking positional encoding* (2021),
    https://arxiv.org/abs/2107.02561
"""

import torch
from torch import Tensor

from sgn_sciml.layers.encodings.fourier import Encoding, known

__all__ = ["ShiftedGaussians"]


class ShiftedGaussians(Encoding):
    r"""Gaussians of each coordinate, shape ``(..., d) -> (..., d k)``; nothing trains.

    Args:
        in_features: Number of coordinates d; a configuration may leave it out.
        count: Number of bumps k along each, from end to end.
        width: Standard deviation :math:`\sigma`, in units of the scaled coordinate; the distance
            of the bumps when None.

    Raises:
        ValueError: If there are fewer than two bumps, or the width is not positive.
    """

    def __init__(
        self, in_features: int | None = None, count: int = 64, width: float | None = None
    ) -> None:
        in_features = known(self, in_features)
        if count < 2:
            raise ValueError(f"ShiftedGaussians needs a count of at least 2, got {count}")
        width = 2 / (count - 1) if width is None else width
        if not width > 0:
            raise ValueError(f"ShiftedGaussians needs a positive width, got {width}")
        super().__init__(in_features, in_features * count)
        self.count = count
        self.width = width

    def forward(self, s: Tensor) -> Tensor:
        centres = torch.linspace(-1, 1, self.count, dtype=s.dtype, device=s.device)
        parts = [(s[..., i : i + 1] - centres) / self.width for i in range(self.in_features)]
        return torch.exp(-0.5 * torch.cat(parts, dim=-1).square())

    def extra_repr(self) -> str:
        return f"{self.in_features}, count={self.count}, width={self.width:g}"
