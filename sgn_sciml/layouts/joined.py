"""Many files as one: samples in several files, input and target in files of their own.

Files of a pattern follow one another in natural order, ``data2`` before ``data10``, and must hold
the same fields on the same grid. A constant that differs from file to file is each sample's own.
Where fields have files of their own, each may lie on its own grid; the numbers of their samples
must agree, as sample k of one belongs to sample k of the other. An array of NumPy that is a list
is a coordinate, if it is called so, or a constant of the samples.

OpenFWI, for one, has ``data/data1.npy`` (500, 5, 1000, 70) beside ``model/model1.npy``
(500, 1, 70, 70) and so on. Source: https://openfwi-lanl.github.io/docs/data.html
"""

import glob
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

from sgn_sciml.layouts.boxes import Steps
from sgn_sciml.layouts.contents import SPACE, Contents, Field, LayoutError, check
from sgn_sciml.layouts.field_files import FieldFiles, lone_array, natural
from sgn_sciml.layouts.schema import Schema
from sgn_sciml.layouts.source import Source
from sgn_sciml.layouts.trajectories import axis_of
from sgn_sciml.system.shipped import find_data

__all__ = ["JoinedFiles", "Paths", "is_joined", "paths_of"]

Paths = str | Path | Mapping[str, str | list[str]]
"""A file, a pattern of files, or field to either or to several."""

WILD = re.compile(r"[*?\[]")


def is_joined(place: Paths) -> bool:
    """Whether a place is more than one file or folder."""
    if isinstance(place, Mapping):
        return True
    return bool(WILD.search(str(place))) and not find_data(place).exists()


def files_of(pattern: str | Path | list[str]) -> list[Path]:
    """The files of a pattern, in natural order; or the one file of that name, or several.

    Raises:
        FileNotFoundError: If there is none.
    """
    if isinstance(pattern, list):
        return [path for each in pattern for path in files_of(each)]
    path = find_data(pattern)
    if path.exists():
        return [path]
    if not WILD.search(str(pattern)):
        raise FileNotFoundError(f"no data file {pattern}")
    found = sorted(glob.glob(str(pattern), recursive=True), key=natural)
    if not found:
        raise FileNotFoundError(f"no file matches {pattern}")
    return [Path(each) for each in found]


@dataclass(frozen=True)
class _Lists:
    """Coordinates and constants that have files of their own."""

    coordinates: dict[str, NDArray[Any]]
    constants: dict[str, NDArray[Any]]


