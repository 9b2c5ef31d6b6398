"""DICOM: the slices of a series, one file each, put together in the order of their places.

Source: https://dicom.nema.org/medical/dicom/current/output/chtml/part03/sect_C.7.6.2.html
"""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sgn_sciml.layouts.contents import LayoutError
from sgn_sciml.layouts.volumes.placement import VolumeFile, VolumePlacement
from sgn_sciml.layouts.volumes.refusals import refuse_large
from sgn_sciml.system.extras import needed_by

__all__ = ["holds_dicom", "read_dicom"]

ALIKE = ("Rows", "Columns", "ImageOrientationPatient", "PixelSpacing")
EVEN = 0.05  # by how much the distance of neighbours may differ, relative to the usual one
MARK = b"DICM"  # after 128 bytes


def holds_dicom(folder: Path) -> bool:
    """Whether a file in a folder begins as DICOM does."""
    return any(_marked(path) for path in sorted(folder.iterdir()) if path.is_file())


def read_dicom(folder: Path, series: str | None = None) -> VolumeFile:
    """Read a series of slices; values are in the unit that its slope and intercept lead to.

    Args:
        folder: Folder with the files of the series; others in it are left alone.
        series: SeriesInstanceUID, where the folder holds several.

    Returns:
        The volume, its axes along rows, along columns and from slice to slice.

    Raises:
        LayoutError: If there are several series, slices are missing, doubled or unlike, or do not
            say where they lie.
    """
    with needed_by(f"reading {folder}", "media"):
        import pydicom
    files = [path for path in sorted(folder.iterdir()) if path.is_file() and _marked(path)]
    heads = [(pydicom.dcmread(path, stop_before_pixels=True), path) for path in files]
    found: dict[str, list[Any]] = {}
    for head, path in heads:
        if "Rows" in head:  # not a directory of files, nor a report
            found.setdefault(str(head.get("SeriesInstanceUID", "")), []).append((head, path))
    slices = _chosen(folder, found, series)
    _refuse_unlike(folder, slices)
    across, down, normal = _directions(slices[0][0])
    places = np.array([head.ImagePositionPatient for head, _ in slices], float)
    order = np.argsort(places @ normal, kind="stable")
    step = _step(folder, places[order], normal)
    slices = [slices[k] for k in order]
    first = slices[0][0]
    rows, columns = int(first.Rows), int(first.Columns)
    refuse_large(folder, (columns, rows, len(slices)))
    values = np.stack([_pixels(pydicom.dcmread(path), path).T for _, path in slices], -1)
    affine = np.eye(4)
    below, beside = (float(length) for length in first.PixelSpacing)
    affine[:3, :3] = np.stack([across * beside, down * below, step], 1)
    affine[:3, 3] = places[order[0]]
    kind = first.get("RescaleType") or ("HU" if first.get("Modality") == "CT" else None)
    placement = VolumePlacement(
        affine, values.shape, "dicom", "mm", "LPS", extra={"values": kind} if kind else {}
    )
    return VolumeFile(values, placement)


def _marked(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(132)[128:] == MARK


def _chosen(folder: Path, found: dict[str, list[Any]], series: str | None) -> list[Any]:
    """The slices of the series that is meant."""
    if series is not None and series not in found:
        raise LayoutError(f"{folder} has no series {series}: it has {', '.join(found)}")
    if len(found) > 1 and series is None:
        counted = ", ".join(f"{uid} ({len(each)} slices)" for uid, each in found.items())
        raise LayoutError(
            f"{folder} holds {len(found)} series, {counted}: name one with dataset "
            "(--data.dataset UID)"
        )
    if not found:
        raise LayoutError(f"{folder} holds no slices of DICOM")
    slices = found[series or next(iter(found))]
    if len(slices) < 2:
        frames = int(slices[0][0].get("NumberOfFrames", 1))
        what = f"one file of {frames} frames" if frames > 1 else "a single slice"
        raise LayoutError(
            f"{folder} holds {what}, not a series of slices; convert it to NIfTI (dcm2niix) or "
            "learn it as an image"
        )
    return slices


def _refuse_unlike(folder: Path, slices: list[Any]) -> None:
    """Refuse slices that do not lie on one grid, or do not say where they lie."""
    first = slices[0]
    for head, path in slices:
        absent = [name for name in ("ImagePositionPatient", *ALIKE) if name not in head]
        if absent:
            raise LayoutError(f"{path} does not say its {absent[0]}, so its place is unknown")
        for name in ALIKE:
            one, other = (np.array(each[name].value, float) for each in (first[0], head))
            if one.shape != other.shape or not np.allclose(one, other, atol=1e-4):
                raise LayoutError(
                    f"{folder} has slices that differ in {name}: {first[1].name} has "
                    f"{first[0][name].value}, {path.name} has {head[name].value}"
                )
        if int(head.get("SamplesPerPixel", 1)) > 1:
            raise LayoutError(f"{path} has colours: a volume of DICOM is of grey values")


def _directions(head: Any) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any]]:
    """Where rows and columns point to, and the normal of both."""
    across, down = np.array(head.ImageOrientationPatient, float).reshape(2, 3)
    return across, down, np.cross(across, down)


def _step(folder: Path, places: NDArray[Any], normal: NDArray[Any]) -> NDArray[np.float64]:
    """The step from slice to slice, also of a tilted gantry.

    Raises:
        LayoutError: If slices are missing, or two have the same place.
    """
    heights = places @ normal
    gaps = np.diff(heights)
    usual = float(np.median(gaps))
    if gaps.min() < EVEN * usual or usual <= 0:
        k = int(gaps.argmin())
        raise LayoutError(
            f"{folder} has several slices at {heights[k]:.4g} mm: keep those of one time or echo"
        )
    if np.abs(gaps - usual).max() > EVEN * usual:
        k = int(np.abs(gaps - usual).argmax())
        raise LayoutError(
            f"{folder} misses slices: neighbours are {usual:.4g} mm apart, those at "
            f"{heights[k]:.4g} and {heights[k + 1]:.4g} mm are {gaps[k]:.4g} mm; get the whole "
            "series"
        )
    return np.asarray((places[-1] - places[0]) / (len(places) - 1), np.float64)


def _pixels(head: Any, path: Path) -> NDArray[np.float32]:
    """Values of a slice, rows first, with slope and intercept."""
    try:
        raw = head.pixel_array
    except (RuntimeError, NotImplementedError, ModuleNotFoundError) as error:
        raise LayoutError(
            f"{path} is compressed by what needs another package: pip install pylibjpeg "
            "pylibjpeg-libjpeg pylibjpeg-openjpeg, or decompress the series (dcmdjpeg)"
        ) from error
    slope, intercept = float(head.get("RescaleSlope", 1)), float(head.get("RescaleIntercept", 0))
    return np.asarray(raw * slope + intercept, np.float32)
