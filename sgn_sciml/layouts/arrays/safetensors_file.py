"""Files of safetensors: named arrays behind a head that says their shapes, and nothing to execute.

Values are mapped: a read takes the wanted samples only. bfloat16 and floats of 8 bit, which NumPy
lacks, are read through torch as float32, which holds them exactly. Texts of the head's metadata
are constants, as numbers where they are numbers. What the arrays are is what
:mod:`~sgn_sciml.layouts.trajectories` tells, unless a schema does.

Source: https://huggingface.co/docs/safetensors
"""

import json
import struct
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

from sgn_sciml.layouts.arrays.base import ArraysSource, Entries, Indexed, array_of
from sgn_sciml.layouts.schema import Schema
from sgn_sciml.system.extras import needed_by

__all__ = ["SafetensorsFile"]

TYPES = {"F64": "f8", "F32": "f4", "F16": "f2", "BOOL": "?"}
TYPES |= {f"{kind}{8 * size}": f"{kind.lower()}{size}" for kind in "IU" for size in (1, 2, 4, 8)}
BY_TORCH = ("BF16", "F8_E4M3", "F8_E5M2")
HEAD = 100 * 2**20  # bytes; the format allows no longer head


class SafetensorsFile(ArraysSource):
    """A dictionary of tensors."""

    layout = "safetensors"

    def __init__(self, path: str | Path, schema: Schema | None = None) -> None:
        self._files: dict[str, Any] = {}
        super().__init__(path, schema)

    @classmethod
    def matches(cls, path: Path, file: h5py.File | None) -> bool:
        """Whether it begins with the length of a head that is an object of JSON."""
        if path.is_dir():
            return False
        with path.open("rb") as stream:
            head = stream.read(9)
        if len(head) < 9 or head[8:] != b"{":
            return False
        return 2 <= struct.unpack("<Q", head[:8])[0] <= HEAD

    def _file(self, framework: str) -> Any:
        if framework not in self._files:
            with needed_by(f"reading {self.path}", "formats"):
                from safetensors import safe_open
            self._require()
            self._files[framework] = safe_open(self.path, framework)
        return self._files[framework]

    def _entries(self) -> Entries:
        file, found = self._file("np"), Entries()
        self._types: dict[str, str] = {}
        for name in file.keys():  # noqa: SIM118 - it is not a dictionary
            about = file.get_slice(name)
            kind = str(about.get_dtype())
            if kind not in TYPES and kind not in BY_TORCH:
                found.left_out[name] = f"holds {kind}"
                continue
            self._types[name] = kind
            found.arrays[name] = tuple(about.get_shape()), np.dtype(TYPES.get(kind, "f4"))
        found.constants = {k: _plain(v) for k, v in (file.metadata() or {}).items()}
        return found

    def _array(self, name: str) -> Indexed:
        by_torch = self._types[name] in BY_TORCH
        return _Slices(self._file("pt" if by_torch else "np").get_slice(name))

    def close(self) -> None:
        """Give up the mapped file; the next read maps it again."""
        super().close()
        self._files = {}

    def __getstate__(self) -> Mapping[str, Any]:
        return {**super().__getstate__(), "_files": {}}


class _Slices:
    """A tensor of which slices are read."""

    def __init__(self, slices: Any) -> None:
        self.slices = slices
        self.shape = tuple(slices.get_shape())

    def __getitem__(self, box: Any) -> NDArray[Any]:
        values = self.slices[box if self.shape else ...]
        return values if isinstance(values, np.ndarray) else array_of(values)


def _plain(text: str) -> Any:
    """A text as the number that it is, else as it stands."""
    try:
        value = json.loads(text)
    except ValueError:
        return text
    return value if isinstance(value, int | float) else text