class JoinedFiles(Source):
    """Files of a pattern, or fields with files of their own.

    Args:
        place: A pattern, or fields to patterns or files.
        schema: What the arrays are, where the files do not say; by the names of the fields here.
        open_one: Opens a single file.

    Raises:
        FileNotFoundError: If nothing matches a pattern.
        ValueError: If a file cannot be read, or the files do not fit together.

    Attributes:
        place: Fields that have files of their own to those.
    """

    layout = "joined"

    def __init__(
        self, place: Paths, schema: Schema | None, open_one: Callable[[Path, Schema], Source]
    ) -> None:
        named: dict[str, str | list[str]]
        named = dict(place) if isinstance(place, Mapping) else {"": str(place)}
        if not named:
            raise LayoutError("path names no file")
        self._named, self._open_one = {name: files_of(p) for name, p in named.items()}, open_one
        texts = {k: p if isinstance(p, str) else _and_more(p) for k, p in named.items()}
        shown = " ".join(f"{name}={text}" if name else text for name, text in texts.items())
        self.place = {k: p for k, p in named.items() if k}
        super().__init__(shown, schema)

    @classmethod
    def matches(cls, path: Path, file: h5py.File | None) -> bool:
        """Never: it is not one file."""
        return False

    @property
    def name(self) -> str:
        """The names of the fields, or what the names of the files begin with."""
        if "" not in self._named:
            return "+".join(self._named)
        begins = {re.sub(r"[\d._-]+$", "", path.stem) for path in self._named[""]}
        return begins.pop() or "files" if len(begins) == 1 else "files"

    @property
    def files(self) -> tuple[Path, ...]:
        """All files."""
        return tuple(path for paths in self._named.values() for path in paths)

    def _require(self) -> None:
        pass  # files_of did

    def _inspect(self) -> Contents:
        lists = _Lists({}, {})
        self._series: dict[str, FieldFiles] = {}
        for name, paths in self._named.items():
            alone = lone_array(paths[0])
            if name and alone is not None and max(alone[1:], default=1) == 1:
                values = np.concatenate([np.load(path).ravel() for path in paths])
                axis = axis_of(name, [name])
                (lists.coordinates if axis else lists.constants)[axis or name] = values
                continue
            sources = [self._open_one(path, self._schema_for(name, path)) for path in paths]
            self._series |= FieldFiles.of(name or self.name, bool(name), sources)
        if not self._series:
            raise LayoutError(f"{self.path} holds no field; is it the right file?")
        self._count(lists)
        return self._contents(lists)

    def _schema_for(self, name: str, path: Path) -> Schema:
        """What the schema says of one of the files."""
        if lone_array(path) is not None:
            called = name or self.name
            axes = {k: v for k, v in self.schema.axes.items() if k == called}
            return Schema(axes, {called: path.stem})
        if not name:
            return self.schema
        mine = {k: v for k, v in self.schema.fields.items() if k == name}
        axes = {k: v for k, v in self.schema.axes.items() if k == name}
        return Schema(axes, mine, self.schema.coordinates, self.schema.parameters)

    def _count(self, lists: _Lists) -> None:
        """Refuse numbers of samples that differ."""
        counts = {name: series.samples for name, series in self._series.items()}
        counts |= {name: len(values) for name, values in lists.constants.items()}
        if len(set(counts.values())) > 1:
            files = {name: len(self._named.get(name, ())) for name in counts}
            listed = ", ".join(
                f"{name} has {n}" + (f" in {files[name]} files" if files[name] > 1 else "")
                for name, n in counts.items()
            )
            raise LayoutError(
                f"{self.path}: the numbers of samples differ ({listed}), so it is not known which "
                "belong together"
            )

    def _contents(self, lists: _Lists) -> Contents:
        fields = {name: series.field for name, series in self._series.items()}
        coordinates, notes = dict(lists.coordinates), list[str]()
        for axis in ("t", *SPACE):
            having = {n: s for n, s in self._series.items() if axis in s.first.coordinates}
            shown = [f for f in fields.values() if ("time" if axis == "t" else axis) in f.axes]
            points = [s.first.coordinates[axis] for s in having.values()]
            lengths = {f.lengths["time" if axis == "t" else axis] for f in shown}
            if axis in coordinates or not points:
                continue
            if len(lengths) == 1 and all(np.array_equal(p, points[0]) for p in points):
                coordinates[axis] = points[0]
            else:
                notes.append(f"{axis} differs between the fields, so it is not kept")
        parameters: dict[str, Any] = {}
        self._lists = lists.constants
        own = dict.fromkeys(lists.constants, np.empty(0))
        for series in self._series.values():
            shared, by_sample = series.constants()
            parameters = shared | parameters
            own |= dict.fromkeys(by_sample, np.empty(0))
        return Contents(
            fields,
            coordinates,
            {k: v for k, v in parameters.items() if k not in own},
            (*notes, *{n: 0 for s in self._series.values() for n in s.notes()}),
            {k: why for s in self._series.values() for k, why in s.left_out.items()},
            assumed=tuple(
                dict.fromkeys(n for s in self._series.values() for n in s.first.assumed)
            ),
            sample_parameters=own,
            stored_axes={n: s.axes for n, s in self._series.items() if s.axes},
        )

    def _checked(self, contents: Contents) -> Contents:
        """Fields on grids of their own need not have the same lengths; all else is as ever."""
        grids = {
            tuple((a, n) for a, n in f.lengths.items() if a in SPACE)
            for f in contents.fields.values()
        }
        if len(grids) < 2 or "" in self._named:
            return check(self.path, contents)
        return check(self.path, contents, frozenset((*SPACE, "time")))

    def sample_parameter(self, name: str) -> NDArray[np.float64]:
        """A constant of the samples, of all files one after the other.

        Raises:
            LayoutError: If there is none of this name, or a value is NaN or infinite.
        """
        if name in self.sample_parameters and not self._by_sample[name].size:
            known = self._lists.get(name)
            if known is None:
                series = next(s for s in self._series.values() if name in s.constants()[1])
                known = series.constant(name)
            self._by_sample[name] = known
        return super().sample_parameter(name)

    def _fill(
        self, out: NDArray[Any], field: Field, samples: slice, times: slice | None, steps: Steps
    ) -> None:
        # Coordinates rise: the files' own readers have seen to that.
        self._series[field.name].read(out, samples, times, steps["x"])

    def _refuse_non_finite(self, values: NDArray[Any], about: Field, start: int) -> None:
        pass  # the files' own readers did, and name the file

    def close(self) -> None:
        """Close all files; the next read opens them again."""
        for series in self._series.values():
            series.close()


def _and_more(files: list[str]) -> str:
    return files[0] + (f" and {len(files) - 1} more" if len(files) > 1 else "")


def paths_of(words: Sequence[str]) -> Paths:
    """What words of the command line name: a file, several as one, or fields, ``a=data/*.npy``.

    Raises:
        ValueError: If only some of the words name a field.
    """
    named = [None if Path(word).exists() else re.match(r"(\w+)=(.+)", word) for word in words]
    if all(named):
        return {found[1]: found[2] for found in named if found}
    if any(named):
        raise LayoutError("name a field for each of the files, a=data/*.npy, or for none")
    return words[0] if len(words) == 1 else {"": list(words)}
