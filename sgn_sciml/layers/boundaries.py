r"""Continuations of a spline outside its grid :math:`[a, b]`.

The published KAN layer lets its splines end some intervals outside, where only the base function
is left; inputs leave the grid while the layers before train. Each remedy is a class.

==========  ======================================================================
Vanish      the splines end, as published
Straight    the tangent at the end goes on
Polynomial  the polynomial of the last interval goes on
Reflect     the function is mirrored at the ends
Periodic    the grid is a period; G splines, smooth across the ends
HandOver    the splines fade, smoothly, and the base function appears as they do
==========  ======================================================================
"""

from abc import ABC, abstractmethod

import torch
from torch import Tensor

from sgn_sciml.layers.bspline import bspline_bases, bspline_slopes, extend, tile

__all__ = [
    "Boundary",
    "HandOver",
    "Periodic",
    "Polynomial",
    "Reflect",
    "Straight",
    "Vanish",
]


class Boundary(ABC):
    """Base of the boundaries of a spline."""

    def count(self, intervals: int, degree: int) -> int:
        """Number of splines on a grid of so many intervals."""
        return intervals + degree

    def knots(self, grid: Tensor, degree: int) -> Tensor:
        """Knots of a grid ``(G + 1, n)``."""
        return extend(grid, degree)

    def window(self, u: Tensor, knots: Tensor, degree: int) -> Tensor | None:
        """Share of the splines at u, shape ``(..., n)``; None for all of them, everywhere."""
        return None

    @abstractmethod
    def bases(self, u: Tensor, knots: Tensor, degree: int) -> Tensor:
        """Evaluate the splines anywhere, shape ``(..., n) -> (..., count * n)``."""

    def behind(self, beside: Tensor, u: Tensor, knots: Tensor, degree: int) -> Tensor:
        """Splines after other channels of shape ``(..., n)``."""
        return torch.cat([beside, self.bases(u, knots, degree)], dim=-1)


def clamp(u: Tensor, low: Tensor, high: Tensor) -> Tensor:
    """The nearest point of the grid."""
    return low + torch.relu(u - low) - torch.relu(u - high)


class Vanish(Boundary):
    """Splines end within k intervals outside the grid, and with them the function."""

    def bases(self, u: Tensor, knots: Tensor, degree: int) -> Tensor:
        return bspline_bases(u, knots, degree)

    def behind(self, beside: Tensor, u: Tensor, knots: Tensor, degree: int) -> Tensor:
        return bspline_bases(u, knots, degree, beside=beside)


class Polynomial(Boundary):
    """The polynomials of the outermost intervals go on, as far as one lets them."""

    def bases(self, u: Tensor, knots: Tensor, degree: int) -> Tensor:
        return bspline_bases(u, knots, degree, continued=True)

    def behind(self, beside: Tensor, u: Tensor, knots: Tensor, degree: int) -> Tensor:
        return bspline_bases(u, knots, degree, continued=True, beside=beside)


class Straight(Boundary):
    """The tangents at the ends go on: value and slope are continuous."""

    def bases(self, u: Tensor, knots: Tensor, degree: int) -> Tensor:
        low, high = knots[degree], knots[-1 - degree]
        inside = bspline_bases(clamp(u, low, high), knots, degree, continued=True)
        count = len(knots) - degree - 1
        above, below = tile(torch.relu(u - high), count), tile(torch.relu(low - u), count)
        rise, fall = (bspline_slopes(end, knots, degree) for end in (high, low))
        return inside + above * rise - below * fall


class Reflect(Boundary):
    """The function is mirrored at either end: a zigzag of period 2 (b - a)."""

    def bases(self, u: Tensor, knots: Tensor, degree: int) -> Tensor:
        low, high = knots[degree], knots[-1 - degree]
        turns = (u - low) * (0.5 / (high - low))
        distance = torch.abs(2 * (turns - torch.floor(turns)) - 1)  # from b, in units of b - a
        return bspline_bases(high - distance * (high - low), knots, degree, continued=True)


class Periodic(Boundary):
    """The function has period b - a, with as many continuous derivatives as within the grid."""

    def count(self, intervals: int, degree: int) -> int:
        if intervals <= degree:
            raise ValueError(
                f"periodic splines need more intervals than their degree, got {intervals} and "
                f"{degree}"
            )
        return intervals

    def knots(self, grid: Tensor, degree: int) -> Tensor:
        return extend(grid, degree, periodic=True)

    def bases(self, u: Tensor, knots: Tensor, degree: int) -> Tensor:
        low, high = knots[degree], knots[-1 - degree]
        turns = torch.floor((u - low) * (1 / (high - low)))
        bases = bspline_bases(u - turns * (high - low), knots, degree, continued=True)
        wrapped = degree * len(low)  # the splines across the end, once on either side
        first, last = bases[..., :wrapped], bases[..., -wrapped:]
        return torch.cat([first + last, bases[..., wrapped:-wrapped]], dim=-1)


class HandOver(Boundary):
    r"""Splines times a window, the base function times the rest of it.

    The window is :math:`\sigma(4 (u - a + h)/h)\, \sigma(4 (b + h - u)/h)`: nearly 1 within the
    grid, one half at a distance h from it.

    Args:
        width: Distance h, in units of the mean interval.

    Raises:
        ValueError: If the width is not positive.
    """

    def __init__(self, width: float = 1.0) -> None:
        if not width > 0:
            raise ValueError(f"width must be positive, got {width}")
        self.width = width

    def window(self, u: Tensor, knots: Tensor, degree: int) -> Tensor:
        low, high = knots[degree], knots[-1 - degree]
        steep = 4 * (len(knots) - 1 - 2 * degree) / (self.width * (high - low))
        return torch.sigmoid((u - low) * steep + 4) * torch.sigmoid((high - u) * steep + 4)

    def bases(self, u: Tensor, knots: Tensor, degree: int) -> Tensor:
        low, high = knots[degree], knots[-1 - degree]
        return bspline_bases(clamp(u, low, high), knots, degree, continued=True)
