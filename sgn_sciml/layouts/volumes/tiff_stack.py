"""TIFF stacks: the pages of a file as a volume, with the spacing that ImageJ or OME wrote.

Sources: https://imagej.net/ij/docs/guide and https://docs.openmicroscopy.org/ome-model
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

__all__ = ["read_tiff_stack", "write_tiff_stack"]

DEPTH, CHANNELS = "ZQI", "CS"  # letters of tifffile: Q is an axis that is not named, I pages
UNITS = {"micron": "um", "microns": "um", "\\u00b5m": "um", "µm": "um", "μm": "um"}
LENGTHS = {2: 25.4, 3: 10.0}  # mm in an inch and in a centimetre, by ResolutionUnit


def read_tiff_stack(path: Path, frame: int | None = None) -> VolumeFile:
    """Read a stack, its axes as x (columns), y (rows) and z (pages).

    Args:
        path: tif or tiff file, of ImageJ, OME or of plain pages.
        frame: Which one of stacks over time; from 0.

    Raises:
        LayoutError: If it is a single image, or has axes beyond channels, time and space.
    """
    with needed_by(f"reading {path}", "media"):
        import tifffile
    with tifffile.TiffFile(path) as file:
        series = file.series[0]
        axes, shape = series.axes, series.shape
        deep = [k for k, letter in enumerate(axes) if letter in DEPTH]
        if not deep and axes.count("T") == 1:  # frames that are pages: the third axis
            deep, axes = [axes.index("T")], axes.replace("T", "Z")
        if len(deep) != 1 or set(axes) - set("TYX" + DEPTH + CHANNELS) or "Y" not in axes:
            kind = "a single image" if len(shape) == 2 else f"axes {axes} of {shape}"
            raise LayoutError(
                f"{path} holds {kind}, not a stack of pages (z, y, x): learn an image by "
                "ImageData, or save a stack by itself"
            )
        refuse_large(path, shape)
        values = series.asarray()
        sides, unit = _spacing(file)
    order = [axes.index("X"), axes.index("Y"), deep[0]]
    rest = [k for k in range(len(axes)) if k not in order]
    channels = [k for k in rest if axes[k] in CHANNELS]
    times = [k for k in rest if axes[k] == "T"]
    values = values.transpose(times + channels + order)
    count = values.shape[0] if times else 1
    which = one_of(path, count, frame)
    values = values[which] if times else values
    values = values.reshape(-1, *values.shape[-3:])
    affine = np.diag([*(sides or (1.0, 1.0, 1.0)), 1.0])
    known = sides is not None
    placement = VolumePlacement(
        affine, values.shape[1:], "tiff", unit if known else None, known=known
    )
    return VolumeFile(values[0] if len(values) == 1 else values, placement)


def write_tiff_stack(path: Path, values: NDArray[Any], placement: VolumePlacement) -> None:
    """Write a stack of float32 as ImageJ does, with its spacing.

    Args:
        path: File to write.
        values: Shape ``(channels, n1, n2, n3)``.
        placement: Where the volume lies; of a box along the axes.
    """
    import tifffile

    sides = np.diag(placement.at(values.shape[1:]))[:3]
    metadata: dict[str, Any] = {"axes": "ZCYX"}
    resolution = None
    if placement.known:
        metadata |= {"spacing": float(sides[2]), "unit": placement.unit or "pixel"}
        resolution = (1 / float(sides[0]), 1 / float(sides[1]))
    stored = np.ascontiguousarray(values.transpose(3, 0, 2, 1), np.float32)
    with whole_file(path) as partial:
        tifffile.imwrite(partial, stored, imagej=True, resolution=resolution, metadata=metadata)


def _spacing(file: Any) -> tuple[tuple[float, float, float] | None, str | None]:
    """Distances along x, y and z with their unit, where the file tells all of them."""
    if file.is_ome and file.ome_metadata:
        return _ome_spacing(file.ome_metadata)
    told = file.imagej_metadata or {}
    if "spacing" not in told:
        return None, None
    tags = file.pages[0].tags
    sides = []
    for name in ("XResolution", "YResolution"):
        if name not in tags:
            return None, None
        up, down = tags[name].value
        if up <= 0 or down <= 0:
            return None, None
        sides.append(down / up)
    unit = str(told.get("unit", ""))
    by_tag = LENGTHS.get(int(tags["ResolutionUnit"].value)) if "ResolutionUnit" in tags else None
    if not unit and by_tag is not None:
        sides, unit = [side * by_tag for side in sides], "mm"
    unit = UNITS.get(unit, unit)
    spacing = abs(float(told["spacing"]))
    if not spacing:
        return None, None
    return (sides[0], sides[1], spacing), None if unit in ("", "pixel") else unit


def _ome_spacing(text: str) -> tuple[tuple[float, float, float] | None, str | None]:
    """Distances of OME's XML, which are in micrometres where it names no unit."""
    from xml.etree import ElementTree

    pixels = ElementTree.fromstring(text).find(".//{*}Pixels")
    if pixels is None:
        return None, None
    found = [pixels.get(f"PhysicalSize{axis}") for axis in "XYZ"]
    units = {pixels.get(f"PhysicalSize{axis}Unit", "µm") for axis in "XYZ"}
    if len(units) > 1 or any(each is None or float(each) <= 0 for each in found):
        return None, None
    unit = units.pop()
    x, y, z = (float(each or 1) for each in found)
    return (x, y, z), UNITS.get(unit, unit)
