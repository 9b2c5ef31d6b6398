"""Shapes from files: a solid, or a surface without an inside, and what is said of it."""

from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import numpy as np

from sgn_sciml.geometry.box_tree import Floats, Integers
from sgn_sciml.geometry.mesh_file import NotSolid, read_mesh, triangles_of
from sgn_sciml.geometry.triangles import TriangleSurface
from sgn_sciml.inr.shapes.clouds import CLOUDS, read_cloud
from sgn_sciml.inr.shapes.orientation import estimated_normals
from sgn_sciml.inr.shapes.surfaces import CloudSurface, Frame, MeshSurface, Surface
from sgn_sciml.system.extras import needed_by

__all__ = ["ShapeFile", "made_shape", "read_shape"]

ONLY_POINTS = set(CLOUDS) - {"ply"}


@dataclass(frozen=True)
class ShapeFile:
    """What a file of a shape holds.

    Attributes:
        surface: The surface in the box [-1, 1]^3.
        frame: Where the box lies in the file's coordinates.
        facts: What is known of it, in the file's units: plain values.
        remark: One line to say about it.
    """

    surface: Surface
    frame: Frame
    facts: dict[str, object]
    remark: str


def read_shape(path: str | Path, cloud: bool = False) -> ShapeFile:
    """Read a shape.

    Args:
        path: STL, OBJ, PLY, OFF, glTF; of points alone also XYZ, NPY, CSV.
        cloud: Take the surface alone, of a mesh, too, and never mind what is inside.

    Raises:
        MissingExtra: If trimesh is not installed.
        FileNotFoundError: If there is no such file.
        ValueError: If it holds no such shape, or a mesh is not closed and ``cloud`` is false.
    """
    path = Path(path)
    if path.is_dir():
        raise ValueError(f"{path} is a folder, not a mesh or a file of points")
    if not path.is_file():
        raise FileNotFoundError(f"no mesh or file of points {path}")
    kind = path.suffix[1:].lower()
    if kind in ONLY_POINTS or (kind == "ply" and has_no_faces(path)):
        return of_points(path)
    return of_open_mesh(path) if cloud else of_solid(path)


def of_solid(path: Path) -> ShapeFile:
    """A closed mesh."""
    try:
        with needed_by("ShapeData", "inr"):
            surface = read_mesh(path).surface
    except NotSolid as error:
        raise NotSolid(
            f"{error}; or fit its surface alone: --data.cloud true, as configs/shape_cloud.yaml "
            "does"
        ) from error
    except (ValueError, FileNotFoundError) as error:
        if str(error).startswith(f"{path}: Mesh reads"):
            raise ValueError(f"{error}; and points from {', '.join(CLOUDS)}") from error
        raise
    return solid(path.name, surface, checksum_of(path))


def solid(name: str, surface: TriangleSurface, facts: dict[str, object]) -> ShapeFile:
    """A closed surface in the file's coordinates."""
    frame = Frame.around(surface.corners.reshape(-1, 3))
    bodies = count_bodies(surface.faces, len(surface.vertices))
    facts = {
        **facts,
        "triangles": len(surface.faces),
        "bodies": bodies,
        "watertight": True,
        "area": float(surface.areas.sum()),
        "volume": surface.volume,
    }
    several = "" if bodies == 1 else f" of {bodies} closed surfaces"
    said = f"watertight{several}, {len(surface.faces)} triangles, volume {surface.volume:.6g}"
    return described(name, MeshSurface(moved(surface, frame)), frame, facts, said)


def of_open_mesh(path: Path) -> ShapeFile:
    """The surface of a mesh that may be open."""
    with needed_by("ShapeData", "inr"):
        import trimesh
    corners = np.concatenate([np.zeros((0, 3, 3)), *triangles_of(path, trimesh).values()])
    if not len(corners):
        raise ValueError(f"{path}: holds no triangles: it is empty, cut off, or of lines alone")
    if not np.isfinite(corners).all():
        raise ValueError(f"{path}: some of its coordinates are not finite numbers")
    vertices, faces = np.unique(corners.reshape(-1, 3), axis=0, return_inverse=True)
    faces = faces.reshape(-1, 3)
    surface = TriangleSurface(vertices, faces[(faces != np.roll(faces, -1, 1)).all(1)])
    if not len(surface.faces) or not surface.areas.sum() > 0:
        raise ValueError(f"{path}: all of its triangles are lines or points: there is no surface")
    frame = Frame.around(surface.corners.reshape(-1, 3))
    open_edges, turned = edges_apart(surface.faces)
    facts = checksum_of(path) | {
        "triangles": len(surface.faces),
        "watertight": not open_edges and not turned,
        "area": float(surface.areas.sum()),
    }
    said = "watertight" if facts["watertight"] else f"not watertight: {open_edges} open edges"
    said += f", {len(surface.faces)} triangles, taken as a surface"
    said += ", normals estimated: its own point to different sides" if turned else " with normals"
    found = MeshSurface(moved(surface, frame), closed=False, oriented=not turned)
    return described(path.name, found, frame, facts, said)


