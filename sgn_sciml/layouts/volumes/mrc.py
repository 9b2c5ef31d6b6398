"""MRC and CCP4 maps: volumes of electron microscopy, in ångström.

Source: https://www.ccpem.ac.uk/mrc-format/mrc2014
"""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sgn_sciml.layouts.contents import LayoutError
from sgn_sciml.layouts.volumes.placement import VolumeFile, VolumePlacement
from sgn_sciml.layouts.volumes.refusals import one_of, refuse_large
from sgn_sciml.system.extras import needed_by
from sgn_sciml.system.writing import whole_file

__all__ = ["read_mrc", "write_mrc"]


def read_mrc(path: Path, frame: int | None = None) -> VolumeFile:
    """Read a map, its axes as x, y, z, whatever their order in the file.

    Args:
        path: mrc, map, ccp4 or rec file; compressed by gzip or bzip2, too.
        frame: Which one of a stack of volumes; from 0.

    Raises:
        LayoutError: If it holds an image, several volumes and ``frame`` names none, complex
            numbers, or a cell whose axes are not perpendicular.
    """
    with needed_by(f"reading {path}", "media"):
        import mrcfile
    with mrcfile.open(path, mode="r", header_only=True) as file:
        header = file.header.copy()
    columns, rows, sections = (int(header[name]) for name in ("nx", "ny", "nz"))
    stack = 401 <= int(header["ispg"]) <= 630  # of volumes
    depth = int(header["mz"]) if stack and int(header["mz"]) > 0 else sections
    count = max(1, sections // max(1, depth))
    which = one_of(path, count, frame)
    if int(header["mode"]) in (3, 4):
        raise LayoutError(f"{path} holds complex numbers: save a volume of real ones")
    angles = [float(header["cellb"][name]) for name in ("alpha", "beta", "gamma")]
    if any(angle not in (0.0, 90.0) for angle in angles):
        raise LayoutError(
            f"{path} has a cell with angles {', '.join(f'{a:g}' for a in angles)}, whose axes are "
            "not perpendicular: resample it to a box first"
        )
    refuse_large(path, (sections, rows, columns))
    with mrcfile.open(path, mode="r") as file:
        data = np.array(file.data).reshape(-1, depth, rows, columns)[which]
    stored = [int(header[name]) - 1 for name in ("mapc", "mapr", "maps")]
    if sorted(stored) != [0, 1, 2]:
        stored = [0, 1, 2]  # of old writers, which leave them 0
    order = [stored.index(axis) for axis in range(3)]
    starts = [int(header[name]) for name in ("nxstart", "nystart", "nzstart")]
    intervals = [int(header[name]) for name in ("mx", "my", "mz")]
    lengths = [float(header["cella"][axis]) for axis in "xyz"]
    known = min(lengths) > 0 and min(intervals) > 0
    sides = [a / n for a, n in zip(lengths, intervals, strict=True)] if known else [1.0] * 3
    origin = np.array([float(header["origin"][axis]) for axis in "xyz"])
    if not origin.any():  # the older way to say it
        origin = np.array([starts[order[axis]] * sides[axis] for axis in range(3)])
    affine = np.diag([*sides, 1.0])
    affine[:3, 3] = origin
    values = data.T.transpose(order)
    unit = "angstrom" if known else None
    return VolumeFile(values, VolumePlacement(affine, values.shape, "mrc", unit, known=known))


def write_mrc(path: Path, values: NDArray[Any], placement: VolumePlacement) -> None:
    """Write a map of float32, its first sample in its place.

    Args:
        path: File to write.
        values: Shape ``(1, n1, n2, n3)``.
        placement: Where the volume lies; of a box along the axes.
    """
    import mrcfile

    affine = placement.at(values.shape[1:])
    with whole_file(path) as partial, mrcfile.new(partial) as file:
        file.set_data(np.ascontiguousarray(values[0].T, np.float32))
        if placement.known:
            file.voxel_size = tuple(np.diag(affine)[:3])
        file.header.origin = tuple(affine[:3, 3].astype(np.float32))
