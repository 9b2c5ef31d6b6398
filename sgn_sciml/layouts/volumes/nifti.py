"""NIfTI: volumes of medical imaging, with their place in the scanner or in an atlas.

Source: https://nifti.nimh.nih.gov/nifti-1
"""

import gzip
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sgn_sciml.layouts.contents import LayoutError
from sgn_sciml.layouts.volumes.placement import VolumeFile, VolumePlacement, scaling
from sgn_sciml.layouts.volumes.refusals import one_of, refuse_large
from sgn_sciml.system.extras import needed_by
from sgn_sciml.system.writing import write_whole

__all__ = ["read_nifti", "write_nifti"]

UNITS = {"meter": "m", "mm": "mm", "micron": "um"}
ORIGINAL = {short: long for long, short in UNITS.items()}
TO_RAS = {"RAS": (1, 1, 1), "LPS": (-1, -1, 1), "LAS": (-1, 1, 1)}
LARGEST = 2**15 - 1  # samples along an axis in a header of the first version


def read_nifti(path: Path, frame: int | None = None) -> VolumeFile:
    """Read a volume of a NIfTI file, compressed or not.

    Args:
        path: nii or nii.gz, of version 1 or 2.
        frame: Which one of a file with several volumes; from 0.

    Raises:
        LayoutError: If it holds several volumes and ``frame`` names none, colours, or complex
            numbers.
    """
    with needed_by(f"reading {path}", "media"):
        import nibabel
        from nibabel.imageglobals import LoggingOutputSuppressor
    kind: Any = nibabel.Nifti1Image if _first(path) else nibabel.Nifti2Image
    with LoggingOutputSuppressor():  # damage is told by what is raised
        image = kind.from_filename(path)
    header = image.header
    shape = tuple(image.shape) + (1,) * (3 - len(image.shape))
    if len([n for n in shape[3:] if n > 1]) > 1:
        raise LayoutError(
            f"{path} has {len(shape)} axes, {shape}: save a volume of it, or volumes over time "
            "(four axes), by itself"
        )
    count = int(np.prod(shape[3:], dtype=int))
    which = one_of(path, count, frame)
    if image.get_data_dtype().kind not in "buif":
        raise LayoutError(
            f"{path} holds numbers of type {image.get_data_dtype()}, not real ones: save grey "
            "values, or one part of them"
        )
    refuse_large(path, shape[:3])
    index = (slice(None),) * min(3, len(image.shape))
    inner = np.unravel_index(which, shape[3:]) if shape[3:] else ()
    values = np.asarray(image.dataobj[index + tuple(int(k) for k in inner)]).reshape(shape[:3])
    sform, qform = int(header["sform_code"]), int(header["qform_code"])
    extra = {"sform": sform, "qform": qform}
    if qform > 0:
        extra["by_qform"] = header.get_qform()
    unit = UNITS.get(header.get_xyzt_units()[0])
    space = "RAS" if sform > 0 or qform > 0 else ""
    affine = np.array(image.affine, float)
    return VolumeFile(
        values, VolumePlacement(affine, shape[:3], "nifti", unit, space, ending="", extra=extra)
    )


def write_nifti(path: Path, values: NDArray[Any], placement: VolumePlacement) -> None:
    """Write a volume in the place that it was read from, at any number of samples.

    Args:
        path: File to write, compressed where it ends in gz.
        values: Shape ``(channels, n1, n2, n3)``; several channels become a fifth axis, as the
            standard has it for vectors.
        placement: Where the volume lies; in directions other than right, anterior, superior these
            are changed, not the values.
    """
    import nibabel

    grid = values.shape[1:]
    stored = values[0] if len(values) == 1 else np.moveaxis(values, 0, -1)[:, :, :, None]
    turned = np.diag([*TO_RAS.get(placement.space, (1, 1, 1)), 1.0])
    affine = turned @ placement.at(grid)
    kind: Any = nibabel.Nifti1Image if max(grid) <= LARGEST else nibabel.Nifti2Image
    image = kind(stored, affine)
    anatomical = 1 if placement.space else 0
    sform, qform = (placement.extra.get(name, anatomical) for name in ("sform", "qform"))
    by_qform = placement.extra.get("by_qform")
    image.set_sform(affine, code=sform)
    shrunk = affine if by_qform is None else by_qform @ scaling(placement.grid, grid)
    image.set_qform(shrunk, code=qform)
    if len(values) > 1:
        image.header.set_intent("vector")
    image.header.set_xyzt_units(ORIGINAL.get(placement.unit or "", "unknown"))
    content = image.to_bytes()
    gzipped = path.suffix == ".gz"
    write_whole(path, gzip.compress(content, 5, mtime=0) if gzipped else content)


def _first(path: Path) -> bool:
    """Whether the header is of version 1, whose length is 348."""
    opener: Any = gzip.open if path.suffix == ".gz" else open
    with opener(path, "rb") as file:
        start = file.read(4)
    return 540 not in (int.from_bytes(start, "little"), int.from_bytes(start, "big"))
