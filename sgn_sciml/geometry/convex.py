"""Convex solids as half spaces."""

import numpy as np

from sgn_sciml.geometry.box_tree import Integers
from sgn_sciml.geometry.triangles import TriangleSurface

__all__ = ["Planes", "half_spaces"]

Planes = tuple[list[tuple[float, ...]], Integers]
FLAT = 1e-7  # of the size: what lies this near to a plane is on it


def half_spaces(surface: TriangleSurface) -> Planes:
    """The half spaces ``a x + b y + c z + d >= 0`` of which a convex solid is the intersection.

    Returns:
        Their numbers, none where the solid is not convex, and which plane each triangle lies in.
    """
    size = float(np.linalg.norm(np.ptp(surface.vertices, axis=0)))
    offsets = (surface.corners.mean(1) * surface.normals).sum(1)
    rows = np.concatenate([-surface.normals, offsets[:, None]], 1)
    order = np.argsort(-surface.areas, kind="stable")  # the planes of large triangles are exact
    found: list[tuple[float, ...]] = []
    plane = np.full(len(rows), -1)
    for k in order:
        if plane[k] >= 0:
            continue
        heights = surface.vertices @ rows[k, :3] + rows[k, 3]
        if heights.min() < -FLAT * size:
            return [], plane
        same = (np.abs(heights)[surface.faces] <= FLAT * size).all(1) & (plane < 0)
        plane[same] = len(found)
        plane[k] = len(found)
        found.append(tuple(rows[k].tolist()))
    return found, plane
