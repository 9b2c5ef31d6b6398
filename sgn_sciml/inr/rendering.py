r"""A fitted signal on grids and at points, with its slopes.

Nothing but the result is held whole: the points of a grid are made a chunk at a time.
"""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence

import torch
from torch import Tensor

from sgn_sciml.jets import Derivatives
from sgn_sciml.layers.waves.sine import true_gradients

__all__ = ["derivatives", "slopes", "tabulate"]

PointFunction = Callable[[Tensor], Tensor]

PORTION = 2**18  # points of which a result is put together


def slopes(f: PointFunction, points: Tensor) -> tuple[Tensor, Tensor]:
    """Gradient and Laplacian of a function, also where gradients are switched off.

    Args:
        f: Function of points, ``(N, axes) -> (N, channels)``, each row on its own.
        points: Where, shape ``(N, axes)``.

    Returns:
        Gradient ``(N, channels, axes)`` and Laplacian ``(N, channels)``, per unit of the points.

    Example:
        >>> bowl, point = lambda p: p.square().sum(-1, keepdim=True), torch.tensor([[3.0, 1.0]])
        >>> [part.tolist() for part in slopes(bowl, point)]
        [[[[6.0, 2.0]]], [[4.0]]]
    """
    with torch.inference_mode(False), torch.enable_grad(), true_gradients():
        points = points.detach().clone()
        axes = [chr(ord("a") + k) for k in range(points.shape[1])]
        channels = [f"f{k}" for k in range(f(points[:1]).shape[1])]
        d = Derivatives(f, points, axes, channels)
        gradient = [torch.stack([getattr(d, f"{c}_{a}") for a in axes], -1) for c in channels]
        bends = [torch.stack([getattr(d, f"{c}_{a}{a}") for a in axes], -1) for c in channels]
    return torch.stack(gradient, 1).detach(), torch.stack(bends, 1).detach().sum(-1)


def tabulate(f: PointFunction, places: Mapping[str, Tensor], chunk: int = PORTION) -> Tensor:
    """The values of a function at the places of an evaluation batch.

    Args:
        f: Function of points, ``(n, axes) -> (n, *shape)``.
        places: ``points``, shape ``(N, axes)``; or the axes of a grid: ``axis0``, ``axis1``, ...
        chunk: Points that go through the function at once.

    Returns:
        Shape ``(N, *shape)`` at points, ``(*shape, *grid)`` on a grid.

    Example:
        >>> axes = {"axis0": torch.tensor([10.0, 20.0]), "axis1": torch.arange(3.0)}
        >>> tabulate(lambda p: p.sum(-1, keepdim=True), axes, chunk=4).tolist()
        [[[10.0, 11.0, 12.0], [20.0, 21.0, 22.0]]]
    """
    if "points" in places:
        points = places["points"]
        found = _fill(f, torch.split(points, chunk), len(points))
        return found.movedim(-1, 0)
    axes = [places[f"axis{k}"] for k in range(sum(name.startswith("axis") for name in places))]
    grid = [len(axis) for axis in axes]
    found = _fill(f, _grid_chunks(axes, chunk), math.prod(grid))
    return found.view(*found.shape[:-1], *grid)


def derivatives(f: PointFunction, places: Mapping[str, Tensor], chunk: int) -> dict[str, Tensor]:
    """Gradient and Laplacian at the places of an evaluation batch.

    Args:
        f: Function of points, ``(n, axes) -> (n, channels)``.
        places: As for :func:`tabulate`.
        chunk: Points that go through the function at once.

    Returns:
        ``gradient`` of shape ``(N, channels, axes)`` and ``laplacian`` ``(N, channels)`` at
        points; ``(axes, channels, *grid)`` and ``(channels, *grid)`` on a grid.
    """

    def both(points: Tensor) -> Tensor:
        gradient, laplacian = slopes(f, points)
        return torch.cat([gradient.movedim(-1, 1), laplacian[:, None]], 1)

    found = tabulate(both, places, chunk)
    if "points" in places:
        return {"gradient": found[:, :-1].movedim(1, -1), "laplacian": found[:, -1]}
    return {"gradient": found[:-1], "laplacian": found[-1]}


def _grid_chunks(axes: Sequence[Tensor], chunk: int) -> Iterator[Tensor]:
    """All points of a grid, the last axis running fastest, some at a time: rows where they fit."""
    *outer, last = axes
    grid, length = tuple(len(axis) for axis in outer), len(last)
    step = max(1, chunk // length)
    for start in range(0, math.prod(grid), step):
        numbers = torch.arange(start, min(start + step, math.prod(grid)), device=last.device)
        index = torch.unravel_index(numbers, grid) if outer else ()
        for part in torch.split(last, chunk):
            points = last.new_empty(len(numbers), len(part), len(axes))
            for k, (axis, i) in enumerate(zip(outer, index, strict=True)):
                points[..., k] = axis[i, None]
            points[..., -1] = part
            yield points.view(-1, len(axes))


def _fill(f: PointFunction, chunks: Iterator[Tensor] | Sequence[Tensor], count: int) -> Tensor:
    """Values of all chunks, the points last: ``(*shape, count)``; put together without copies."""
    found, done = torch.empty(0), 0
    for points in chunks:
        values = f(points)
        if done == 0:
            found = values.new_empty(*values.shape[1:], count)
        found[..., done : done + len(values)] = values.movedim(0, -1)
        done += len(values)
    return found
