"""Where the samples of a volume lie in space."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["VolumeFile", "VolumePlacement", "scaling"]

OPPOSITE = {"R": "L", "L": "R", "A": "P", "P": "A", "S": "I", "I": "S"}


def scaling(old: Sequence[int], new: Sequence[int]) -> NDArray[np.float64]:
    """The affine map from numbers of samples on a new grid to those on the old one.

    Samples are in the middle of cells, and both grids cover the same box, so that the first sample
    of a finer grid lies nearer to the corner.

    Args:
        old: Samples along each axis.
        new: Those of the grid that covers the same box.

    Returns:
        Shape ``(4, 4)``.

    Example:
        >>> scaling((2, 2, 2), (4, 2, 1))[0].tolist()
        [0.5, 0.0, 0.0, -0.25]
    """
    ratio = np.array(old, float) / np.array(new, float)
    found = np.diag([*ratio, 1.0])
    found[:3, 3] = (ratio - 1) / 2
    return found


@dataclass(frozen=True)
class VolumePlacement:
    """The affine map from numbers of samples to places, and the file that it came from.

    Attributes:
        affine: Shape ``(4, 4)``: places of the middles of cells, in the unit.
        grid: Samples along each axis, which the affine map is for.
        file_format: ``nifti``, ``mrc``, ``nrrd``, ``dicom`` or ``tiff``.
        unit: Unit of length, such as ``mm``; None where the file does not say.
        space: Where the three coordinates of a place point to, such as ``RAS``: right, anterior,
            superior; empty where the file does not say.
        known: Whether the file told a spacing; else it is 1 along each axis.
        ending: Of the file's name, such as ``.nii.gz``.
        extra: What else a writer of the format needs.
    """

    affine: NDArray[np.float64]
    grid: tuple[int, ...]
    file_format: str
    unit: str | None = None
    space: str = ""
    known: bool = True
    ending: str = ""
    extra: Mapping[str, Any] = field(default_factory=dict)

    @property
    def spacing(self) -> tuple[float, ...]:
        """Distance of neighbours along each axis, in the unit."""
        lengths = np.linalg.norm(self.affine[:3, :3], axis=0)
        return tuple(float(length) for length in lengths)

    @property
    def extents(self) -> tuple[float, ...]:
        """Half the length of the box along each axis, of which the longest is 1."""
        lengths = np.array(self.spacing) * self.grid
        return tuple(float(length) for length in lengths / lengths.max())

    @property
    def orientation(self) -> str:
        """Where the axes of the array point to, nearest letters, such as ``LPS``; may be empty."""
        if not self.space:
            return ""
        from scipy.optimize import linear_sum_assignment

        columns = self.affine[:3, :3] / np.array(self.spacing)
        rows, axes = linear_sum_assignment(-np.abs(columns))
        letters = {
            axis: self.space[row] if columns[row, axis] > 0 else OPPOSITE[self.space[row]]
            for row, axis in zip(rows, axes, strict=True)
        }
        return "".join(letters[axis] for axis in range(3))

    def at(self, grid: Sequence[int]) -> NDArray[np.float64]:
        """The affine map of another grid that covers the same box.

        Args:
            grid: Its samples along each axis.
        """
        return self.affine @ scaling(self.grid, grid)

    def about(self) -> dict[str, Any]:
        """What a card and a summary tell, as plain values."""
        told: dict[str, Any] = {"format": self.file_format}
        if self.known:
            told |= {"spacing": [float(f"{s:.6g}") for s in self.spacing], "unit": self.unit}
        if self.orientation:
            told["orientation"] = self.orientation
        return told


@dataclass(frozen=True)
class VolumeFile:
    """A volume of a file.

    Attributes:
        values: Shape ``(n1, n2, n3)`` or ``(channels, n1, n2, n3)``, in the file's units of
            intensity: slope and intercept are applied.
        placement: Where its samples lie.
    """

    values: NDArray[Any]
    placement: VolumePlacement