def of_points(path: Path) -> ShapeFile:
    """A cloud of points."""
    points, normals, remark = read_cloud(path)
    return cloud_of(path.name, points, normals, remark, checksum_of(path))


def cloud_of(
    name: str,
    points: Floats,
    normals: Floats | None,
    remark: str,
    facts: dict[str, object],
) -> ShapeFile:
    """Points in the file's coordinates."""
    frame = Frame.around(points)
    placed, told = frame.inward(points), normals is not None
    if normals is None:
        normals = estimated_normals(placed)
    facts = facts | {"cloud_points": len(points), "normals": "given" if told else "estimated"}
    said = f"{len(points)} points {'with normals' if told else 'without normals: estimated'}"
    said += f" ({remark})" if remark else ""
    return described(name, CloudSurface(placed, normals), frame, facts, said)


def described(
    name: str, surface: Surface, frame: Frame, facts: dict[str, object], said: str
) -> ShapeFile:
    """The same with what is known of every shape.

    Raises:
        ValueError: If it has no size.
    """
    low, high = (frame.outward(corner) for corner in surface.bounds)
    if not frame.half > 0:
        raise ValueError(f"{name}: all of its points are one")
    sides = " x ".join(f"{side:.6g}" for side in high - low)
    facts |= {
        "bounds": [low.tolist(), high.tolist()],
        "frame": {"centre": list(frame.centre), "half": frame.half},
    }
    return ShapeFile(surface, frame, facts, f"{name}: {said}, {sides}")


def made_shape(name: str, make: Callable[[], tuple[Floats, Integers | None]]) -> ShapeFile:
    """A shape made by a formula: corners and faces, or points alone."""
    points, faces = make()
    if faces is None:
        return cloud_of(name, points, None, "", {})
    return solid(name, TriangleSurface(points, faces), {})


def checksum_of(path: Path) -> dict[str, object]:
    """The checksum of a file, as a fact."""
    return {"sha256": sha256(path.read_bytes()).hexdigest()}


def has_no_faces(path: Path) -> bool:
    """Whether the header of a PLY file names no faces, or none of them."""
    with open(path, "rb") as stream:
        head = stream.read(4096).partition(b"end_header")[0].split(b"\n")
    counts = [line.split()[2:3] for line in head if line.startswith(b"element face")]
    return head[0].startswith(b"ply") and all(count in ([], [b"0"]) for count in counts)


def moved(surface: TriangleSurface, frame: Frame) -> TriangleSurface:
    """A surface in the box of a network."""
    return TriangleSurface(frame.inward(surface.vertices), surface.faces)


def count_bodies(faces: Integers, vertices: int) -> int:
    """How many surfaces there are that share no corner."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    one, other = faces.reshape(-1), np.roll(faces, -1, 1).reshape(-1)
    links = coo_array((np.ones(len(one)), (one, other)), shape=(vertices, vertices))
    labels = connected_components(links, directed=False)[1]
    return len(np.unique(labels[faces[:, 0]]))


def edges_apart(faces: Integers) -> tuple[int, int]:
    """Numbers of edges of one triangle alone, and of those that two run through alike."""
    ends = np.stack([faces, np.roll(faces, -1, 1)], -1).reshape(-1, 2)
    _, edge, count = np.unique(np.sort(ends, 1), axis=0, return_inverse=True, return_counts=True)
    forward = np.bincount(edge.reshape(-1), weights=ends[:, 0] < ends[:, 1])
    return int((count == 1).sum()), int(((count > 1) & (2 * forward != count)).sum())
