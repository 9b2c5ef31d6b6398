"""B-splines in the compiled kernel, forward and back.

The recursion of :mod:`sgn_sciml.layers.bspline` makes a tensor for each of its steps; the kernel
leaves the steps in registers and writes the splines where the next matrix reads them. Values and
gradients are the recursion's, which goes on where there is no compiler, on other devices, under
transforms of functions and for derivatives of gradients.
"""

import ctypes
from functools import cache
from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd import forward_ad

from sgn_sciml.jets.compilation import Unavailable, library
from sgn_sciml.jets.kernel_engine import pool

__all__ = ["has_kernel", "kernel_bases", "kernel_slopes", "takes_splines"]

DEGREES = 5
SHARE = 2**16  # splines from which on another thread is worth its start


def takes_splines(u: Any, knots: Tensor, degree: int) -> bool:
    """Whether the kernel takes splines: of plain tensors, as PyTorch runs them by itself."""
    return (
        type(u) in (Tensor, nn.Parameter)
        and u.device.type == "cpu"
        and u.dtype == knots.dtype
        and u.dtype in (torch.float32, torch.float64)
        and 1 <= degree <= DEGREES
        and knots.dim() == 2
        and not torch.compiler.is_exporting()
        and (torch.compiler.is_compiling() or (plain() and has_kernel()))
    )


def plain() -> bool:
    """Whether nothing transforms or traces what is called."""
    return (
        forward_ad._current_level < 0
        and torch._C._functorch.peek_interpreter_stack() is None
        and torch._C._get_tracing_state() is None
    )


@cache
def has_kernel() -> bool:
    """Whether there is a compiler for it."""
    try:
        library()
    except Unavailable:
        return False
    return True


def kernel_bases(
    u: Tensor, knots: Tensor, degree: int, outer: int | None, beside: Tensor | None
) -> Tensor:
    """Splines ``(..., (K - k - 1) n)`` of u ``(..., n)``, behind channels ``(..., n)`` or none."""
    count, n = knots.shape
    width = (count - degree - 1 + (beside is not None)) * n
    out = u.new_empty(*u.shape[:-1], width)
    other = None if beside is None else beside.contiguous()
    call(u.contiguous(), other, knots, degree, outer, False, out)
    return out


def kernel_slopes(g: Tensor, u: Tensor, knots: Tensor, degree: int, outer: int | None) -> Tensor:
    """Gradient ``(..., n)`` of splines whose gradient is g, in the last columns of g."""
    out, rows = torch.empty_like(u, memory_format=torch.contiguous_format), g.contiguous()
    call(u.contiguous(), rows, knots, degree, outer, True, out)
    return out


def call(
    u: Tensor,
    other: Tensor | None,
    knots: Tensor,
    degree: int,
    outer: int | None,
    slopes: bool,
    out: Tensor,
) -> None:
    """Run the kernel, over some threads if there is enough to do."""
    count, n = knots.shape
    rows = u.numel() // n
    row = 0 if other is None else other.shape[-1]
    skipped = row - (count - degree - 1) * n if slopes else 0
    run = library().splines_double if u.dtype == torch.float64 else library().splines_float
    knots = knots.detach().contiguous()
    size = u.element_size()

    def part(first: int, last: int) -> None:
        at = (u, first * n), (other, first * row + skipped), (out, first * out.shape[-1])
        places = [ctypes.c_void_p(None if t is None else t.data_ptr() + k * size) for t, k in at]
        numbers = count, degree, -1 if outer is None else outer, slopes
        run(
            *places[:2],
            *(ctypes.c_int64(k) for k in (row, last - first, n)),
            ctypes.c_void_p(knots.data_ptr()),
            *(ctypes.c_int64(k) for k in numbers),
            places[2],
        )

    threads = min(torch.get_num_threads(), max(1, rows * count * n // SHARE))
    if threads == 1:
        part(0, rows)
    else:
        share = -(-rows // threads)
        spans = [(i, min(rows, i + share)) for i in range(0, rows, share)]
        list(pool(len(spans)).map(lambda span: part(*span), spans))
