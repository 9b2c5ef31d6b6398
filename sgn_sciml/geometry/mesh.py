"""Solids from mesh files: their surfaces in named parts, distances to them, points on them."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property, partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from sgn_sciml.geometry.convex import Planes, half_spaces
from sgn_sciml.geometry.joins import all_of
from sgn_sciml.geometry.mesh_file import MeshFile, read_mesh
from sgn_sciml.geometry.mesh_parts import part_names
from sgn_sciml.geometry.pieces import BoundaryPiece
from sgn_sciml.geometry.region import WHOLE, Corners, Region
from sgn_sciml.geometry.sign_grid import SignGrid
from sgn_sciml.geometry.triangles import TriangleSurface

__all__ = ["FaceTest", "Mesh"]

FaceTest = Callable[[Tensor, Tensor], Any]  # booleans; Any, for functions without annotations
"""Maps centres and outward unit normals of triangles, ``(F, 3)`` each, to booleans, ``(F,)``."""

PLANES = 32  # of a convex solid that has a formula


@dataclass(frozen=True, repr=False)
class Mesh(Region):
    """A solid from a mesh file: STL, OBJ, PLY, OFF, glTF. It needs the extra ``geometry``.

    Its boundary is that of the file, plane triangles with their own normals; it must be closed.
    Solids of an STL file and objects or groups of an OBJ file, where there are several, are parts
    of the boundary by their names. ``print(mesh)`` lists the parts, with areas and centres.

    Args:
        path: The file.
        scale: What its coordinates are multiplied by, such as 1e-3 from millimetres to metres.
        name: Name of the whole boundary, and before a dot that of each part, as ``pump.inlet``.
        angle: Degrees: parts end at edges where normals differ by more, and are called ``face0``,
            ``face1`` and so on, the largest first. None for no such parts.
        where: Further parts by name, each a test of the centres and outward normals of triangles,
            ``(F, 3)`` each, to booleans ``(F,)``. Triangles without any other name are called
            ``rest``, or ``mesh`` where there are no parts.

    Raises:
        MissingExtra: If trimesh is not installed.
        FileNotFoundError: If there is no such file.
        ValueError: If it is not a mesh that is closed and encloses a volume, a part has no
            triangles or a name that is taken, or scale or angle is out of range.

    Example:
        >>> Mesh("pump.stl", 1e-3, where={"inlet": lambda centres, normals: normals[:, 0] < -0.99})
        ... # doctest: +SKIP
    """

    path: str | Path
    scale: float = 1.0
    name: str | None = None
    angle: float | None = None
    where: Mapping[str, FaceTest] = field(default_factory=dict, hash=False)

    def __post_init__(self) -> None:
        if not 0 < self.scale < math.inf:
            raise ValueError(f"Mesh: the scale must be a positive number, got {self.scale}")
        if self.angle is not None and not 0 < self.angle < 180:
            raise ValueError(f"Mesh: the angle must be between 0 and 180, got {self.angle}")
        object.__setattr__(self, "where", dict(self.where))
        _ = self._names

    def __repr__(self) -> str:
        # The name of the file, not where it lies: checkpoints and cards compare it elsewhere.
        what = f"{Path(self.path).name!r}, scale={self.scale:g}, parts={', '.join(self.parts)}"
        return f"Mesh({what}, sha256={self._file.checksum[:12]})"

    def __str__(self) -> str:
        lines = [f"{len(self._surface.faces)} triangles, volume {self.measure:.6g}"]
        for part in self.parts:
            rows = [k for k, names in enumerate(self._names) if part in names]
            areas = self._surface.areas[rows, None]
            centre = (self._surface.corners[rows].mean(1) * areas).sum(0) / areas.sum()
            x = ", ".join(f"{v:.4g}" for v in (centre / self.size).round(9) * self.size)
            lines.append(f"{part}: {len(rows)} triangles, area {areas.sum():.6g}, centre ({x})")
        return "\n".join(lines)

    @cached_property
    def _file(self) -> MeshFile:
        return read_mesh(self.path, self.scale)

    @property
    def _surface(self) -> TriangleSurface:
        return self._file.surface

    @cached_property
    def _names(self) -> list[frozenset[str]]:
        """What each triangle is called."""
        return part_names(self._file, self.name, self.angle, self.where)

    @property
    def bounds(self) -> Corners:
        points = self._surface.vertices
        return tuple(points.min(0).tolist()), tuple(points.max(0).tolist())

    @property
    def measure(self) -> float:
        """Volume."""
        return self._surface.volume

    @property
    def pieces(self) -> tuple[BoundaryPiece, ...]:
        return self._pieces

    @cached_property
    def _pieces(self) -> tuple[BoundaryPiece, ...]:
        rows: dict[frozenset[str], list[int]] = {}
        for k, names in enumerate(self._names):
            rows.setdefault(names, []).append(k)
        return tuple(
            BoundaryPiece(
                names,
                float(self._surface.areas[chosen].sum()),
                partial(place, *on_triangles(self._surface, np.array(chosen))),
            )
            for names, chosen in rows.items()
        )

    def signed_distance(self, points: Tensor) -> Tensor:
        found = self._surface.signed_distance(points.double().numpy(force=True))
        return torch.from_numpy(found).to(points)

    def within(self, points: Tensor) -> Tensor:
        return torch.from_numpy(self._signs(points.double().numpy(force=True))).to(points.device)

    def touches(self, points: Tensor, slack: float) -> Tensor:
        at = points.double().numpy(force=True)
        near = np.flatnonzero(self._signs.known(at) == 0)
        found = np.zeros(len(at), dtype=bool)
        found[near] = np.abs(self._surface.signed_distance(at[near])) <= slack
        return torch.from_numpy(found).to(points.device)

    @cached_property
    def _signs(self) -> SignGrid:
        return SignGrid(self._surface.signed_distance, *self.bounds)

    def approximate_distance(self, points: Tensor, *parts: str) -> Tensor:
        wanted = self.labels if not parts or WHOLE in parts else frozenset(parts)
        self.named(*parts)
        chosen = np.array([not names.isdisjoint(wanted) for names in self._names])
        planes, whole = self._planes
        kept = sorted(set(whole[chosen].tolist()))
        if not 0 < len(planes) <= PLANES or set(kept) & set(whole[~chosen].tolist()):
            raise ValueError(
                f"Mesh: a formula with derivatives is known for the boundary of a convex solid of "
                f"at most {PLANES} plane faces, and for whole ones of these: take the condition "
                "out of `imposed`, so that it becomes a term of the loss"
            )
        x, y, z = (points[..., i : i + 1] for i in range(3))
        return all_of([a * x + b * y + c * z + d for a, b, c, d in (planes[k] for k in kept)])

    @cached_property
    def _planes(self) -> Planes:
        return half_spaces(self._surface)


def on_triangles(surface: TriangleSurface, rows: np.ndarray) -> tuple[Tensor, Tensor, Tensor]:
    """Corners, normals and areas so far of some triangles, for :func:`place`."""
    return (
        torch.from_numpy(surface.corners[rows]),
        torch.from_numpy(surface.normals[rows]),
        torch.from_numpy(surface.areas[rows].cumsum()),
    )


def place(
    corners: Tensor, normals: Tensor, reached: Tensor, unit: Tensor
) -> tuple[Tensor, Tensor]:
    """Points of the unit square on triangles, by their areas, and normals there."""
    along = unit[:, 0] * reached[-1]
    k = torch.searchsorted(reached[:-1].contiguous(), along.contiguous(), right=True)
    before = torch.cat([reached.new_zeros(1), reached[:-1]])[k]
    root = ((along - before) / (reached[k] - before)).clamp(0, 1).sqrt()  # equal areas
    a, b, c = corners[k].unbind(1)
    second = (root * unit[:, 1])[:, None]
    return a + root[:, None] * (b - a) + second * (c - b), normals[k]
