"""Volumes, of files or of shapes given by a formula: values, or inside and outside."""

from collections.abc import Callable, Sequence
from dataclasses import asdict, is_dataclass, replace
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from sgn_sciml.inr.description import Signal, cell_centres
from sgn_sciml.inr.shapes import Shape, Torus
from sgn_sciml.inr.signals import SignalData
from sgn_sciml.layouts import LayoutError
from sgn_sciml.layouts.contents import foreign, system_cause
from sgn_sciml.layouts.hdf5_items import is_hdf5, numbers, open_hdf5, whole_values
from sgn_sciml.layouts.volumes.opening import placed_ending, read_placed
from sgn_sciml.layouts.volumes.placement import VolumePlacement
from sgn_sciml.system.resources import refuse_too_large

__all__ = ["LEARNING", "VolumeData", "on_grid", "read_volume"]

LEARNING = 100  # bytes per value: coordinates, copies, the spectrum of the error
NUMERIC = (h5py.h5t.INTEGER, h5py.h5t.FLOAT, h5py.h5t.ENUM)
READING = 16  # bytes per value: as in the file, in float32, while resizing


def read_volume(path: str, dataset: str | None = None) -> NDArray[Any]:
    """A volume of real numbers or booleans, in the type of the file.

    Args:
        path: npy or HDF5.
        dataset: Name of the array in an HDF5 file; not needed where it holds a single volume.

    Returns:
        Shape ``(n1, n2, n3)``, or four axes with channels as the first or the last.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If it holds no volume, or one that does not fit into memory.
    """
    name = Path(path)
    if name.is_dir():
        raise ValueError(f"{path} is a folder without slices of DICOM, not a volume")
    if not name.is_file():
        raise FileNotFoundError(
            f"no volume {path}; give a file of npy, HDF5, NIfTI, MRC, NRRD or TIFF"
        )
    with foreign(name):
        found = read_hdf5(name, dataset) if is_hdf5(name) else None
    if found is not None:
        return found
    if dataset is not None:
        raise ValueError(f"{path} is not an HDF5 file, so it has no dataset {dataset}")
    try:
        stored = np.load(name, mmap_mode="r")
    except Exception as error:  # damage has many types
        if (cause := system_cause(error)) is not None:
            raise ValueError(f"{path} could not be read: {cause}") from error
        raise ValueError(f"{path} cannot be read as a volume, npy or HDF5") from error
    refuse_wrong(path, stored)
    return np.array(stored)


def read_hdf5(path: Path, dataset: str | None) -> NDArray[Any]:
    """A volume of an HDF5 file, unpacked where it is packed.

    Raises:
        ValueError: If it holds no such volume, or values are missing or were never written.
    """
    with open_hdf5(path) as file:
        name = dataset or only_volume(file)
        refuse_wrong(f"{path}: {name}", numbers(file, name))
        return whole_values(file, name)


def only_volume(file: h5py.File) -> str:
    """The name of the one array of three or four axes in an HDF5 file."""
    found: dict[str, tuple[int, ...]] = {}

    def look(name: str, item: Any) -> None:
        if isinstance(item, h5py.Dataset) and item.id.get_type().get_class() in NUMERIC:
            found[name] = item.shape or ()

    file.visititems(look)
    volumes = [name for name, shape in found.items() if len(shape) in (3, 4)]
    if len(volumes) != 1:
        names = (
            ", ".join([f"{name} {shape}" for name, shape in found.items()][:12]) or "no dataset"
        )
        raise LayoutError(
            f"{file.filename} holds {len(volumes)} volumes (three axes, or channels and three)"
            f"{'; name one with dataset' if volumes else ''}: it has {names}"
        )
    return volumes[0]


def refuse_wrong(name: str, stored: Any) -> None:
    """Refuse an array that is not a volume of real numbers, before it is read."""
    dtype, shape = getattr(stored, "dtype", None), getattr(stored, "shape", ())
    if dtype is None or dtype.kind not in "buif" or len(shape) not in (3, 4) or 0 in shape:
        what = "several arrays" if dtype is None else f"{dtype} of shape {shape}"
        raise LayoutError(
            f"{name} is not a volume of real numbers, (n1, n2, n3) or (channels, n1, n2, n3): "
            f"{what}"
        )
    try:
        refuse_too_large(shape, READING, "cut it or thin it out first")
    except ValueError as error:
        raise LayoutError(f"{name}: {error}") from None


def in_memory(stored: np.dtype[Any]) -> type[np.floating[Any]]:
    """float32, or float64 for types with more digits: fields may vary little about their mean."""
    return np.float32 if np.result_type(stored, np.float32) == np.float32 else np.float64


def channels_first(path: str, stored: NDArray[Any], last: bool | None) -> NDArray[Any]:
    """A volume with its channels, if it has any, as the first axis.

    Raises:
        ValueError: If it is not clear, or not told, which axis they are.
    """
    if stored.ndim == 3:
        if last is not None:
            raise ValueError(
                f"{path} has three axes and no channels: leave channels_last out (null)"
            )
        return stored
    if last is None and stored.shape[0] >= stored.shape[-1]:
        raise ValueError(
            f"{path} has shape {stored.shape}, whose channels may be the first axis or the last: "
            "set channels_last to false or true"
        )
    return np.moveaxis(stored, -1, 0) if last else stored


def on_grid(function: Callable[[Tensor], Tensor], grid: Sequence[int]) -> Tensor:
    """A function of points in the middle of a grid's cells, float32, shape ``grid``."""
    x, y, z = (cell_centres(n) for n in grid)
    slabs = (torch.meshgrid(one, y, z, indexing="ij") for one in torch.split(x, 1))
    return torch.cat([function(torch.stack(slab, -1)).float() for slab in slabs])


