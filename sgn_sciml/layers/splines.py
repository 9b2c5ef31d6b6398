r"""B-splines of each channel: the Kolmogorov-Arnold layer, as one matrix after its bases.

.. math::
    y_j = \sum_i \Bigl( w_{ji}\, \mathrm{SiLU}(u_i) + \sum_b c_{jib}\, B_b(u_i) \Bigr) + d_j

An expansion (:mod:`sgn_sciml.layers.expansions`) of n channels into :math:`(G + k + 1) n`, G the
intervals of the grid and k the degree: a layer costs :math:`d_{out} ((G + k + 1) n + 1)`
parameters. As in the paper the splines start near zero, c ~ N(0, 0.1^2), and w Xavier-uniform.

The paper scales each spline by one more weight, which c has already. Nothing is sparse here: an
input has k + 1 splines that are not zero, but one product with all of them is faster. On a CPU a
compiled kernel makes them (:mod:`sgn_sciml.jets.spline_kernel`).

What inputs outside the grid see is the affair of a :class:`~sgn_sciml.layers.boundaries.Boundary`;
:meth:`Spline.follow` moves the grid to where samples are and keeps the function.

References:
    Liu et al., *KAN: Kolmogorov-Arnold networks* (2024), https://arxiv.org/abs/2404.19756
"""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from sgn_sciml.jets.spline_kernel import takes_splines
from sgn_sciml.layers.activations import Function, as_function
from sgn_sciml.layers.boundaries import Boundary, Polynomial, Vanish
from sgn_sciml.layers.bspline import tile
from sgn_sciml.layers.expansions import Expansion
from sgn_sciml.layers.grids import Quantiles, Range, grid_of

__all__ = ["Spline"]


class Spline(Expansion):
    """B-splines of each channel, and a base function beside them.

    Args:
        features: Number of channels n.
        intervals: Number of intervals G of the grid.
        degree: Degree k of the splines; derivatives are continuous up to k - 1.
        low: Lower end of the grid.
        high: Upper end.
        base_function: Elementwise base function, the first n of the expanded channels; None for
            none. Not ``base``, as of a gate, which a configuration would hand on to it.
        boundary: What is outside the grid; the splines vanish when None.
        noise: Standard deviation of the initial coefficients of the splines.

    Raises:
        ValueError: If the grid is empty, or a number below 1.
    """

    knots: Tensor

    def __init__(
        self,
        features: int,
        intervals: int = 5,
        degree: int = 3,
        low: float = -1.0,
        high: float = 1.0,
        base_function: Function | None = F.silu,
        boundary: Boundary | None = None,
        noise: float = 0.1,
    ) -> None:
        if intervals < 1 or degree < 1 or not low < high:
            raise ValueError(
                "Spline: need intervals >= 1, degree >= 1 and low < high, got "
                f"{intervals}, {degree}, {low}, {high}"
            )
        boundary = Vanish() if boundary is None else boundary
        super().__init__(features, boundary.count(intervals, degree) + (base_function is not None))
        self.intervals = intervals
        self.degree = degree
        self.base_function = None if base_function is None else as_function(base_function)
        self.boundary = boundary
        self.noise = noise
        grid = torch.linspace(low, high, intervals + 1)[:, None].repeat(1, features)
        self.register_buffer("knots", boundary.knots(grid, degree))

    def init_behind(self, linear: nn.Linear) -> None:
        with torch.no_grad():
            linear.weight.normal_(0, self.noise)
            linear.bias.zero_()
            if self.base_function is not None:
                nn.init.xavier_uniform_(linear.weight[:, : self.features])

    def expand(self, u: Tensor) -> Tensor:
        y = None if self.base_function is None else self.base_function(u)
        window = self.boundary.window(u, self.knots, self.degree)
        if window is None:
            if y is None:
                return self.boundary.bases(u, self.knots, self.degree)
            return self.boundary.behind(y, u, self.knots, self.degree)
        bases = self.boundary.bases(u, self.knots, self.degree)
        bases = bases * tile(window, bases.shape[-1] // self.features)
        return bases if y is None else torch.cat([y - window * y, bases], dim=-1)

    def blocked(self, u: Tensor) -> bool:
        direct = isinstance(self.boundary, (Vanish, Polynomial))  # nothing but the kernel
        direct = direct and takes_splines(u, self.knots, self.degree)
        return super().blocked(u) and not direct

    @torch.no_grad()
    def follow(
        self,
        samples: Tensor,
        weights: Sequence[Tensor],
        within: Range | None = None,
        uniform: float = 0.5,
    ) -> None:
        """Move the grid to where samples are, and change the weights so that the function stays.

        It stays exactly where splines on the new grid can be it; otherwise it is the nearest at
        the samples and at four points per interval.

        Args:
            samples: Inputs of this layer, shape ``(N, n)``.
            weights: Matrices that read the expanded channels, shape ``(m, bases * n)`` each;
                changed in place.
            within: How the ends are found; :class:`~sgn_sciml.layers.grids.Quantiles` when None.
            uniform: Share of evenly spaced points in the grid, quantiles have the rest (the
                paper's 0.02 follows dense data more closely).

        Raises:
            ValueError: If the share is not in (0, 1].
        """
        grid = grid_of(samples, self.intervals, within or Quantiles(), uniform)
        t = torch.linspace(0, 1, 4 * self.intervals + 1).to(grid)[:, None]
        x = torch.cat([samples, grid[0] + t * (grid[-1] - grid[0])])
        matrix = self.per_channel(torch.cat([w.detach() for w in weights]))
        wanted = self.per_channel(self(x)) @ matrix.mT  # (n, N, m): each channel's function
        self.knots.copy_(self.boundary.knots(grid, self.degree))
        bases, kept = self.per_channel(self(x)), self.bases - self.coefficients
        wanted = wanted - bases[..., :kept] @ matrix[..., :kept].mT
        found = torch.linalg.lstsq(bases[..., kept:].double(), wanted.double(), driver="gelsd")
        matrix = torch.cat([matrix[..., :kept], found.solution.mT.to(matrix)], -1)
        whole = matrix.permute(1, 2, 0).flatten(1)
        rows = [len(weight) for weight in weights]
        for weight, new in zip(weights, torch.split(whole, rows), strict=True):
            weight.copy_(new)

    @property
    def coefficients(self) -> int:
        """Number of splines of a channel."""
        return self.bases - (self.base_function is not None)

    def per_channel(self, expanded: Tensor) -> Tensor:
        """Shape ``(N, bases * n) -> (n, N, bases)``."""
        return expanded.view(-1, self.bases, self.features).permute(2, 0, 1)

    def extra_repr(self) -> str:
        boundary = type(self.boundary).__name__
        return f"{super().extra_repr()}, intervals={self.intervals}, boundary={boundary}"
