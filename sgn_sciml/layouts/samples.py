"""Our own file of samples: self-describing, compressed, with a checksum on every byte that counts.

Layout ``sgn-samples-1``. One dataset per coordinate (``x``, ``y``, ``t``), one per field, samples
first, each with an attribute ``axes`` (``"sample t x"``) and its statistics; one of numbers per
constant of which every sample has its own (``axes`` is ``"sample"``); fields have the
coordinates and the numbers of the samples (``sample``) attached as dimension scales, so xarray and
netCDF tools read the file too. Components are an axis, the last; an axis without coordinate is a
dimension of netCDF without values, and one of a field with a grid of its own is called ``x@u``.
``apart`` in the root names such axes. Attributes of the root: ``format``, ``law``, ``seed``.
Groups that hold nothing but attributes: ``parameters`` of the law, ``convergence`` of its solver,
``versions`` of the software.

Chunks carry Fletcher checksums and metadata those of HDF5 1.10, so a flipped bit is noticed.
"""

import math
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

from sgn_sciml.layouts.contents import Contents, LayoutError, check
from sgn_sciml.layouts.hdf5 import Hdf5Source
from sgn_sciml.layouts.hdf5_items import (
    DIMENSION,
    attributes,
    coordinate,
    members,
    whole_values,
)
from sgn_sciml.system.writing import whole_file

__all__ = ["FORMAT", "SgnSamples", "write_samples"]

FORMAT = "sgn-samples-1"
CHUNK = 128 * 1024  # bytes: large enough for the file system, small enough for one sample


def write_samples(
    path: str | Path,
    coordinates: Mapping[str, NDArray[Any] | int],
    axes: Mapping[str, tuple[str, ...]],
    blocks: Iterable[Mapping[str, NDArray[Any]]],
    samples: int,
    *,
    dtype: str | Mapping[str, str] = "float32",
    attrs: Mapping[str, Any],
    groups: Mapping[str, Mapping[str, Any]],
) -> Path:
    """Write a file of samples; the name appears only when the file is whole.

    Args:
        path: File to write; an existing one is replaced.
        coordinates: Coordinate to values, shape ``(n,)``; or to their number, if they are not
            known, as of components.
        axes: Field to the names of its axes after the sample axis, ``t``, ``x`` to ``z``,
            ``component``, each followed by ``@`` and any text where fields differ in it; without
            any, a constant by sample, which is stored in float64.
        blocks: Consecutive samples: field to values of shape ``(samples, *axes)``.
        samples: Number of samples in all blocks.
        dtype: Type of the fields, or field to its type.
        attrs: Attributes of the root, with ``law`` and ``seed``.
        groups: Attributes by group: ``parameters``, ``convergence``, ``versions``.

    Returns:
        The path.

    Raises:
        OSError: If the folder cannot be written or the disk is full; nothing is left behind.
        ValueError: If a field holds NaN or infinity; the message names the sample.
    """
    path = Path(path)
    with whole_file(path) as partial, h5py.File(partial, "w", libver=("v110", "v110")) as file:
        apart = {a.partition("@")[0] for over in axes.values() for a in over if "@" in a}
        own = {"apart": " ".join(sorted(apart))} if apart else {}
        _attach(file, {"format": FORMAT, **own} | dict(attrs))
        for name, about in groups.items():
            _attach(file.create_group(name), about)
        # netCDF asks for a scale on every axis, or on none.
        numbers = {"sample": np.arange(samples)} if "sample" not in coordinates else {}
        coordinates = {**numbers, **coordinates}
        for name, values in coordinates.items():
            if isinstance(values, int):
                scale = file.create_dataset(name, (values,), "f4", track_times=False)
                scale.make_scale(f"{DIMENSION}.{values:10d}")
                continue
            scale = file.create_dataset(
                name, data=values, chunks=values.shape, fletcher32=True, track_times=False
            )
            scale.make_scale(name)
            _attach(scale, {"axes": name})
        totals = {
            name: _Statistics(
                _create(file, name, a, samples, _type(dtype, name) if a else "float64")
            )
            for name, a in axes.items()
        }
        begin = 0
        for block in blocks:
            for name, statistics in totals.items():
                statistics.append(begin, block[name], path)
            begin += len(next(iter(block.values())))
        for statistics in totals.values():
            statistics.store()
    return path