class VolumeData(SignalData):
    """A volume: one value or several per point, or inside (1) and outside (0) of a solid.

    The axes are called x, y, z, in the order of the array.

    Args:
        path: npy or HDF5 file, shape ``(n1, n2, n3)``, ``(channels, n1, n2, n3)`` or
            ``(n1, n2, n3, channels)``; NIfTI, MRC, NRRD, a TIFF stack or the folder of a DICOM
            series, whose place in space is kept; None for a shape.
        dataset: Name of the array in an HDF5 file, or UID of a DICOM series; not needed where
            there is a single one.
        frame: Which volume, from 0, of a file that holds several over time.
        channels_last: Whether channels are the last of four axes, or the first. When None they are
            the first where that is the shorter of both; another file is a question.
        shape: Shape given by a formula, a torus by default.
        size: Samples along each axis, or one number for all; None keeps the file's and takes 64
            of a shape.
        occupancy: Learn inside and outside; else the signed distance, or the values of the file.
            A file must hold two values for it, inside the greater. Booleans are always so.
        kwargs: Options of :class:`SignalData`.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If it holds no such volume, does not say which axis has the channels, or a
            size is out of range.
    """

    def __init__(
        self,
        path: str | None = None,
        dataset: str | None = None,
        channels_last: bool | None = None,
        shape: Shape | None = None,
        size: int | tuple[int, int, int] | None = None,
        occupancy: bool = False,
        frame: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        if path is not None and shape is not None:
            raise ValueError("a volume has either a path or a shape: set the other to null")
        if path is None and dataset is not None:
            raise ValueError(f"dataset {dataset} is of a file: give its path")
        if path is None and channels_last is not None:
            raise ValueError("channels_last is of a file: give its path")
        if path is None and frame is not None:
            raise ValueError("frame is of a file: give its path")
        self.path = path
        self.dataset = dataset
        self.channels_last = channels_last
        self.shape = shape or Torus()
        self.size = (size, size, size) if isinstance(size, int) else size
        self.occupancy = occupancy
        self.frame = frame
        if self.size is not None:
            if min(self.size) < 2:
                raise ValueError(f"size must be at least 2, got {size}")
            refuse_too_large(self.size, LEARNING, "make size smaller")

    def load(self) -> Signal:
        """Read the volume, or sample the shape."""
        if self.path is not None:
            return self._read(self.path)
        function = self.shape.occupancy if self.occupancy else self.shape.distance
        values = on_grid(function, self.size or (64, 64, 64))[None]
        name = type(self.shape).__name__
        settings: dict[str, Any] = asdict(self.shape) if is_dataclass(self.shape) else {}
        facts = {"name": name.lower(), "shape": {"name": name, **settings}}
        return as_signal(values, self.occupancy, facts)

    def _read(self, path: str) -> Signal:
        stored, placement = self._stored(path)
        grid = self.size or stored.shape[-3:]
        refuse_too_large((*stored.shape[:-3], *grid), LEARNING, "set size to fewer samples")
        solid = self.occupancy or stored.dtype == bool
        if solid:
            low, high = stored.min(), stored.max()
            if not ((stored == low) | (stored == high)).all():
                raise ValueError(
                    f"{path} holds more than two values, not inside and outside: threshold it "
                    "first, or set occupancy to false to learn the values"
                )
            stored = stored == high
        with np.errstate(over="ignore"):  # infinity is refused below
            values = stored.astype(in_memory(stored.dtype)).reshape(-1, *stored.shape[-3:])
        if not np.isfinite(values).all():
            raise ValueError(f"{path} holds NaN or infinite values: repair or mask them first")
        if values.shape[1:] != tuple(grid):
            from skimage.transform import resize

            values = resize(values, (len(values), *grid), anti_aliasing=True)  # type: ignore[no-untyped-call]
            values = (values > 0.5).astype(np.float32) if solid else values
        name = Path(Path(path).name.removesuffix(".gz")).stem
        facts: dict[str, Any] = {"name": name, "path": path}
        if self.dataset is not None:
            facts["dataset"] = self.dataset
        found = as_signal(torch.from_numpy(np.ascontiguousarray(values)), solid, facts)
        if placement is None:
            return found
        facts = {**facts, **placement.about()}
        placed = replace(placement, affine=placement.at(grid), grid=tuple(grid))
        if placed.known:
            facts["spacing"] = placed.about()["spacing"]
        return replace(found, placement=placed, facts=facts)

    def _stored(self, path: str) -> tuple[NDArray[Any], VolumePlacement | None]:
        """The values of a file, channels first, and where they lie."""
        if placed_ending(Path(path)) is not None:
            found = read_placed(Path(path), self.frame, self.dataset)
            assert found is not None
            if self.channels_last is not None:
                raise ValueError(
                    f"{path} says itself which axis has channels: set channels_last to null"
                )
            return found.values, found.placement
        if self.frame is not None:
            raise ValueError(f"{path} is not read by frame: leave it out (null)")
        return channels_first(path, read_volume(path, self.dataset), self.channels_last), None


def as_signal(values: Tensor, solid: bool, facts: dict[str, Any]) -> Signal:
    """A solid, between 0 and 1, or a field between its own extremes."""
    axes = ("x", "y", "z")
    if solid:
        return Signal(values, "volume", 0.0, 1.0, axes, facts=facts)
    return Signal(values, "field", float(values.min()), float(values.max()), axes, facts=facts)
