"""Marching cubes of a function of any resolution, some planes of the grid at a time.

Next to the mesh itself, memory holds no more than a million values, or two planes of the grid if
these are more. Neighbouring slabs share the values of a plane, so that their meshes meet there.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from sgn_sciml.inr.rendering import tabulate

__all__ = ["NO_SURFACE", "zero_surface"]

NO_SURFACE = (
    "the network has no surface: it has one sign in all of the box; train it for more steps, or "
    "lower model.frequency"
)
AT_ONCE = 2**20  # values of a slab
EDGE = 1e-6  # least value at the border of the box, which closes the surface there
SAME = 1e-3  # of a cell: corners on a shared plane that are this near are one

Vertices = NDArray[np.float32]
Faces = NDArray[np.int64]


@torch.no_grad()
def zero_surface(
    function: Callable[[Tensor], Tensor], resolution: int, like: Tensor, at_once: int = AT_ONCE
) -> tuple[Vertices, Faces]:
    """Triangles where a function of the box [-1, 1]^3 is zero; it is negative inside.

    Args:
        function: Maps points ``(N, 3)`` to values ``(N, 1)``.
        resolution: Cells along each side of the box.
        like: What points are like: device and dtype.
        at_once: Values that memory holds.

    Returns:
        Corners ``(V, 3)`` and faces ``(F, 3)`` whose normals point outwards; none where the
        function has one sign. Where it is negative at the border of the box, the surface is
        closed there.

    Raises:
        ValueError: If a value is NaN or infinite.
    """
    nodes = torch.linspace(-1, 1, resolution + 1, dtype=torch.float64).to(like)
    thick = max(1, at_once // len(nodes) ** 2)
    parts, faces = [np.zeros((0, 3), np.float32)], [np.zeros((0, 3), np.int64)]
    last: NDArray[Any] | None = None
    seam: tuple[Faces, Vertices] = np.zeros(0, np.int64), parts[0]  # corners on the last plane
    known = 0
    for start in range(0, len(nodes), thick):
        slab = nodes[start : start + thick]
        values = planes(function, slab, nodes, start)
        first = start
        if last is not None:
            values, first = np.concatenate([last, values]), start - 1
        last = values[-1:].copy()
        found, triangles = cubes(values)
        found[:, 0] += first
        numbers, new = welded(found, seam, first if start else None, known)
        parts.append(found[new])
        known += len(parts[-1])
        kept = numbers[triangles]
        kept = kept[(kept != np.roll(kept, -1, 1)).all(1)]  # a weld may leave a line
        faces.append(kept)
        on_last = np.flatnonzero(found[:, 0] == first + len(values) - 1)
        seam = numbers[on_last], found[on_last]
    corners = np.concatenate(parts)
    return (corners * (2 / resolution) - 1).astype(np.float32), np.concatenate(faces)


def planes(
    function: Callable[[Tensor], Tensor], slab: Tensor, nodes: Tensor, start: int
) -> NDArray[Any]:
    """Values on some planes of the grid, positive at the border of the box."""
    axes = {"axis0": slab, "axis1": nodes, "axis2": nodes}
    values = tabulate(function, axes)[0].float()
    if not bool(values.isfinite().all()):
        raise ValueError("the network has NaN or infinite values: it has no surface")
    border = torch.zeros_like(values, dtype=torch.bool)
    for axis in (1, 2):
        border.select(axis, 0).fill_(True)
        border.select(axis, -1).fill_(True)
    border[0] |= start == 0
    border[-1] |= start + len(slab) == len(nodes)
    found: NDArray[Any] = torch.where(border, values.clamp(min=EDGE), values).numpy(force=True)
    return found


def cubes(values: NDArray[Any]) -> tuple[Vertices, Faces]:
    """Marching cubes in units of cells; nothing where there is one sign."""
    if min(values.shape) < 2 or not values.min() < 0 <= values.max():
        return np.zeros((0, 3), np.float32), np.zeros((0, 3), np.int64)
    from skimage.measure import marching_cubes

    corners, faces, _, _ = marching_cubes(  # type: ignore[no-untyped-call]
        values, 0.0, gradient_direction="descent", allow_degenerate=False
    )
    return corners.astype(np.float32), faces.astype(np.int64)


def welded(
    found: Vertices, seam: tuple[Faces, Vertices], plane: int | None, known: int
) -> tuple[Faces, NDArray[np.bool_]]:
    """Numbers of corners in the whole mesh, ``(n,)``, and which of them are new.

    Args:
        found: Corners of a slab.
        seam: Numbers and places of those on the plane that it shares with the one before.
        plane: Where the plane is; None if there is none.
        known: How many corners there are so far.
    """
    new = np.ones(len(found), dtype=bool)
    numbers = np.zeros(len(found), dtype=np.int64)
    numbers_before, places = seam
    if plane is not None and len(places):
        from scipy.spatial import cKDTree

        on = np.flatnonzero(found[:, 0] == plane)
        apart, nearest = cKDTree(places).query(found[on])
        on, nearest = on[apart < SAME], nearest[apart < SAME]
        numbers[on], new[on] = numbers_before[nearest], False
    numbers[new] = known + np.arange(new.sum())
    return numbers, new
