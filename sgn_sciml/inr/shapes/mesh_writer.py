"""Meshes as files, in all the digits that their coordinates need."""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sgn_sciml.geometry.box_tree import Floats
from sgn_sciml.system.extras import needed_by
from sgn_sciml.system.writing import whole_file

__all__ = ["ENDINGS", "write_mesh"]

ENDINGS = ("ply", "stl", "obj", "off", "glb")
SINGLE = ("stl", "glb")  # formats that know float32 alone
DIGITS = 1e-3  # of an edge: what rounding may move a corner by


def write_mesh(path: Path, vertices: Floats, faces: NDArray[np.int64], remark: str = "") -> str:
    """Write triangles; the name appears only when the file is whole.

    Args:
        path: File to write, its ending the format.
        vertices: Corners, shape ``(V, 3)``.
        faces: Three of them each, shape ``(F, 3)``.
        remark: A line for the header, where the format has one (PLY).

    Returns:
        A warning, if the format rounds coordinates by more than a thousandth of an edge; else "".

    Raises:
        MissingExtra: If trimesh is not installed, for other formats than PLY.
        ValueError: For an unknown format.
    """
    kind = path.suffix[1:].lower()
    if kind not in ENDINGS:
        raise ValueError(f"a mesh is written as {', '.join(ENDINGS)}, not {kind!r}")
    edges = vertices[faces[:, 0]] - vertices[faces[:, 1]] if len(faces) else np.ones((1, 3))
    edge = float(np.median(np.linalg.norm(edges, axis=1))) or 1.0
    reach = float(np.abs(vertices).max(initial=0))
    coarse = float(np.spacing(np.float32(reach))) > DIGITS * edge
    if kind == "ply":
        with whole_file(path) as partial, open(partial, "wb") as file:
            _write_ply(file, vertices, faces, "f8" if coarse else "f4", remark)
        return ""
    with needed_by(f"writing {kind}", "inr"):
        import trimesh
    mesh = trimesh.Trimesh(vertices, faces, process=False)
    digits = max(8, int(np.ceil(-np.log10(edge))) + 5)
    options: dict[str, Any] = {"digits": digits} if kind in ("obj", "off") else {}
    with whole_file(path) as partial:
        mesh.export(str(partial), file_type=kind, **options)
    if coarse and kind in SINGLE:
        return (
            f"{kind} rounds coordinates of {reach:.6g} to {np.spacing(np.float32(reach)):.2g}, "
            f"edges are {edge:.2g} long: write ply instead"
        )
    return ""


def _write_ply(
    file: Any, vertices: Floats, faces: NDArray[np.int64], kind: str, remark: str
) -> None:
    """A binary PLY file."""
    name = {"f4": "float", "f8": "double"}[kind]
    header = ["ply", "format binary_little_endian 1.0"]
    header += [f"comment {remark}"] if remark else []
    header += [f"element vertex {len(vertices)}", *(f"property {name} {x}" for x in "xyz")]
    header += [f"element face {len(faces)}", "property list uchar int vertex_indices"]
    file.write(("\n".join([*header, "end_header"]) + "\n").encode("ascii", "replace"))
    file.write(np.ascontiguousarray(vertices, dtype=f"<{kind}").tobytes())
    rows = np.empty(len(faces), dtype=[("count", "u1"), ("corners", "<i4", 3)])
    rows["count"], rows["corners"] = 3, faces
    file.write(rows.tobytes())
