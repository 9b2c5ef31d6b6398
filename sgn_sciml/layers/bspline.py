r"""B-splines of many channels at once, in operations that the jets of derivatives record.

.. math::
    B_{j,0}(u) = [t_j \le u < t_{j+1}], \qquad
    B_{j,p} = V_{j,p} B_{j,p-1} + (1 - V_{j+1,p})\, B_{j+1,p-1}, \qquad
    V_{j,p}(u) = \frac{u - t_j}{t_{j+p} - t_j}

with knots :math:`t_j` of each channel's own. A grid of G intervals is continued by k knots on
either side, k the degree, which leaves G + k splines; within the grid they add up to 1.

References:
    de Boor, *A practical guide to splines* (1978)
"""

import torch
from torch import Tensor

__all__ = ["bspline_bases", "bspline_slopes", "extend", "tile"]


def tile(u: Tensor, count: int) -> Tensor:
    """Repeat the channels, shape ``(..., n) -> (..., count * n)``."""
    return torch.cat([u] * count, dim=-1)


def extend(grid: Tensor, degree: int, periodic: bool = False) -> Tensor:
    """Knots of a grid.

    Args:
        grid: Rising points, shape ``(G + 1, n)``.
        degree: Degree k of the splines.
        periodic: Repeat the intervals of the other end outside, not the last one's length.

    Returns:
        Shape ``(G + 1 + 2k, n)``.
    """
    if periodic:
        length = grid[-1] - grid[0]
        left, right = grid[-1 - degree : -1] - length, grid[1 : degree + 1] + length
    else:
        steps = torch.arange(1, degree + 1).to(grid)[:, None]
        left = grid[0] - steps.flip(0) * (grid[1] - grid[0])
        right = grid[-1] + steps * (grid[-1] - grid[-2])
    return torch.cat([left, grid, right])


def bspline_bases(u: Tensor, knots: Tensor, degree: int, continued: bool = False) -> Tensor:
    """Evaluate all splines of all channels.

    Args:
        u: Shape ``(..., n)``.
        knots: Shape ``(K, n)``.
        degree: Degree k.
        continued: Let the polynomials of the outermost intervals of the grid go on outside; the
            splines end there otherwise.

    Returns:
        Shape ``(..., (K - k - 1) * n)``, channels fastest.
    """
    count, n = knots.shape
    distance = tile(u, count) - knots.reshape(-1)
    step = 0.5 * torch.sign(distance) + 0.5
    if continued:  # knots outside the interior of the grid do not separate anything
        inner = torch.zeros_like(knots)
        inner[degree + 1 : count - degree - 1] = 1
        passed = torch.zeros_like(knots)
        passed[: degree + 1] = 1
        step = step * inner.reshape(-1) + passed.reshape(-1)
    bases: Tensor = step[..., :-n] - step[..., n:]
    for p in range(1, degree + 1):
        scale = 1 / (knots[p:] - knots[:-p])
        part = distance[..., : (count - p) * n] * scale.reshape(-1)
        part = part[..., : bases.shape[-1]] * bases
        bases = part[..., :-n] + bases[..., n:] - part[..., n:]
    return bases


def bspline_slopes(at: Tensor, knots: Tensor, degree: int) -> Tensor:
    r"""Derivatives of the splines at a point of the grid per channel.

    .. math::
        B_{j,k}' = k \left(\frac{B_{j,k-1}}{t_{j+k} - t_j} -
        \frac{B_{j+1,k-1}}{t_{j+k+1} - t_{j+1}}\right)

    Args:
        at: Shape ``(n,)``.
        knots: Shape ``(K, n)``.
        degree: Degree k, at least 1.

    Returns:
        Shape ``((K - k - 1) * n,)``.
    """
    lower = bspline_bases(at, knots, degree - 1).view(-1, knots.shape[1])
    each = degree * lower / (knots[degree:] - knots[:-degree])
    return (each[:-1] - each[1:]).reshape(-1)
