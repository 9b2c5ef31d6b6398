r"""Truncated Fourier transforms of real fields as products with real matrices.

A layer keeps few modes, and products of matrices run at ten times the speed of an FFT's
butterflies. With :math:`\theta = 2 \pi k n / N`, the matrices of the axes in turn are

====================  ================================  =====================================
axis                  rows                              columns
====================  ================================  =====================================
the only one          :math:`k \ge 0`, re and im        n: :math:`\cos`, :math:`-\sin`
first of several      :math:`|k|`, cos and sin          n: :math:`\cos`, :math:`\sin`
second                sign of the first, k, re and im   cos and sin of the first, n
any further one       k, re and im                      re and im, n
====================  ================================  =====================================

so that every product contracts what lies side by side. The transform back to a grid multiplies by
the transposed matrices, and so does the gradient of either.

Both signs of k are kept in all axes but the last: :math:`0, -1, 1, -2, 2, \dots`, so that fewer
modes are a part from the front.
"""

import math
from functools import lru_cache

import torch
from torch import Tensor

__all__ = ["fourier_matrices", "frequencies", "multiplicities"]


def frequencies(count: int) -> list[int]:
    """So many wavenumbers of both signs, the lowest first: 0, -1, 1, -2, 2, ..."""
    return [(i + 1) // 2 * (-1 if i % 2 else 1) for i in range(count)]


def multiplicities(points: int, count: int) -> list[float]:
    """How often k = 0, 1, ... of a real transform stand in the sum: once at 0 and at Nyquist."""
    return [1.0 if k in (0, points / 2) else 2.0 for k in range(count)]


@torch.compiler.assume_constant_result  # type: ignore[untyped-decorator]
def fourier_matrices(
    grid: tuple[int, ...],
    counts: tuple[int, ...],
    synthesis: bool,
    dtype: torch.dtype,
    device: torch.device,
) -> tuple[Tensor, ...]:
    """One matrix per axis, as in the table above.

    Args:
        grid: Points along each axis.
        counts: Modes kept along each axis; the last one counts k = 0, 1, ...
        synthesis: Weigh modes by their multiplicity, for the transposed product that makes a
            field of modes; else by 1 / points, for means over the domain.
        dtype: Floating dtype.
        device: Device.
    """
    return _made(grid, counts, synthesis, dtype, device)


@lru_cache(maxsize=64)  # a training run needs two sets for each grid
def _made(
    grid: tuple[int, ...],
    counts: tuple[int, ...],
    synthesis: bool,
    dtype: torch.dtype,
    device: torch.device,
) -> tuple[Tensor, ...]:
    with torch.inference_mode(False), torch.no_grad():  # they outlive the call
        matrices = [_matrix(grid, counts, axis) for axis in range(len(grid))]
        if synthesis:
            weights = torch.tensor(multiplicities(grid[-1], counts[-1]), dtype=torch.float64)
        else:
            weights = torch.full((counts[-1],), 1 / math.prod(grid), dtype=torch.float64)
        last = matrices[-1]
        weighted = last.view(-1, counts[-1], 2, last.shape[1]) * weights[:, None, None]
        matrices[-1] = weighted.flatten(0, 2)
        return tuple(m.to(device, dtype) for m in matrices)


def _matrix(grid: tuple[int, ...], counts: tuple[int, ...], axis: int) -> Tensor:
    n, count, last = grid[axis], counts[axis], axis == len(grid) - 1
    if axis == 0 and not last:
        c, s = _waves(list(range(count // 2 + 1)), n)
        return torch.stack([c, s], 1).flatten(0, 1)
    c, s = _waves(list(range(count)) if last else frequencies(count), n)
    if axis == 0:
        return torch.stack([c, -s], 1).flatten(0, 1)
    if axis == 1:
        parts = [
            torch.stack([torch.stack([c, -sign * s], 1), torch.stack([-s, -sign * c], 1)], 1)
            for sign in (-1, 1)
        ]
        return torch.stack(parts).flatten(0, 2).flatten(1)
    parts = [torch.stack([c, s], 1), torch.stack([-s, c], 1)]
    return torch.stack(parts, 1).flatten(0, 1).flatten(1)


def _waves(wavenumbers: list[int], points: int) -> tuple[Tensor, Tensor]:
    """Cosines and sines, shape ``(wavenumbers, points)``; whole turns are taken off first."""
    turns = torch.tensor(wavenumbers)[:, None] * torch.arange(points) % points
    angle = 2 * math.pi / points * turns.double()
    sine = angle.sin()
    sine[2 * turns == points] = 0  # exactly: the imaginary part at the Nyquist wavenumber
    return angle.cos(), sine
