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

from typing import Any

import torch
from torch import Tensor
from torch.autograd import forward_ad

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
        knots: Shape ``(K, n)``; they get no gradient.
        degree: Degree k.
        continued: Let the polynomials of the outermost intervals of the grid go on outside; the
            splines end there otherwise.

    Returns:
        Shape ``(..., (K - k - 1) * n)``, channels fastest.
    """
    outer = degree if continued else None
    return evaluate(u, knots, degree, outer)[0]


def evaluate(u: Tensor, knots: Tensor, degree: int, outer: int | None) -> tuple[Tensor, Tensor]:
    """The recursion, with short derivatives where they are those of reverse mode.

    A jet records what is done to it; and torch takes what a formula for forward mode is made of
    for constants, so that second derivatives in forward mode would be zero without a word.
    """
    short = isinstance(u, Tensor) and degree > 0 and forward_ad._current_level < 0
    found: tuple[Tensor, Tensor] = (Splines.apply if short else recursion)(u, knots, degree, outer)
    return found


def recursion(
    u: Tensor, knots: Tensor, degree: int, outer: int | None, in_place: bool = False
) -> tuple[Tensor, Tensor]:
    """The splines of a degree, and those of one less, of which there is one more.

    Args:
        u: Shape ``(..., n)``.
        knots: Shape ``(K, n)``.
        degree: Degree.
        outer: How many knots outside either end of the grid do not separate anything, nor does
            the end; None if all separate.
        in_place: Make fewer tensors, a quarter faster, where no derivative is recorded.
    """
    times, minus = (Tensor.mul_, Tensor.sub_) if in_place else (torch.mul, torch.sub)
    count, n = knots.shape
    distance = tile(u, count) - knots.reshape(-1)
    step = 0.5 * torch.sign(distance) + 0.5
    if outer is not None:
        inner = torch.zeros_like(knots)
        inner[outer + 1 : count - outer - 1] = 1
        passed = torch.zeros_like(knots)
        passed[: outer + 1] = 1
        step = step * inner.reshape(-1) + passed.reshape(-1)
    bases = lower = step[..., :-n] - step[..., n:]
    for p in range(1, degree + 1):
        lower = bases
        part = distance[..., : (count - p) * n] * (1 / (knots[p:] - knots[:-p])).reshape(-1)
        part = times(part, lower)
        bases = minus(part[..., :-n] + lower[..., n:], part[..., n:])
    return bases, lower


class Splines(torch.autograd.Function):
    """What :func:`recursion` returns, with derivatives from the splines of one degree less.

    What autograd records of the recursion doubles the time of training a network of splines.
    """

    generate_vmap_rule = True

    @staticmethod
    def forward(u: Tensor, knots: Tensor, degree: int, outer: int | None) -> tuple[Tensor, Tensor]:
        return recursion(u, knots, degree, outer, in_place=True)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: tuple[Tensor, Tensor]) -> None:
        u, knots, ctx.degree, ctx.outer = inputs
        ctx.save_for_backward(u, knots, output[1])
        ctx.set_materialize_grads(False)

    @staticmethod
    def backward(
        ctx: Any, of_bases: Tensor | None, of_lower: Tensor | None
    ) -> tuple[Tensor | None, None, None, None]:
        u, knots, lower = ctx.saved_tensors
        each = []
        if of_bases is not None:
            each.append(of_bases * slopes(lower, knots, ctx.degree))
        if of_lower is not None and ctx.degree > 1:  # only where there is a second derivative
            _, lowest = evaluate(u, knots, ctx.degree - 1, ctx.outer)
            each.append(of_lower * slopes(lowest, knots, ctx.degree - 1))
        found = [part.reshape(*u.shape[:-1], -1, u.shape[-1]).sum(-2) for part in each]
        return sum(found[1:], found[0]) if found else None, None, None, None


def slopes(lower: Tensor, knots: Tensor, degree: int) -> Tensor:
    r"""Derivatives of the splines of a degree p from those of one less.

    .. math::
        B_{j,p}' = p \left(\frac{B_{j,p-1}}{t_{j+p} - t_j} -
        \frac{B_{j+1,p-1}}{t_{j+p+1} - t_{j+1}}\right)
    """
    n = knots.shape[1]
    each = lower * (degree / (knots[degree:] - knots[:-degree])).reshape(-1)
    return each[..., :-n] - each[..., n:]


def bspline_slopes(at: Tensor, knots: Tensor, degree: int) -> Tensor:
    """Derivatives of the splines at a point of the grid per channel.

    Args:
        at: Shape ``(n,)``.
        knots: Shape ``(K, n)``.
        degree: Degree k, at least 1.

    Returns:
        Shape ``((K - k - 1) * n,)``.
    """
    return slopes(bspline_bases(at, knots, degree - 1), knots, degree)
