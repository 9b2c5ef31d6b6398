"""The reader and the writer of a volume, by the ending of its file's name."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sgn_sciml.layouts.contents import LayoutError, foreign
from sgn_sciml.layouts.volumes.dicom import holds_dicom, read_dicom
from sgn_sciml.layouts.volumes.mrc import read_mrc, write_mrc
from sgn_sciml.layouts.volumes.nifti import read_nifti, write_nifti
from sgn_sciml.layouts.volumes.nrrd import read_nrrd, write_nrrd
from sgn_sciml.layouts.volumes.placement import VolumeFile, VolumePlacement
from sgn_sciml.layouts.volumes.tiff_stack import read_tiff_stack, write_tiff_stack

__all__ = ["ENDINGS", "placed_ending", "read_placed", "summary", "write_placed"]

Reader = Callable[[Path, int | None], VolumeFile]
Writer = Callable[[Path, NDArray[Any], VolumePlacement], None]

READERS: dict[str, Reader] = {
    **dict.fromkeys((".nii", ".nii.gz"), read_nifti),
    **dict.fromkeys((".mrc", ".map", ".ccp4", ".rec", ".mrc.gz", ".map.gz"), read_mrc),
    **dict.fromkeys((".nrrd", ".nhdr"), read_nrrd),
    **dict.fromkeys((".tif", ".tiff"), read_tiff_stack),
}
WRITERS: dict[str, Writer] = {
    "nifti": write_nifti,
    "mrc": write_mrc,
    "nrrd": write_nrrd,
    "tiff": write_tiff_stack,
}
WRITTEN = {"mrc": ".mrc", "nrrd": ".nrrd", "tiff": ".tif", "dicom": ".nii.gz", "nifti": ".nii.gz"}
ENDINGS = (".nii", *sorted(set(WRITTEN.values())), ".map")  # of what may be written


def placed_ending(path: Path) -> str | None:
    """The ending by which a volume in space is known; ``dicom`` for a folder of slices."""
    if path.is_dir():
        return "dicom" if holds_dicom(path) else None
    name = path.name.lower()
    found = [ending for ending in READERS if name.endswith(ending)]
    return max(found, key=len) if found else None


def read_placed(
    path: Path, frame: int | None = None, series: str | None = None
) -> VolumeFile | None:
    """Read a volume that says where it lies in space.

    Args:
        path: A file, or the folder of a DICOM series.
        frame: Which one, of volumes over time.
        series: Which series of DICOM.

    Returns:
        The volume; None for a file of another ending.

    Raises:
        FileNotFoundError: If there is no such file.
        LayoutError: If it is damaged, or holds no volume.
        MissingExtra: If the package that reads it is not installed.
    """
    ending = placed_ending(path)
    if ending is None:
        return None
    if not path.exists():
        raise FileNotFoundError(f"no volume {path}")
    with foreign(path):
        if ending == "dicom":
            if frame is not None:
                raise LayoutError(f"{path} is a series of slices: leave frame out (null)")
            found = read_dicom(path, series)
        else:
            if series is not None:
                raise LayoutError(f"{path} has no data sets by name: leave dataset out (null)")
            found = READERS[ending](path, frame)
    placement = found.placement
    if not np.isfinite(placement.affine).all() or min(placement.spacing) <= 0:
        raise LayoutError(f"{path} has a spacing or direction of 0 or NaN: mend its header")
    kept = ending if ending in ENDINGS else WRITTEN[placement.file_format]
    return replace(found, placement=replace(placement, ending=kept))


def write_placed(path: Path, values: NDArray[Any], placement: VolumePlacement) -> tuple[Path, str]:
    """Write a volume in the format that it came in, or in NIfTI where that is not written.

    Args:
        path: File to write, whose ending is replaced.
        values: Shape ``(channels, n1, n2, n3)``.
        placement: Where the volume lies.

    Returns:
        The path, and why it is another format; empty if it is not.
    """
    kind, why, ending = placement.file_format, "", placement.ending
    if kind == "dicom":
        why = "NIfTI, since slices of DICOM belong to the device that took them"
    elif kind == "mrc" and len(values) > 1:
        why = "NIfTI, since an MRC file holds one channel"
    if why:
        kind, ending = "nifti", ".nii.gz"
    name = path.with_name(path.stem + ending)
    WRITERS[kind](name, values, placement)
    return name, why


def summary(path: Path, frame: int | None = None) -> str | None:
    """What a volume in space holds, as lines of text; None for a file of another ending."""
    found = read_placed(path, frame)
    if found is None:
        return None
    place, values = found.placement, found.values
    shape = " x ".join(map(str, place.grid))
    channels = f", {len(values)} channels" if values.ndim == 4 else ""
    rows = [("file", f"{path} ({place.file_format})"), ("volume", f"{shape}{channels}")]
    unit = f" {place.unit}" if place.unit else ""
    if place.known:
        sides = [f"{s:.6g}" for s in place.spacing]
        lengths = [f"{s * n:.6g}" for s, n in zip(place.spacing, place.grid, strict=True)]
        rows.append(("spacing", f"{' x '.join(sides)}{unit or ', no unit told'}"))
        rows.append(("box", f"{' x '.join(lengths)}{unit}"))
    else:
        rows.append(("spacing", "not told"))
    if place.orientation:
        rows.append(("axes", f"{place.orientation}: the letters are where each points to"))
    with np.errstate(invalid="ignore"):
        span = f"{float(np.min(values)):.6g} to {float(np.max(values)):.6g}"
    rows.append(("values", f"{values.dtype}, {span}{_named(place)}"))
    rows.append(
        ("to train", f"sgn fit --config volume_inr --data.occupancy false --data.path {path}")
    )
    return "\n".join(f"{name:11}{text}" for name, text in rows)


def _named(place: VolumePlacement) -> str:
    kind = place.extra.get("values")
    return f" {kind}" if kind else ""
