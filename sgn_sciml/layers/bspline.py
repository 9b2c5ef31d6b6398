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

from sgn_sciml.jets.spline_kernel import (
    has_kernel,
    kernel_bases,
    kernel_slopes,
    takes_splines,
)

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


def bspline_bases(
    u: Tensor,
    knots: Tensor,
    degree: int,
    continued: bool = False,
    beside: Tensor | None = None,
) -> Tensor:
    """Evaluate all splines of all channels.

    Plain tensors on a CPU go through the compiled kernel, where there is a compiler.

    Args:
        u: Shape ``(..., n)``.
        knots: Shape ``(K, n)``; they get no gradient.
        degree: Degree k.
        continued: Let the polynomials of the outermost intervals of the grid go on outside; the
            splines end there otherwise.
        beside: Channels of shape ``(..., n)`` to stand before the splines.

    Returns:
        Shape ``(..., (K - k - 1) * n)``, channels fastest; ``(..., (K - k) * n)`` with channels
        beside.
    """
    outer = degree if continued else None
    if takes_splines(u, knots, degree):
        if torch.compiler.is_compiling():
            op: Tensor = torch.ops.sgn_sciml.splines(u, knots, degree, outer, beside)
            return op
        if torch.is_grad_enabled() and (
            u.requires_grad or (beside is not None and beside.requires_grad)
        ):
            found: Tensor = FusedSplines.apply(u, knots, degree, outer, beside)  # type: ignore[no-untyped-call]
            return found
        return kernel_bases(u, knots, degree, outer, beside)
    bases = evaluate(u, knots, degree, outer)[0]
    return bases if beside is None else torch.cat([beside, bases], dim=-1)


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


class FusedSplines(torch.autograd.Function):
    """Splines in the kernel, behind what stands beside them."""

    @staticmethod
    def forward(
        ctx: Any, u: Tensor, knots: Tensor, degree: int, outer: int | None, beside: Tensor | None
    ) -> Tensor:
        ctx.save_for_backward(u, knots)
        ctx.numbers = degree, outer, beside is not None
        return kernel_bases(u, knots, degree, outer, beside)

    @staticmethod
    def backward(ctx: Any, g: Tensor) -> tuple[Tensor | None, None, None, None, Tensor | None]:
        u, knots = ctx.saved_tensors
        degree, outer, beside = ctx.numbers
        of_beside = g[..., : knots.shape[1]] if beside and ctx.needs_input_grad[4] else None
        of_u = pulled_back(g, u, knots, degree, outer) if ctx.needs_input_grad[0] else None
        return of_u, None, None, None, of_beside


def pulled_back(g: Tensor, u: Tensor, knots: Tensor, degree: int, outer: int | None) -> Tensor:
    """Gradient of u from that of its splines, the last columns of g."""
    if not torch.is_grad_enabled() and takes_splines(u, knots, degree):
        return kernel_slopes(g, u, knots, degree, outer)
    count, n = knots.shape
    _, lower = evaluate(u, knots, degree, outer)
    each = g[..., -(count - degree - 1) * n :] * slopes(lower, knots, degree)
    return each.reshape(*u.shape[:-1], -1, n).sum(-2)


def _splines(
    u: Tensor, knots: Tensor, degree: int, outer: int | None, beside: Tensor | None
) -> Tensor:
    if has_kernel():
        return kernel_bases(u, knots, degree, outer, beside)
    bases, _ = recursion(u, knots, degree, outer, in_place=True)
    return bases if beside is None else torch.cat([beside, bases], dim=-1)


def _shape(
    u: Tensor, knots: Tensor, degree: int, outer: int | None, beside: Tensor | None
) -> Tensor:
    count, n = knots.shape
    return u.new_empty(*u.shape[:-1], (count - degree - 1 + (beside is not None)) * n)


def _splines_back(g: Tensor, u: Tensor, knots: Tensor, degree: int, outer: int | None) -> Tensor:
    with torch.no_grad():
        return pulled_back(g, u, knots, degree, outer)


def _shape_back(g: Tensor, u: Tensor, knots: Tensor, degree: int, outer: int | None) -> Tensor:
    return torch.empty_like(u, memory_format=torch.contiguous_format)


def _remember(ctx: Any, inputs: tuple[Any, ...], output: Tensor) -> None:
    u, knots, degree, outer, beside = inputs
    ctx.save_for_backward(u, knots)
    ctx.numbers = degree, outer, beside is not None


def _op_back(ctx: Any, g: Tensor) -> tuple[Tensor | None, None, None, None, Tensor | None]:
    u, knots = ctx.saved_tensors
    degree, outer, beside = ctx.numbers
    back: Tensor = torch.ops.sgn_sciml.splines_back(g, u, knots, degree, outer)
    return back, None, None, None, g[..., : knots.shape[1]] if beside else None


# One operation of a compiled network; defined by hand, since torch's decorator for that costs as
# much a call as the splines of sixty points.
LIBRARY = torch.library.Library("sgn_sciml", "FRAGMENT")  # type: ignore[no-untyped-call]
SIGNATURE = "Tensor u, Tensor knots, int degree, int? outer"
for name, signature, function, shape in (
    ("splines", f"{SIGNATURE}, Tensor? beside", _splines, _shape),
    ("splines_back", f"Tensor g, {SIGNATURE}", _splines_back, _shape_back),
):
    LIBRARY.define(f"{name}({signature}) -> Tensor")  # type: ignore[no-untyped-call]
    LIBRARY.impl(name, function, "CPU")  # type: ignore[no-untyped-call]
    torch.library.register_fake(f"sgn_sciml::{name}", shape, lib=LIBRARY)
torch.library.register_autograd(
    "sgn_sciml::splines", _op_back, setup_context=_remember, lib=LIBRARY
)


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
