r"""The multi-resolution hash encoding: learned features on grids of several resolutions.

.. math::
    e(s) = \bigl[\, \mathrm{lerp}_{N_1}(s), \ldots, \mathrm{lerp}_{N_L}(s) \,\bigr], \qquad
    N_l = \lfloor N_1\, b^{\,l-1} \rfloor

Each level interpolates d-linearly between features at the :math:`(N_l + 1)^d` points of its grid.
A level with more than T points has T features only, which points share by a hash of their indices;
training sorts out who matters. There are :math:`F \sum_l \min(T, (N_l + 1)^d)` parameters, which
start uniform in :math:`\pm 10^{-4}`.

The encoding is d-linear within cells: first derivatives jump, unmixed second ones are zero. It is
for signals and not for equations of second order; jets have no rule for it.

References:
    Müller, Evans, Schied and Keller, *Instant neural graphics primitives with a multiresolution
    hash encoding* (2022), https://arxiv.org/abs/2201.05989
"""

from itertools import product

import torch
from torch import Tensor, nn

from sgn_sciml.layers.encodings.fourier import Encoding, known

__all__ = ["HashGrid"]

PRIMES = (1, 2654435761, 805459861, 3674653429)


class HashGrid(Encoding):
    """Interpolated features of several grids, shape ``(..., d) -> (..., levels * channels)``.

    Args:
        in_features: Number of coordinates d, at most 4; a configuration may leave it out.
        levels: Number of grids L.
        channels: Features F of each.
        log2_size: Most features that a level has, T = 2**log2_size.
        coarsest: Intervals of the first grid along each coordinate.
        growth: Factor b from a grid to the next.

    Raises:
        ValueError: If a number is out of range.
    """

    def __init__(
        self,
        in_features: int | None = None,
        levels: int = 8,
        channels: int = 2,
        log2_size: int = 12,
        coarsest: int = 8,
        growth: float = 1.5,
    ) -> None:
        in_features = known(self, in_features)
        if not 1 <= in_features <= len(PRIMES) or min(levels, channels, log2_size, coarsest) < 1:
            raise ValueError(
                f"HashGrid: need 1 to {len(PRIMES)} coordinates and counts of at least 1, got "
                f"{in_features}; {levels}, {channels}, {log2_size}, {coarsest}"
            )
        if not growth >= 1:
            raise ValueError(f"HashGrid: growth must be at least 1, got {growth}")
        super().__init__(in_features, levels * channels)
        self.intervals = [int(coarsest * growth**level) for level in range(levels)]
        self.sizes = [min((n + 1) ** in_features, 2**log2_size) for n in self.intervals]
        self.tables = nn.Parameter(torch.empty(sum(self.sizes), channels).uniform_(-1e-4, 1e-4))

    def forward(self, s: Tensor) -> Tensor:
        found = []
        for n, table in zip(self.intervals, torch.split(self.tables, self.sizes), strict=True):
            place = (s + 1) * (n / 2)
            cell = place.detach().floor().clamp(0, n - 1)
            share, corner = place - cell, cell.long()
            parts = []
            for ends in product((0, 1), repeat=self.in_features):
                weights = [share[..., i] if e else 1 - share[..., i] for i, e in enumerate(ends)]
                weight = torch.stack(weights).prod(0)
                rows = self.rows(corner + torch.tensor(ends, device=s.device), n, len(table))
                parts.append(weight[..., None] * table[rows])
            found.append(torch.stack(parts).sum(0))
        return torch.cat(found, dim=-1)

    def rows(self, corner: Tensor, n: int, size: int) -> Tensor:
        """Where the features of grid points ``(..., d)`` are: in order, or hashed."""
        if (n + 1) ** self.in_features == size:
            return sum(
                (corner[..., i] * (n + 1) ** i for i in range(self.in_features)),
                torch.zeros_like(corner[..., 0]),
            )
        key = torch.zeros_like(corner[..., 0])
        for i, prime in enumerate(PRIMES[: self.in_features]):
            key = key ^ (corner[..., i] * prime)
        return key % size

    def extra_repr(self) -> str:
        return f"{self.in_features}, intervals={self.intervals}, parameters={self.tables.numel()}"
