"""Parts of a mesh's boundary: groups of the file, faces between sharp edges, and tests."""

from collections.abc import Callable, Mapping

import numpy as np
import torch
from torch import Tensor

from sgn_sciml.geometry.box_tree import Integers
from sgn_sciml.geometry.mesh_file import MeshFile
from sgn_sciml.geometry.names import labels
from sgn_sciml.geometry.region import WHOLE
from sgn_sciml.geometry.triangles import TriangleSurface

__all__ = ["part_names", "smooth_faces"]

MANY = 200  # parts that somebody can tell apart


def part_names(
    file: MeshFile,
    name: str | None,
    angle: float | None,
    where: Mapping[str, Callable[[Tensor, Tensor], Tensor]],
) -> list[frozenset[str]]:
    """What each triangle is called.

    Args:
        file: The file.
        name: Name of the whole.
        angle: Where faces end, in degrees, or None.
        where: Tests of centres and normals by name.

    Raises:
        ValueError: If a part has no triangles, two have one name, or there are too many faces.
    """
    surface = file.surface
    found: dict[str, Integers] = {}
    for k, group in enumerate(file.groups):
        found[group] = np.flatnonzero(file.group == k)
    if angle is not None:
        face = smooth_faces(surface, angle)
        if (count := int(face.max()) + 1) > MANY:
            raise ValueError(f"Mesh: {count} faces meet at more than {angle} degrees: raise it")
        found |= {f"face{k}": np.flatnonzero(face == k) for k in range(count)}
    centres, normals = (torch.from_numpy(a) for a in (surface.corners.mean(1), surface.normals))
    for part, test in where.items():
        if part in found or part == WHOLE:
            raise ValueError(f"Mesh: another part is called {part!r}: rename it in `where`")
        found[part] = tested(part, test, centres, normals)
    names: list[set[str]] = [set() for _ in surface.faces]
    for part, rows in found.items():
        for k in rows:
            names[k] |= labels(name, part)
    left = labels(name, "rest") if found else labels(name, name or "mesh")
    return [frozenset(each) or left for each in names]


def tested(
    part: str, test: Callable[[Tensor, Tensor], Tensor], centres: Tensor, normals: Tensor
) -> Integers:
    """The triangles for which a test holds."""
    holds = torch.as_tensor(test(centres, normals))
    if holds.dtype != torch.bool or holds.shape != (len(centres),):
        raise ValueError(
            f"Mesh: the test of {part!r} must return a boolean for each of {len(centres)} "
            f"triangles, got {holds.dtype} of shape {tuple(holds.shape)}"
        )
    if not bool(holds.any()):
        ends = (centres.amin(0), centres.amax(0))
        low, high = (", ".join(f"{v:.4g}" for v in end.tolist()) for end in ends)
        raise ValueError(
            f"Mesh: the part {part!r} has no triangles: its test holds for none of those whose "
            f"centres lie between ({low}) and ({high})"
        )
    return np.flatnonzero(holds.numpy())


def smooth_faces(surface: TriangleSurface, angle: float) -> Integers:
    """Number of the face of each triangle, ``(F,)``; the largest face is 0.

    Args:
        surface: The surface.
        angle: Between normals of neighbours in different faces, at least; degrees.
    """
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    ends = np.sort(np.stack([surface.faces, np.roll(surface.faces, -1, 1)], -1), -1).reshape(-1, 2)
    order = np.lexsort(ends.T)
    one, other = (order // 3).reshape(-1, 2).T  # an edge has two triangles
    flat = (surface.normals[one] * surface.normals[other]).sum(1) >= np.cos(np.radians(angle))
    flat |= (surface.areas[one] == 0) | (surface.areas[other] == 0)
    count = len(surface.faces)
    links = coo_array((np.ones(flat.sum()), (one[flat], other[flat])), shape=(count, count))
    total, face = connected_components(links, directed=False)
    area = np.bincount(face, weights=surface.areas)
    first = np.unique(face, return_index=True)[1]
    rank = np.empty(total, dtype=np.int64)
    rank[np.lexsort((first, -np.round(area / area.max(), 9)))] = np.arange(total)
    return np.asarray(rank[face])
