"""One field in several files, whose samples follow one another."""

import dataclasses
import re
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

from sgn_sciml.layouts.contents import Field, LayoutError
from sgn_sciml.layouts.source import Source

__all__ = ["FieldFiles", "lone_array", "natural"]

OPEN = 64  # files that stay open: many systems allow 1024, and workers share that


def natural(text: str) -> list[tuple[int, str]]:
    """A key that sorts numbers in names by value.

    >>> sorted(["u10", "u9", "u1a"], key=natural)
    ['u1a', 'u9', 'u10']
    """
    return [(int(p), "") if p.isdecimal() else (-1, p) for p in re.split(r"(\d+)", text) if p]


def lone_array(path: Path) -> tuple[int, ...] | None:
    """The shape of a file of NumPy that is one array; None for any other file."""
    if not path.is_file():
        return None
    with path.open("rb") as stream:
        if stream.read(6) != npy.MAGIC_PREFIX:
            return None
        stream.seek(0)
        version = npy.read_magic(stream)
        read = npy.read_array_header_1_0 if version == (1, 0) else npy.read_array_header_2_0
        shape, _, _ = read(stream)
    return tuple(shape)


@dataclass
class FieldFiles:
    """A field of several files.

    Attributes:
        field: What they hold together.
        sources: The files, in order.
        inner: Name of the field in each.
        starts: Number of the first sample of each file.
        left_out: Fields that only some of the files have, and why they are not read.
    """

    field: Field
    sources: list[Source]
    inner: list[str]
    starts: list[int]
    left_out: dict[str, str] = dataclasses.field(default_factory=dict)
    _used: list[int] = dataclasses.field(default_factory=list)

    @classmethod
    def of(cls, name: str, named: bool, sources: Sequence[Source]) -> "dict[str, FieldFiles]":
        """Fields of files that follow one another.

        Args:
            name: Name of the field, where the files hold one or it was named.
            named: Whether it was named, so that there is one.
            sources: The files.

        Raises:
            LayoutError: If the files do not hold the same.
        """
        if named:
            return {name: cls._join(name, sources, [_one_field(name, each) for each in sources])}
        first = sources[0]
        common = [f for f in first.fields if all(f in each.fields for each in sources)]
        if not common:
            raise LayoutError(
                f"{sources[-1].path} has {', '.join(sources[-1].fields)}, {first.path} "
                f"{', '.join(first.fields)}; name the field of each: path: {{u: PATTERN}}, and "
                "where it lies: schema.fields"
            )
        some = {f for each in sources for f in each.fields} - set(common)
        found = {f: cls._join(f, sources, [f] * len(sources)) for f in common}
        found[common[0]].left_out |= dict.fromkeys(sorted(some), "is not in all files")
        return found

    @classmethod
    def _join(cls, name: str, sources: Sequence[Source], inner: list[str]) -> "FieldFiles":
        fields = [each.fields[own] for each, own in zip(sources, inner, strict=True)]
        first = fields[0]
        for source, about in zip(sources, fields, strict=True):
            if (about.axes, about.shape[1:]) != (first.axes, first.shape[1:]):
                raise LayoutError(
                    f"{source.path} has {_shown(about)}, {sources[0].path} has {_shown(first)}; "
                    "files of one pattern hold the same field on the same grid"
                )
            _compare_grids(source, sources[0])
        ends = np.cumsum([about.shape[0] for about in fields]).tolist()
        dtype = np.result_type(*(about.dtype for about in fields))
        shape = (ends[-1], *first.shape[1:])
        missing = next((about.missing for about in fields if about.missing), "")
        joined = replace(first, name=name, shape=shape, dtype=dtype, missing=missing)
        return cls(joined, list(sources), inner, [0, *ends[:-1]])

    @property
    def samples(self) -> int:
        """Samples of all files."""
        return self.field.shape[0]

    @property
    def first(self) -> Source:
        """The first file, which tells the coordinates of all."""
        return self.sources[0]

    @property
    def axes(self) -> tuple[str, ...]:
        """Axes in the order of storage, where the files do not name them."""
        return self.first.stored_axes.get(self.inner[0], ())

    def notes(self) -> list[str]:
        """What the first file says of itself."""
        taken = {*self.first.assumed}
        return [note for note in self.first.notes if note not in taken]

    def constants(self) -> tuple[dict[str, Any], set[str]]:
        """Constants that all files share, and the names of those of the samples."""
        shared, own = {}, {*self.first.sample_parameters}
        for name, value in self.first.parameters.items():
            values = [each.parameters.get(name) for each in self.sources]
            if all(v == value for v in values):
                shared[name] = value
            elif all(isinstance(v, int | float) for v in values):
                own.add(name)
        for each in self.sources:
            own &= {*each.sample_parameters, *each.parameters}
        return shared, own

    def constant(self, name: str) -> NDArray[np.float64]:
        """A constant of the samples of all files, shape ``(samples,)``."""
        return np.concatenate(
            [
                each.sample_parameter(name)
                if name in each.sample_parameters
                else np.full(each.num_samples, float(each.parameters[name]))
                for each in self.sources
            ]
        )

    def read(self, out: NDArray[Any], samples: slice, times: slice | None, stride: int) -> None:
        """Read consecutive samples of however many files."""
        at = samples.start
        while at < samples.stop:
            k = bisect_right(self.starts, at) - 1
            end = self.starts[k + 1] if k + 1 < len(self.starts) else self.samples
            stop, begin = min(end, samples.stop), self.starts[k]
            self._use(k)
            out[at - samples.start : stop - samples.start] = self.sources[k].read(
                self.inner[k], slice(at - begin, stop - begin), times or slice(None), stride
            )
            at = stop

    def _use(self, k: int) -> None:
        """Close the file that was not used for longest, if there are too many open."""
        if k in self._used:
            self._used.remove(k)
        self._used.append(k)
        if len(self._used) > OPEN:
            self.sources[self._used.pop(0)].close()

    def close(self) -> None:
        """Close all files."""
        for each in self.sources:
            each.close()
        self._used = []


def _one_field(name: str, source: Source) -> str:
    """The field that is meant by a name: that of the name, or the only one.

    Raises:
        LayoutError: If there are several others.
    """
    if name in source.fields:
        return name
    if len(source.fields) > 1:
        raise LayoutError(
            f"{source.path} has no field {name!r} but {', '.join(source.fields)}: say which is "
            f"meant, schema.fields: {{{name}: {next(iter(source.fields))}}}"
        )
    return next(iter(source.fields))


def _shown(about: Field) -> str:
    return ", ".join(f"{axis} {n}" for axis, n in about.lengths.items() if axis != "sample")


def _compare_grids(source: Source, first: Source) -> None:
    """Refuse a file whose coordinates differ from those of the first."""
    for axis, known in first.coordinates.items():
        values = source.coordinates.get(axis, known)
        scale = np.ptp(known) or np.abs(known).max()
        if values.shape != known.shape or not np.allclose(values, known, 0, 1e-6 * scale):
            raise LayoutError(
                f"{source.path} has another grid along {axis} than {first.path}; files of one "
                "pattern hold the same field on the same grid, others go in a list: "
                "path: [FILE, FILE]"
            )
