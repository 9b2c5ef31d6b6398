"""Solids from mesh files, by trimesh: one closed surface, or one line that says why it is none."""

from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np

from sgn_sciml.geometry.box_tree import Floats, Integers
from sgn_sciml.geometry.triangles import TriangleSurface
from sgn_sciml.system.extras import needed_by

__all__ = ["MeshFile", "NotSolid", "read_mesh", "triangles_of"]

SAME = 1e-6  # of the size: corners this near to one another are one, if the surface is open else
STEP = 1e-6  # of the size: how far from the surface both sides are looked at
LOOKS = 2_000_000  # pairs of such points and triangles


class NotSolid(ValueError):
    """A mesh that does not say what is inside: it is open, turned around in parts, or overlaps."""


@dataclass(frozen=True)
class MeshFile:
    """What a mesh file holds.

    Attributes:
        surface: Its closed surface.
        groups: Names of the solids, objects or groups of the file; none where there is one only.
        group: Which of them each triangle belongs to, shape ``(F,)``.
        checksum: Of the file.
    """

    surface: TriangleSurface
    groups: tuple[str, ...]
    group: Integers
    checksum: str


def read_mesh(path: str | Path, scale: float = 1.0) -> MeshFile:
    """Read a solid.

    Args:
        path: The file.
        scale: What its coordinates are multiplied by.

    Raises:
        MissingExtra: If trimesh is not installed.
        FileNotFoundError: If there is no such file.
        ValueError: If it is not a mesh, or not one closed surface around a volume;
            :class:`NotSolid` where the surface is not closed or overlaps.
    """
    path = Path(path)
    with needed_by("Mesh", "geometry"):
        import trimesh
    if not path.is_file():
        raise FileNotFoundError(f"Mesh: there is no file {path}")
    parts = triangles_of(path, trimesh)
    corners = scale * np.concatenate([np.zeros((0, 3, 3)), *parts.values()])
    if not len(corners):
        raise ValueError(
            f"{path}: holds no triangles: it is empty, cut off, of points or lines alone, or not "
            f"what its ending says"
        )
    if not np.isfinite(corners).all():
        raise ValueError(f"{path}: some of its coordinates are not finite numbers")
    size = float(np.linalg.norm(np.ptp(corners.reshape(-1, 3), axis=0)))
    surface, kept = closed(path, corners, size)
    if not abs(surface.volume) > 1e-9 * size**3:
        raise ValueError(f"{path}: its surface is flat: it encloses no volume")
    if surface.volume < 0:
        surface = TriangleSurface(surface.vertices, surface.faces[:, ::-1].copy())
    refuse_overlaps(path, surface, size)
    several = tuple(parts) if len(parts) > 1 else ()
    group = np.repeat(np.arange(len(parts)), [len(part) for part in parts.values()])[kept]
    checksum = sha256(path.read_bytes()).hexdigest()
    return MeshFile(surface, several, group, checksum)


def triangles_of(path: Path, trimesh: Any) -> dict[str, Floats]:
    """The triangles of each solid, object or group of a file, ``(F, 3, 3)`` by its name."""
    formats = sorted(trimesh.exchange.load.mesh_formats() - {"stl_ascii", "xyz"})  # points alone
    kind = path.suffix[1:].lower()
    if kind not in formats:
        raise ValueError(
            f"{path}: Mesh reads {', '.join(formats)}, not {kind or 'files without an ending'!r}"
        )
    options: dict[str, Any] = {"process": False}
    if kind == "obj":
        options |= {"skip_materials": True, "split_objects": True, "split_groups": True}
    try:
        scene = trimesh.load_scene(str(path), **options)
    except Exception as error:  # of any kind: its readers take damaged files at their word
        why = " ".join(str(error).split()) or type(error).__name__
        raise ValueError(
            f"{path}: cannot be read as {kind.upper()}, it is cut off or of another format: {why}"
        ) from error
    found: dict[str, Floats] = {}
    for node in sorted(scene.graph.nodes_geometry):
        matrix, name = scene.graph[node]
        geometry = scene.geometry[name]
        faces = np.asarray(getattr(geometry, "faces", ()))
        if len(faces):
            points = np.asarray(geometry.vertices, dtype=np.float64)
            points = points @ matrix[:3, :3].T + matrix[:3, 3]
            if np.linalg.det(matrix[:3, :3]) < 0:
                faces = faces[:, ::-1]
            found[node] = points[faces]
    return found


def closed(path: Path, corners: Floats, size: float) -> tuple[TriangleSurface, Integers]:
    """The surface of triangles ``(F, 3, 3)`` that share their edges.

    Returns:
        The surface, and which triangles are in it: those that are not lines.

    Raises:
        NotSolid: If an edge does not belong to two triangles of one orientation.
    """
    flat = corners.reshape(-1, 3)
    for scaled in (flat, np.round(flat / (SAME * size or 1))):
        _, first, faces = np.unique(scaled, axis=0, return_index=True, return_inverse=True)
        faces = faces.reshape(-1, 3)
        kept = np.flatnonzero((faces != np.roll(faces, -1, 1)).all(1))
        surface = TriangleSurface(flat[first], faces[kept])
        ends = np.stack([surface.faces, np.roll(surface.faces, -1, 1)], -1).reshape(-1, 2)
        _, where, edge = np.unique(
            np.sort(ends, 1), axis=0, return_index=True, return_inverse=True
        )
        edge = edge.reshape(-1)
        once = np.flatnonzero(np.bincount(edge) != 2)
        if not len(once):
            break
    place = surface.vertices[ends[where]].mean(1)
    if len(once):
        x = ", ".join(f"{v:.4g}" for v in place[once[0]])
        raise NotSolid(
            f"{path}: is not watertight: {len(once)} of {len(where)} edges do not belong to two "
            f"triangles, as at ({x}): close its holes in the program that it comes from"
        )
    forward = np.bincount(edge, weights=ends[:, 0] < ends[:, 1])
    if len(turned := np.flatnonzero(forward != 1)):
        x = ", ".join(f"{v:.4g}" for v in place[turned[0]])
        raise NotSolid(
            f"{path}: normals of neighbouring triangles point to different sides, as at ({x}): "
            "make them consistent in the program that it comes from"
        )
    return surface, kept


def refuse_overlaps(path: Path, surface: TriangleSurface, size: float) -> None:
    """See at some triangles that there is volume on one side and none on the other.

    Raises:
        NotSolid: If there is not, as where two solids overlap.
    """
    count = min(256, max(8, LOOKS // len(surface.faces)))
    reached = surface.areas.cumsum()
    shares = (np.arange(count) + 0.5) / count * reached[-1]
    chosen = np.unique(np.searchsorted(reached, shares))
    centres, step = surface.corners[chosen].mean(1), STEP * size * surface.normals[chosen]
    for points, times in ((centres - step, 1.0), (centres + step, 0.0)):
        if (bad := np.abs(surface.winding(points) - times) > 0.5).any():
            x = ", ".join(f"{v:.4g}" for v in points[bad][0])
            raise NotSolid(
                f"{path}: its surface overlaps itself, or normals of one of its bodies point the "
                f"wrong way, as at ({x}): unite its bodies in the program that it comes from"
            )
