"""Columns of Arrow tables as arrays, of which rows are read: numbers, lists in lists, bytes."""

import math
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sgn_sciml.layouts.contents import LayoutError

__all__ = ["Column", "Packed"]


class Column:
    """A column of numbers, or of lists that are as long in all rows."""

    def __init__(self, path: Path, name: str, column: Any) -> None:
        self.path, self.name, self.column = path, name, column
        kind = _storage(column.type)
        while _listed(kind):
            kind = _storage(kind.value_type)
        try:
            self.dtype: np.dtype[Any] = np.dtype(kind.to_pandas_dtype())
        except (NotImplementedError, TypeError):
            self.dtype = np.dtype(object)
        if self.dtype.kind not in "biuf":
            raise LayoutError(f"{path}: {name} holds {kind}, not numbers")
        inner = self._values(column.slice(0, 1).chunk(0), None).shape[1:] if len(column) else ()
        self.shape = (len(column), *inner)

    def __getitem__(self, box: Any) -> NDArray[Any]:
        box = box if isinstance(box, tuple) else (box,)
        rows = box[0]
        if isinstance(rows, int):
            return self[(slice(rows, rows + 1 or None), *box[1:])][0]
        start, stop, step = (rows if isinstance(rows, slice) else slice(None)).indices(
            self.shape[0]
        )
        chunks = self.column.slice(start, max(0, stop - start)).chunks
        parts = [self._values(chunk, self.shape[1:]) for chunk in chunks if len(chunk)]
        values = np.concatenate(parts) if parts else np.empty((0, *self.shape[1:]), self.dtype)
        return values[(slice(None, None, step), *box[1:])]

    def _values(self, part: Any, shape: tuple[int, ...] | None) -> NDArray[Any]:
        """Rows as an array; lists in them have this shape, or that of the first row."""
        part.validate(full=True)  # of a damaged file offsets may point anywhere
        rows, lengths = len(part), list[int]()
        while True:
            part = part.storage if hasattr(part, "storage") else part
            listed = _listed(part.type)
            # Of numbers they become NaN, which is refused with its sample, and where it is used.
            if part.null_count and (listed or (lengths and self.dtype.kind != "f")):
                raise LayoutError(f"{self.path}: {self.name} has missing values")
            if not listed:
                break
            counts = np.unique(part.value_lengths().to_numpy(zero_copy_only=False))
            if len(counts) != 1 or (shape and counts[0] != shape[len(lengths)]):
                raise LayoutError(f"{self.path}: {self.name} holds lists of different lengths")
            lengths.append(int(counts[0]))
            part = part.flatten()
        return np.asarray(part.to_numpy(zero_copy_only=False)).reshape(rows, *lengths)


def _storage(kind: Any) -> Any:
    """The type that values of an extension type, as ``Array2D`` is one, are stored in."""
    return getattr(kind, "storage_type", kind)


def _listed(kind: Any) -> bool:
    from pyarrow import types

    checks = (types.is_list, types.is_large_list, types.is_fixed_size_list)
    return any(check(kind) for check in checks)


class Packed:
    """A column of bytes, each the float32 numbers of a trajectory; wanted frames only are read.

    Args:
        path: The table, for messages.
        name: The column.
        column: The column.
        sides: Shape of the array in each row, frames first, shape ``(rows, axes)``.

    Raises:
        LayoutError: If rows differ in more than their frames.
    """

    dtype = np.dtype(np.float32)

    def __init__(self, path: Path, name: str, column: Any, sides: NDArray[Any]) -> None:
        self.path, self.name, self.column, self.sides = path, name, column, sides
        if (sides < 1).any() or (sides[:, 1:] != sides[0, 1:]).any():
            raise LayoutError(f"{path}: {name} has several grids; keep one grid in one table")
        frames, *space = sides.min(0).tolist()
        self.shape = (len(column), frames, *space)

    def _row(self, number: int) -> NDArray[np.float32]:
        data, shape = self.column[number].as_buffer(), tuple(self.sides[number].tolist())
        if data is None or len(data) != 4 * math.prod(shape):
            raise LayoutError(f"{self.path}: {self.name} of row {number} does not hold {shape}")
        return np.frombuffer(data, np.float32).reshape(shape)[: self.shape[1]]

    def __getitem__(self, box: Any) -> NDArray[Any]:
        box = box if isinstance(box, tuple) else (box,)
        if isinstance(box[0], int):
            return self._row(box[0])[box[1:]]
        chosen = box[0] if isinstance(box[0], slice) else slice(None)
        return np.stack([self._row(k)[box[1:]] for k in range(*chosen.indices(self.shape[0]))])
