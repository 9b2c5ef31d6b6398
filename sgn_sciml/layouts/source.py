"""One lazy interface to every benchmark file.

A source answers two questions. What is in the file: fields, coordinates, constants and notes,
known a few milliseconds after opening because only metadata is read. And what are the values:
:meth:`Source.read` brings chosen samples, times and every ``stride``-th point of each space axis
into memory, and little else.
"""

import math
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

import h5py
import numpy as np
from numpy.typing import NDArray

from sgn_sciml.layouts.boxes import BLOCK, Steps
from sgn_sciml.layouts.contents import SPACE, Contents, Field, LayoutError, check, foreign
from sgn_sciml.layouts.decoding import gaps_in
from sgn_sciml.layouts.schema import Schema

__all__ = ["Source"]

LARGE = 9e36  # netCDF's fill value lies above


class Source(ABC):
    """A benchmark file, opened but not read.

    Attributes:
        layout: Name of the file layout.
        path: The file.
        fields: Fields by name.
        coordinates: ``x``, ``y``, ``z``, ``t`` to 1-D float64 values, increasing; those the file
            does not hold are absent. An axis that falls in the file is read from its end.
        parameters: Constants stored in the file, plain Python values.
        sample_parameters: Constants of which every sample has its own; their values are
            :meth:`sample_parameter`.
        stored_axes: Axes in the order of storage, of fields whose file does not name them.
        notes: What a user should know, one line each.
        assumed: Those notes that say how the file was read though it does not say so itself.
        left_out: What the file holds besides its fields, by name: why it is not one.

    Args:
        path: File to open.
        schema: What the user says of its arrays; layouts that say it themselves pass it over.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If it is damaged, or its parts do not fit together.
    """

    layout: ClassVar[str]

    def __init__(self, path: str | Path, schema: Schema | None = None) -> None:
        self.path = Path(path)
        self.schema = schema or Schema()
        self._require()
        # NaN in a coordinate is refused by `check`; numpy need not warn of it first.
        with foreign(self.path), np.errstate(invalid="ignore"):
            contents = self._checked(self._inspect())
        known = contents.coordinates
        falling = [
            axis for axis in ("t", *SPACE) if axis in known and known[axis][-1] < known[axis][0]
        ]
        self.fields: Mapping[str, Field] = dict(contents.fields)
        self.coordinates: Mapping[str, NDArray[Any]] = {
            axis: points[::-1].copy() if axis in falling else points
            for axis, points in known.items()
        }
        self.parameters: Mapping[str, Any] = dict(contents.parameters)
        self.sample_parameters = tuple(contents.sample_parameters)
        self._by_sample = dict(contents.sample_parameters)
        self.stored_axes = dict(contents.stored_axes)
        self.assumed = tuple(contents.assumed)
        self.left_out: Mapping[str, str] = dict(contents.left_out)
        self.notes = (
            *contents.notes,
            *(f"{axis} falls in the file; it is read from its end" for axis in falling),
            *(f"{name} is left out: it {why}" for name, why in contents.left_out.items()),
            *contents.assumed,
        )
        self._falling = frozenset(falling)

    @property
    def name(self) -> str:
        """A short name, for tables."""
        return self.path.stem

    @property
    def files(self) -> tuple[Path, ...]:
        """The files that are read, or the folder."""
        return (self.path,)

    def _checked(self, contents: Contents) -> Contents:
        """Refuse parts that do not fit together."""
        return check(self.path, contents)

    def _require(self) -> None:
        """Refuse a file that is not there."""
        if not self.path.is_file():
            raise FileNotFoundError(f"no data file {self.path}")

    @classmethod
    @abstractmethod
    def matches(cls, path: Path, file: h5py.File | None) -> bool:
        """Whether the file has this layout; ``file`` is None for what is not HDF5."""

    @abstractmethod
    def _inspect(self) -> Contents:
        """Read the metadata and coordinates of the file."""

    @abstractmethod
    def _fill(
        self, out: NDArray[Any], field: Field, samples: slice, times: slice | None, steps: Steps
    ) -> None:
        """Read consecutive samples.

        Args:
            out: Where to, C-contiguous, ``field.selected(...)`` in shape.
            field: One of the fields.
            samples: ``slice(start, stop)``, not empty, in range.
            times: ``slice(start, stop, step)``, in range, step > 0; None without time axis.
            steps: Step along each space axis, negative for one that is read from its end.
        """

    @abstractmethod
    def close(self) -> None:
        """Give up open files and loaded values; the next read opens them again."""

    def sample_parameter(self, name: str) -> NDArray[np.float64]:
        """A constant of which every sample has its own, shape ``(num_samples,)``, float64.

        Raises:
            LayoutError: If there is none of this name, or a value is NaN or infinite.
        """
        if name not in self.sample_parameters:
            known = ", ".join(self.sample_parameters) or "none"
            raise LayoutError(f"{self.path} has no constant {name!r} by sample; it has {known}")
        values = np.asarray(self._by_sample[name], np.float64).ravel()
        if not np.isfinite(values).all():
            bad = int((~np.isfinite(values)).argmax())
            raise LayoutError(f"{self.path}: {name} is NaN or infinite in sample {bad}")
        return values

    @property
    def num_samples(self) -> int:
        """Number of samples, the same for all fields."""
        return next(iter(self.fields.values())).shape[0]

    def read(
        self,
        field: str,
        samples: slice | Sequence[int] | NDArray[Any] = slice(None),
        time: slice = slice(None),
        stride: int = 1,
    ) -> NDArray[Any]:
        """Read part of a field.

        Args:
            field: Name of the field.
            samples: Which samples; any order, repeats allowed, negative from the end.
            time: Which times, step > 0; leave it alone for a field without time.
            stride: Every how manieth point of each space axis, from the first on.

        Returns:
            Values in canonical axis order and the type of the file, C-contiguous; those of packed
            numbers are unpacked.

        Raises:
            ValueError: If there is no such field, sample or stride, the field has no time, its
                values are damaged, or a sample holds NaN, infinity or missing values.
        """
        if field not in self.fields:
            known = ", ".join(sorted(self.fields))
            why = self.left_out.get(field)
            if why is not None:
                raise LayoutError(f"{self.path}: {field} cannot be read as a field: it {why}")
            raise LayoutError(f"{self.path} has no field {field!r}; it has {known}")
        about = self.fields[field]
        if stride < 1:
            raise LayoutError(f"stride must be at least 1, not {stride}")
        index = self._index(samples)
        times = self._times(about, time)
        count = len(range(times.start, times.stop, times.step)) if times else 0
        with foreign(self.path):
            out = np.empty(about.selected(len(index), count, stride), about.dtype)
            if out.size:
                self._gather(out, about, index, times, stride)
        return out

    def _gather(
        self,
        out: NDArray[Any],
        about: Field,
        index: NDArray[Any],
        times: slice | None,
        stride: int,
    ) -> None:
        """Read every wanted sample once, in file order, and put it where it was asked for."""
        steps = {axis: -stride if axis in self._falling else stride for axis in SPACE}
        backward = "t" in self._falling and "time" in about.axes
        if times is not None and backward:
            times = _mirrored(times, about.lengths["time"])
        order = np.argsort(index, kind="stable")
        wanted = index[order]
        in_order = bool((np.diff(index) > 0).all())
        for begin, end in _runs(wanted, _block(about, times)):
            start, stop = int(wanted[begin]), int(wanted[end - 1]) + 1
            values = (
                out[begin:end]
                if in_order
                else np.empty_like(out, shape=(stop - start, *out.shape[1:]))
            )
            self._fill(values, about, slice(start, stop), times, steps)
            self._refuse_non_finite(values, about, start)
            if not in_order:
                out[order[begin:end]] = values[wanted[begin:end] - start]
        if backward:
            out[...] = out[:, ::-1].copy()

    def _refuse_non_finite(self, values: NDArray[Any], about: Field, start: int) -> None:
        if values.dtype.kind != "f":
            return
        with np.errstate(invalid="ignore"):  # extrema need no temporary array, unlike isfinite
            low, high = values.min(), values.max()
        finite = np.isfinite(low) and np.isfinite(high)
        if finite and not (float(high) > LARGE and gaps_in(values)):
            return
        each = values.reshape(len(values), -1)
        bad = ~np.isfinite(each).all(axis=1) if not finite else [gaps_in(v) for v in each]
        what = "NaN or infinity"
        if about.missing:
            what = f"missing values ({about.missing}), {what}"
        elif finite:
            what = "netCDF's fill value, so cells that were never written,"
        raise LayoutError(
            f"{self.path}: {about.name} holds {what} in sample {start + int(np.argmax(bad))}"
        )

    def _index(self, samples: slice | Sequence[int] | NDArray[Any]) -> NDArray[Any]:
        total = self.num_samples
        if isinstance(samples, slice):
            return np.arange(total)[samples]
        index = np.asarray(samples)
        if index.size == 0:
            return np.zeros(0, np.intp)
        if index.ndim != 1 or index.dtype.kind not in "iu":
            raise LayoutError("samples must be a slice or a flat sequence of integers")
        outside = (index < -total) | (index >= total)
        if outside.any():
            raise LayoutError(
                f"{self.path} has {total} samples; there is no sample {index[outside][0]}"
            )
        return np.where(index < 0, index + total, index).astype(np.intp)

    def _times(self, about: Field, time: slice) -> slice | None:
        if "time" not in about.axes:
            if time != slice(None):
                raise LayoutError(f"{self.path}: {about.name} has no time axis to slice")
            return None
        start, stop, step = time.indices(about.lengths["time"])
        if step < 1:
            raise LayoutError("the step of a time slice must be positive")
        return slice(start, max(start, stop), step)


def _mirrored(times: slice, frames: int) -> slice:
    """The same frames counted from the end of the axis, in the order of the file."""
    count = len(range(times.start, times.stop, times.step))
    if not count:
        return slice(0, 0, times.step)
    last = times.start + (count - 1) * times.step
    return slice(frames - 1 - last, frames - times.start, times.step)


def _block(about: Field, times: slice | None) -> int:
    """Samples to read at once: about ``BLOCK`` bytes before thinning, whole storage chunks."""
    span = times.stop - times.start if times else 0
    sample = math.prod(about.selected(1, span, 1)) * about.dtype.itemsize
    chunk = about.chunks[0] if about.chunks else 1
    return max(1, BLOCK // sample // chunk) * chunk


def _runs(wanted: NDArray[Any], block: int) -> list[tuple[int, int]]:
    """Cut sorted sample numbers into consecutive stretches, none across a block boundary."""
    cuts = (np.diff(wanted) > 1) | (np.diff(wanted // block) > 0)
    ends = [*(np.flatnonzero(cuts) + 1).tolist(), len(wanted)]
    return list(zip([0, *ends[:-1]], ends, strict=True))
