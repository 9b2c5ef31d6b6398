"""Arrays and tensors in memory, as a source like a file."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

from sgn_sciml.layouts.arrays.base import ArraysSource, Entries, array_of
from sgn_sciml.layouts.contents import LayoutError
from sgn_sciml.layouts.schema import Schema

__all__ = ["MemoryArrays"]


class MemoryArrays(ArraysSource):
    """What a program holds: fields, coordinates and constants by name, as a file has them.

    Nothing is copied that NumPy can share. Samples come first; axes that shapes do not tell are
    named by a schema.

    Args:
        arrays: Arrays, tensors or numbers by name.
        schema: What they are, where names and shapes do not tell.

    Raises:
        ValueError: If there is no field, or they do not fit together.

    Example:
        >>> source = MemoryArrays({"a": np.zeros((5, 8)), "u": np.ones((5, 8)), "nu": 0.1})
        >>> source.read("u", [0, 3]).shape, source.parameters
        ((2, 8), {'nu': 0.1})
    """

    layout = "memory"
    convention = "neuralop"

    def __init__(self, arrays: Mapping[str, Any], schema: Schema | None = None) -> None:
        self._given = {name: _array_or_why(value) for name, value in arrays.items()}
        super().__init__("memory", schema)

    @classmethod
    def matches(cls, path: Path, file: h5py.File | None) -> bool:
        """Never: it is not a file."""
        return False

    def _require(self) -> None:
        pass

    def _entries(self) -> Entries:
        given = self._given
        return Entries(
            {n: (v.shape, v.dtype) for n, v in given.items() if isinstance(v, np.ndarray)},
            left_out={n: v for n, v in given.items() if isinstance(v, str)},
        )

    def _array(self, name: str) -> NDArray[Any]:
        return np.asarray(self._given[name])


def _array_or_why(value: Any) -> NDArray[Any] | str:
    """A value as an array, or why there is none."""
    try:
        array = array_of(value) if hasattr(value, "is_quantized") else np.asarray(value)
    except LayoutError as error:
        return str(error)
    return array if array.dtype.kind in "biuf" else f"is of type {array.dtype}"