def _create(
    file: h5py.File,
    name: str,
    axes: tuple[str, ...],
    samples: int,
    dtype: str,
) -> h5py.Dataset:
    shape = tuple(len(file[axis]) for axis in axes)
    data = file.create_dataset(
        name,
        (samples, *shape),
        dtype,
        chunks=_chunks(samples, shape, np.dtype(dtype).itemsize),
        compression="gzip",
        compression_opts=1,  # higher levels gain 2 per cent on such fields and cost 3 times
        shuffle=True,
        fletcher32=True,
        track_times=False,
    )
    _attach(data, {"axes": " ".join(("sample", *(axis.partition("@")[0] for axis in axes)))})
    for i, axis in enumerate(("sample", *axes)):
        data.dims[i].attach_scale(file[axis])
    return data


def _type(dtype: str | Mapping[str, str], name: str) -> str:
    return dtype if isinstance(dtype, str) else dtype[name]


def _chunks(samples: int, shape: tuple[int, ...], itemsize: int) -> tuple[int, ...]:
    """One sample, or a part of it along its first axis; small samples share a chunk."""
    size = math.prod(shape) * itemsize
    if size >= CHUNK:
        return (1, max(1, shape[0] * CHUNK // size), *shape[1:])
    return (min(samples, max(1, CHUNK // 16 // size)), *shape)


class _Statistics:
    """A dataset with the running mean, spread and range of what is written to it."""

    def __init__(self, data: h5py.Dataset) -> None:
        self.data = data
        self.count, self.mean, self.square = 0, 0.0, 0.0
        self.low, self.high = math.inf, -math.inf

    def append(self, begin: int, values: NDArray[Any], path: Path) -> None:
        values = values.astype(self.data.dtype)
        if not np.isfinite(values).all():
            bad = ~np.isfinite(values).reshape(len(values), -1).all(axis=1)
            raise LayoutError(
                f"{path}: {self.data.name[1:]} of sample {begin + int(bad.argmax())} is NaN or "
                "infinite; the solver needs a finer grid or step"
            )
        self.data[begin : begin + len(values)] = values
        exact = values.astype(np.float64)
        mean, count = exact.mean(), exact.size
        total = self.count + count
        self.square += ((exact - mean) ** 2).sum()
        self.square += (mean - self.mean) ** 2 * self.count * count / total
        self.mean += (mean - self.mean) * count / total
        self.count, self.low, self.high = (
            total,
            min(self.low, float(values.min())),
            max(self.high, float(values.max())),
        )

    def store(self) -> None:
        _attach(
            self.data,
            {
                "mean": self.mean,
                "std": math.sqrt(self.square / self.count),
                "min": self.low,
                "max": self.high,
            },
        )


def _attach(item: h5py.HLObject, values: Mapping[str, Any]) -> None:
    for name, value in values.items():
        # Text of fixed length: text of any length lies in a heap that has no checksum.
        item.attrs[name] = np.bytes_(value.encode()) if isinstance(value, str) else value


class SgnSamples(Hdf5Source):
    """A file written by :func:`write_samples`."""

    layout = FORMAT

    @classmethod
    def matches(cls, path: Path, file: h5py.File | None) -> bool:
        """Whether the root says so."""
        return file is not None and attributes(file).get("format") == FORMAT

    def about(self, name: str) -> dict[str, Any]:
        """Attributes of a field (``mean``, ``std``, ``min``, ``max``) or of a group."""
        return self._about.get(name, {})

    def _checked(self, contents: Contents) -> Contents:
        return check(self.path, contents, self._apart)

    def _describe(self, file: h5py.File) -> Contents:
        root = attributes(file)
        self._apart = frozenset(str(root.get("apart", "")).replace("t", "time").split())
        self._about = {
            name: {k: v for k, v in attributes(item).items() if isinstance(v, str | int | float)}
            for name, item in members(file)
            if item is not None
        }
        fields, coordinates, left_out = {}, {}, {}
        by_sample: dict[str, NDArray[Any]] = {}
        for name, data in members(file):
            if not isinstance(data, h5py.Dataset):
                continue
            axes = str(attributes(data).get("axes", "")).split()
            if not axes:
                left_out[name] = "does not say what its axes are (attribute axes)"
            elif axes == [name]:
                points = coordinate(file, name)
                if name != "sample" or not np.array_equal(points, np.arange(len(points))):
                    coordinates[name] = points
            elif axes == ["sample"]:
                by_sample[name] = whole_values(file, name)
            else:
                renamed = tuple("time" if axis == "t" else axis for axis in axes)
                fields[name] = self._field(file, name, renamed)
        if "law" not in root or not fields:
            raise LayoutError(f"{self.path} lacks its law or its fields; make it again")
        parameters = {"law": root["law"], "seed": root.get("seed")} | self.about("parameters")
        return Contents(
            fields,
            coordinates,
            parameters,
            (),
            left_out,
            frozenset(fields),
            sample_parameters=by_sample,
        )
