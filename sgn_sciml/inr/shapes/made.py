"""A solid made by a formula, as a mesh: what configurations fit where no file is given."""

from collections.abc import Callable

import numpy as np

from sgn_sciml.geometry.box_tree import Floats, Integers
from sgn_sciml.geometry.triangles import TriangleSurface
from sgn_sciml.inr.shapes.surfaces import MeshSurface

__all__ = ["MADE", "knot"]

TUBE = 0.42  # radius of the tube; that of the torus of the knot is 2
RIDGES, DEPTH, TURNS = 5, 0.16, 4  # of its surface: how many, their depth, how often they go round


def knot(along: int = 480, around: int = 50) -> tuple[Floats, Integers]:
    """A trefoil of a tube with winding ridges, about 100 wide, in millimetres, say.

    Args:
        along: Corners along the knot.
        around: Corners around the tube.

    Returns:
        Corners ``(V, 3)`` and faces ``(F, 3)``; closed, normals outwards.
    """
    t, s = (np.arange(n) * 2 * np.pi / n for n in (along, around))
    ring = 2 + np.cos(3 * t)
    middle = np.stack([ring * np.cos(2 * t), ring * np.sin(2 * t), np.sin(3 * t)], 1)
    ahead = np.stack(
        [
            -3 * np.sin(3 * t) * np.cos(2 * t) - 2 * ring * np.sin(2 * t),
            -3 * np.sin(3 * t) * np.sin(2 * t) + 2 * ring * np.cos(2 * t),
            3 * np.cos(3 * t),
        ],
        1,
    )
    ahead /= np.linalg.norm(ahead, axis=1, keepdims=True)
    # On the torus of the knot, outwards from the circle in its middle, made normal to the knot.
    outward = np.stack(
        [np.cos(3 * t) * np.cos(2 * t), np.cos(3 * t) * np.sin(2 * t), np.sin(3 * t)], 1
    )
    outward -= (outward * ahead).sum(1, keepdims=True) * ahead
    outward /= np.linalg.norm(outward, axis=1, keepdims=True)
    aside = np.cross(ahead, outward)
    radius = TUBE * (1 + DEPTH * np.cos(RIDGES * s[None] + TURNS * t[:, None]))[..., None]
    circle = np.cos(s)[:, None] * outward[:, None] + np.sin(s)[:, None] * aside[:, None]
    corners = 15 * (middle[:, None] + radius * circle)
    i, j = np.meshgrid(np.arange(along), np.arange(around), indexing="ij")
    a, b = i * around + j, (i + 1) % along * around + j
    c, d = (i + 1) % along * around + (j + 1) % around, i * around + (j + 1) % around
    faces = np.stack([np.stack([a, c, b], -1), np.stack([a, d, c], -1)], 2).reshape(-1, 3)
    return corners.reshape(-1, 3), faces.astype(np.int64)


def knot_points(count: int = 20_000) -> tuple[Floats, None]:
    """Points of the same surface, uniform in area, without normals."""
    return MeshSurface(TriangleSurface(*knot())).sample(count, 0)[0], None


Made = Callable[[], tuple[Floats, Integers | None]]
MADE: dict[str, Made] = {"knot": knot, "knot_points": knot_points}
