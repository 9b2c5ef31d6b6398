"""Self-describing HDF5 files of fields on a tensor grid.

Layout: one 1-D dataset per coordinate (``x``, ``t``, attached as dimension scales), one dataset
per field (``u``, one axis per coordinate, in the file's coordinate order), and on the root the
attributes ``format``, ``law`` and one per parameter of the law. Nothing about the grid is assumed:
coordinates are read. A data set ``mask`` is 0 where fields have no values, as outside the domain
of an equation; they are NaN there. Chunks carry Fletcher checksums and metadata those of
HDF5 1.10, so a flipped bit is noticed.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import torch
from torch import Tensor

from sgn_sciml.layouts.contents import LayoutError, foreign
from sgn_sciml.layouts.grid import labels_of
from sgn_sciml.layouts.hdf5_items import attributes as attributes_of
from sgn_sciml.layouts.hdf5_items import members, open_hdf5, whole_values
from sgn_sciml.system.names import __version__
from sgn_sciml.system.shipped import find_data
from sgn_sciml.system.writing import write_whole

__all__ = ["FORMAT", "GridFields", "plain_constants", "read_grid", "write_grid"]

FORMAT = "sgn-grid-1"
ACCURACY, METHOD = "estimated_relative_error", "solved_by"
MASK = "mask"


@dataclass(frozen=True)
class GridFields:
    """Fields on a tensor grid.

    Attributes:
        coordinates: Name to strictly increasing values, shape ``(n_i,)``, in axis order.
        fields: Name to values, shape ``(n_1, ..., n_d)``.
        law: Name of the law the fields obey.
        parameters: Constants of the law: numbers, text or tuples of numbers.
        accuracy: Estimate of the fields' relative error, or None where nothing is said of it.
        method: What they were solved by; empty where nothing is said of it.
    """

    coordinates: Mapping[str, Tensor]
    fields: Mapping[str, Tensor]
    law: str
    parameters: Mapping[str, Any] = field(default_factory=dict)
    accuracy: float | None = None
    method: str = ""

    @property
    def points(self) -> Tensor:
        """All grid points, shape ``(n_1, ..., n_d, d)``."""
        return torch.stack(torch.meshgrid(*self.coordinates.values(), indexing="ij"), dim=-1)

    def within(self, lower: Sequence[float], upper: Sequence[float]) -> "GridFields":
        """The part of the grid inside a box, its faces included.

        Raises:
            ValueError: If no point of the grid lies inside.
        """
        coordinates, fields = dict(self.coordinates), dict(self.fields)
        for axis, (name, a, b) in enumerate(zip(coordinates, lower, upper, strict=True)):
            values, slack = coordinates[name], 1e-9 * (b - a)
            inside = ((values >= a - slack) & (values <= b + slack)).nonzero()[:, 0]
            if not len(inside):
                raise ValueError(f"no point of the grid has {name} within [{a}, {b}]")
            coordinates[name] = values[inside]
            fields = {k: v.index_select(axis, inside) for k, v in fields.items()}
        return replace(self, coordinates=coordinates, fields=fields)


def write_grid(path: str | Path, grid: GridFields) -> Path:
    """Write a grid file; the name appears only when the file is whole.

    Args:
        path: File to write; an existing one is replaced.
        grid: What to write.

    Returns:
        The path.

    Raises:
        OSError: If the folder cannot be written or the disk is full; nothing is left behind.
    """
    path = Path(path)
    # In memory first: HDF5 ends the process where the disk is full when it closes a file.
    memory = {"driver": "core", "backing_store": False}
    with h5py.File(path, "w", libver=("v110", "v110"), **memory) as file:
        file.attrs.update(format=FORMAT, law=grid.law, written_by=f"sgn-sciml {__version__}")
        file.attrs.update(plain_constants(grid.parameters))
        if grid.accuracy is not None:
            file.attrs[ACCURACY] = grid.accuracy
        if grid.method:
            file.attrs[METHOD] = grid.method
        for name, values in grid.coordinates.items():
            scale = file.create_dataset(
                name, data=values.numpy(force=True), chunks=tuple(values.shape), fletcher32=True
            )
            scale.make_scale(name)
        for name, values in grid.fields.items():
            data = file.create_dataset(
                name,
                data=values.numpy(force=True),
                compression="gzip",
                shuffle=True,
                fletcher32=True,
            )
            for axis, coordinate in enumerate(grid.coordinates):
                data.dims[axis].label = coordinate
                data.dims[axis].attach_scale(file[coordinate])
        file.flush()
        image = file.id.get_file_image()
    return write_whole(path, image)


def read_grid(path: str | Path) -> GridFields:
    """Read a grid file.

    Args:
        path: A file written by :func:`write_grid`.

    Returns:
        Its fields, in the precision of the file, NaN where its mask is 0. A coordinate that falls
        is turned round, and the fields with it.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If it is not a readable grid file, or holds NaN or infinity that no mask tells
            of.
    """
    path = find_data(path)
    if path.is_dir():
        raise ValueError(f"{path} is a folder, not a data file")
    if not path.is_file():
        raise FileNotFoundError(f"no data file {path}")
    with foreign(path, "damaged or no HDF5 file", "make it again"), open_hdf5(path) as file:
        attributes = {k: _plain(v) for k, v in file.attrs.items()}
        if attributes.pop("format", None) != FORMAT:
            raise LayoutError(f"{path} is not a {FORMAT} file (no such format attribute)")
        law = str(attributes.pop("law"))
        attributes.pop("written_by", None)
        accuracy, method = attributes.pop(ACCURACY, None), str(attributes.pop(METHOD, ""))
        arrays, axes = _read_arrays(file)
    names = next(iter(axes.values()), ())
    if not names or any(a != names for a in axes.values()) or not set(names) <= set(arrays):
        raise ValueError(f"{path} has no fields on a common grid")
    coordinates = {name: arrays[name] for name in names}
    shape = tuple(len(values) for values in coordinates.values())
    fields = {name: arrays[name] for name in axes}
    for name, values in fields.items():
        if values.shape != shape:
            raise ValueError(f"{path}: {name} has shape {tuple(values.shape)}, grid {shape}")
    outside = fields.pop(MASK, torch.ones(shape)) == 0
    for name, values in fields.items():
        if not (values.isfinite() | outside).all():
            raise ValueError(f"{path}: {name} holds NaN or infinity")
    for axis, (name, values) in enumerate(coordinates.items()):
        if (values.diff() < 0).all() and len(values) > 1:  # values and coordinate turn together
            coordinates[name] = values.flip(0)
            fields = {k: v.flip(axis) for k, v in fields.items()}
        elif not (values.diff() > 0).all():
            raise ValueError(
                f"{path}: coordinate {name} does not increase strictly, nor does it fall"
            )
    return GridFields(coordinates, fields, law, attributes, accuracy, method)


def _read_arrays(file: h5py.File) -> tuple[dict[str, Tensor], dict[str, tuple[str, ...]]]:
    """Coordinates and fields, and the labels of the axes of each field.

    What has neither labels nor is a coordinate belongs to someone else and is passed over.
    """
    arrays, axes = {}, {}
    for name, data in members(file):
        about = attributes_of(data) if isinstance(data, h5py.Dataset) else {}
        labels = tuple(labels_of(about))
        scale = about.get("CLASS") == "DIMENSION_SCALE"
        if scale or any(labels):
            values = whole_values(file, name)
            if values.dtype.itemsize > 8:  # torch has no longer floats
                values = values.astype(np.float64)
            arrays[name] = torch.from_numpy(values.astype(values.dtype.newbyteorder("=")))
            if not scale:
                axes[name] = labels
    return arrays, axes


def plain_constants(constants: Mapping[str, Any]) -> dict[str, Any]:
    """Constants of a law as a file gives them back: numbers, text and tuples of numbers.

    What is none of these, such as a function, becomes its text.
    """
    return {name: _plain(value) for name, value in constants.items()}


def _plain(value: Any) -> Any:
    """An attribute as Python's own number, text or tuple."""
    found = value.tolist() if hasattr(value, "tolist") else value
    if isinstance(found, (list, tuple)):
        return tuple(_plain(each) for each in found)
    return found if isinstance(found, (bool, int, float, str)) else str(found)
