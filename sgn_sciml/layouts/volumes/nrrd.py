"""NRRD: arrays of medical imaging and graphics that tell which of their axes are space.

Source: https://teem.sourceforge.net/nrrd/format.html
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sgn_sciml.layouts.contents import LayoutError
from sgn_sciml.layouts.volumes.placement import VolumeFile, VolumePlacement
from sgn_sciml.layouts.volumes.refusals import one_of, refuse_large
from sgn_sciml.system.extras import needed_by
from sgn_sciml.system.writing import whole_file

__all__ = ["read_nrrd", "write_nrrd"]

SPACES = {
    "right-anterior-superior": "RAS",
    "left-anterior-superior": "LAS",
    "left-posterior-superior": "LPS",
}
LONG = {short: long for long, short in SPACES.items()}
IN_SPACE = ("domain", "space")
TIME = ("time",)


def read_nrrd(path: Path, frame: int | None = None) -> VolumeFile:
    """Read a volume, detached or not from its header.

    Args:
        path: nrrd or nhdr file.
        frame: Which one of volumes over time; from 0.

    Raises:
        LayoutError: If it has not three axes of space, or more than one beside them.
    """
    with needed_by(f"reading {path}", "media"):
        import nrrd
    header: Any = nrrd.read_header(str(path))
    sizes = [int(n) for n in header["sizes"]]
    kinds = [str(kind).lower() for kind in header.get("kinds", ["???"] * len(sizes))]
    directions = _directions(header, len(sizes))
    space = _space_axes(path, sizes, kinds, directions)
    rest = [k for k in range(len(sizes)) if k not in space]
    if header["type"] == "block":
        raise LayoutError(f"{path} holds blocks of bytes, not numbers")
    refuse_large(path, sizes)
    values = nrrd.read(str(path), index_order="F")[0]
    if (rest and kinds[rest[0]] in TIME) or not rest:
        which = one_of(path, sizes[rest[0]] if rest else 1, frame)
        values = values.take(which, rest[0]) if rest else values
        rest = []
    elif frame is not None:
        raise LayoutError(f"{path} holds one volume of channels: leave frame out (null)")
    if rest:
        values = np.moveaxis(values, rest[0], 0)
    affine, known = _affine(header, directions, space)
    grid = tuple(sizes[k] for k in space)
    units = header.get("space units") or [
        unit for k, unit in enumerate(header.get("units", [])) if k in space
    ]
    unit = str(units[0]).strip('"') if len(units) else None
    name = str(header.get("space", "")).lower()
    letters = name.upper() if name.upper() in LONG else SPACES.get(name.removesuffix("-time"), "")
    extra = {"space": header.get("space"), "kind": kinds[rest[0]] if rest else None}
    return VolumeFile(
        values, VolumePlacement(affine, grid, "nrrd", unit or None, letters, known, extra=extra)
    )


def write_nrrd(path: Path, values: NDArray[Any], placement: VolumePlacement) -> None:
    """Write a volume in its place, compressed by gzip.

    Args:
        path: File to write.
        values: Shape ``(channels, n1, n2, n3)``; several channels are the first axis.
        placement: Where the volume lies.
    """
    import nrrd

    affine, single = placement.at(values.shape[1:]), len(values) == 1
    header: dict[str, Any] = {"encoding": "gzip"}
    if space := placement.extra.get("space"):
        header["space"] = str(space).removesuffix("-time")
    else:
        header["space dimension"] = 3
    vectors = affine[:3, :3].T
    if not single:
        vectors = np.vstack([np.full(3, np.nan), vectors])
    header["kinds"] = [*([] if single else [placement.extra.get("kind") or "vector"])]
    header["kinds"] += ["domain"] * 3
    header["space directions"], header["space origin"] = vectors, affine[:3, 3]
    if placement.unit:
        header["space units"] = [placement.unit] * 3
    with whole_file(path) as partial:
        nrrd.write(str(partial), values[0] if single else values, header, index_order="F")


def _directions(header: Mapping[str, Any], axes: int) -> list[NDArray[np.float64] | None]:
    """The step along each axis in space; None of an axis that is not one of space."""
    found = header.get("space directions")
    if found is None:
        return [None] * axes
    steps = [None if each is None else np.asarray(each, float) for each in found]
    return [None if each is None or np.isnan(each).any() else each for each in steps]


def _space_axes(
    path: Path, sizes: list[int], kinds: list[str], directions: list[Any]
) -> list[int]:
    """The three axes of space.

    Raises:
        LayoutError: If they are not three, or are not told.
    """
    found = [k for k, step in enumerate(directions) if step is not None]
    if not found:
        found = [k for k, kind in enumerate(kinds) if kind in IN_SPACE]
    if not found and len(sizes) == 3:
        found = [0, 1, 2]
    if len(found) != 3 or len(sizes) > 4:
        raise LayoutError(
            f"{path} has {len(sizes)} axes, {' x '.join(map(str, sizes))}, of which it calls "
            f"{len(found)} axes of space; a volume has three, and channels or time at most: name "
            "them by kinds or space directions in its header"
        )
    return found


def _affine(
    header: Mapping[str, Any], directions: list[Any], space: list[int]
) -> tuple[NDArray[np.float64], bool]:
    """The affine map, and whether the header told a spacing."""
    affine, known = np.eye(4), True
    if directions[space[0]] is not None:
        affine[:3, :3] = np.stack([directions[k] for k in space], 1)
        origin = np.asarray(header.get("space origin", np.zeros(3)), float)
        affine[:3, 3] = np.nan_to_num(origin)
        return affine, True
    spacings = header.get("spacings")
    steps = np.ones(3) if spacings is None else np.asarray(spacings, float)[space]
    known = spacings is not None and bool(np.isfinite(steps).all())
    steps = np.abs(steps) if known else np.ones(3)
    affine[:3, :3] = np.diag(steps)
    if (least := header.get("axis mins")) is not None:
        centers = header.get("centers", header.get("centerings", ["cell"] * len(directions)))
        half = [0.0 if centers[k] == "node" else 0.5 for k in space]
        affine[:3, 3] = np.nan_to_num(np.asarray(least, float)[space] + half * steps)
    return affine, known
