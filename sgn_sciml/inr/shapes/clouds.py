"""Files of points on a surface: PLY, XYZ, NPY, CSV, with normals or without."""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sgn_sciml.geometry.box_tree import Floats
from sgn_sciml.pde.conditions.tables import read_csv
from sgn_sciml.system.extras import needed_by

__all__ = ["CLOUDS", "read_cloud"]

CLOUDS = ("csv", "npy", "ply", "xyz")
NAMES = ("x", "y", "z", "nx", "ny", "nz")
FEWEST = 16  # points that say anything of a surface
LENGTHS = (0.9, 1.1)  # of what counts as a unit normal


def read_cloud(path: Path) -> tuple[Floats, Floats | None, str]:
    """Points, and normals where the file has them.

    Columns of a text or an array are x, y, z and, of six, the normal, where all of these have the
    length 1 (they are colours else, which are left out). A CSV file may name its columns x, y, z,
    nx, ny, nz in the first line.

    Args:
        path: The file.

    Returns:
        Points ``(N, 3)`` in the file's units, unit normals ``(N, 3)`` or None, and a remark on
        what was left out, or nothing.

    Raises:
        MissingExtra: If trimesh is not installed, for PLY.
        FileNotFoundError: If there is no such file.
        ValueError: If it does not hold such points.
    """
    if not path.is_file():
        raise FileNotFoundError(f"no file of points {path}")
    kind = path.suffix[1:].lower()
    if kind not in CLOUDS:
        raise ValueError(
            f"{path}: points are read from {', '.join(CLOUDS)}, not from "
            f"{kind or 'files without an ending'!r}"
        )
    readers = {"ply": from_ply, "npy": from_array, "csv": from_csv, "xyz": from_text}
    table = readers[kind](path)
    if table.ndim != 2 or table.shape[1] < 3 or not len(table):
        raise ValueError(
            f"{path}: holds numbers of shape {table.shape}, not points: rows of x, y, z"
        )
    if not np.isfinite(table[:, :3]).all():
        bad = int(np.flatnonzero(~np.isfinite(table[:, :3]).all(1))[0])
        raise ValueError(f"{path}: the coordinates of point {bad + 1} are not finite numbers")
    points = table[:, :3]
    if len(np.unique(points, axis=0)) < FEWEST:
        raise ValueError(
            f"{path}: {len(np.unique(points, axis=0))} different points do not tell a surface: "
            f"at least {FEWEST} are needed, thousands are usual"
        )
    if not np.ptp(points, axis=0).min() > 0:
        raise ValueError(f"{path}: all points lie in one plane: they enclose no volume")
    return points, *normals_of(table[:, 3:])


def normals_of(rest: Floats) -> tuple[Floats | None, str]:
    """The normals among the further columns, and a remark if these are something else."""
    if rest.shape[1] < 3:
        return None, "" if not rest.shape[1] else "further columns are left out"
    normals = rest[:, :3]
    lengths = np.linalg.norm(normals, axis=1, keepdims=True)
    if np.isfinite(lengths).all() and LENGTHS[0] < lengths.min() <= lengths.max() < LENGTHS[1]:
        return normals / lengths, ""
    return None, "the columns after x, y, z are not unit normals and are left out"


def from_array(path: Path) -> Floats:
    """Rows of an npy file."""
    try:
        return np.asarray(np.load(path), dtype=np.float64)
    except Exception as error:  # damage has many types
        raise ValueError(f"{path} holds no array of real numbers (npy)") from error


def from_csv(path: Path) -> Floats:
    """Named columns, or rows of numbers without names."""
    with open(path, "rb") as stream:
        first = stream.readline()
    if not any(letter in first.lower() for letter in b"xyz"):
        return from_text(path)
    named = read_csv(str(path), NAMES[:2], NAMES[2:])
    if not {"x", "y", "z"} <= set(named):
        raise ValueError(
            f"{path} has columns {', '.join(named) or 'of no name'}, expected x, y, z and, where "
            "there are normals, nx, ny, nz"
        )
    wanted = NAMES if set(NAMES) <= set(named) else NAMES[:3]
    return np.concatenate([named[name].numpy() for name in wanted], 1)


def from_text(path: Path) -> Floats:
    """Rows of numbers between spaces, tabs, commas or semicolons; ``#`` begins a remark."""
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except UnicodeDecodeError as error:
        raise ValueError(f"{path} is not a text in UTF-8: it cannot be rows of points") from error
    rows: list[list[float]] = []
    for number, line in enumerate(lines, 1):
        words = line.partition("#")[0].replace(",", " ").replace(";", " ").split()
        if not words or (not rows and len(words) == 1 and words[0].isdigit()):  # a count of rows
            continue
        try:
            rows.append([float(word) for word in words])
        except ValueError as error:
            raise ValueError(
                f"{path}, line {number}: {line.strip()[:40]!r} is not a point"
            ) from error
        if len(rows[-1]) != len(rows[0]):
            raise ValueError(
                f"{path}, line {number}: {len(rows[-1])} numbers, {len(rows[0])} in the first row"
            )
    return np.array(rows, dtype=np.float64).reshape(len(rows), len(rows[0]) if rows else 0)


def from_ply(path: Path) -> Floats:
    """The vertices of a PLY file, whatever else it holds."""
    with needed_by("ShapeData", "inr"):
        import trimesh
    try:
        scene = trimesh.load_scene(str(path), process=False)
        raw: Any = next(iter(scene.geometry.values())).metadata["_ply_raw"]
        stored: NDArray[Any] | dict[str, Any] = raw["vertex"]["data"]
        known = stored.keys() if isinstance(stored, dict) else stored.dtype.names or ()
        wanted = NAMES if set(NAMES) <= set(known) else NAMES[:3]
        return np.column_stack([np.asarray(stored[k], np.float64).reshape(-1) for k in wanted])
    except Exception as error:  # of any kind: its readers take damaged files at their word
        why = " ".join(str(error).split()) or "it holds no points"
        raise ValueError(f"{path}: cannot be read as PLY, cut off or empty: {why}") from error
