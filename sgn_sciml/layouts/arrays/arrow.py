"""Arrow files of Hugging Face's ``datasets``: a folder of ``save_to_disk``, or one of its files.

A row is a sample. Columns of numbers are constants of the samples; columns of lists, of lists in
lists or of ``Array2D`` and its like are fields, if the lists of all rows are as long as those of
the first, which is looked at when they are read. Files are mapped: a read takes the wanted rows.
Other columns (text, images) are left out with a note.

RealPDEBench has fields as bytes, float32 (T, H, W) or, with channels, (T, H, W, C), and columns
``shape_t``, ``shape_h``, ``shape_w`` beside; of trajectories of different lengths all have the
frames of the shortest.

Source: https://arrow.apache.org/docs/format/Columnar.html; ``arrow_dataset.py`` in
github.com/huggingface/datasets; ``utils/convert_hdf5_to_hf.py`` in
github.com/AI4Science-WestlakeU/RealPDEBench
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

from sgn_sciml.layouts.arrays.base import ArraysSource, Entries, Indexed
from sgn_sciml.layouts.arrays.columns import Column, Packed
from sgn_sciml.layouts.contents import LayoutError, reason
from sgn_sciml.layouts.schema import Schema
from sgn_sciml.system.extras import needed_by

__all__ = ["ArrowDataset"]

STATE = "state.json"
SIDES = ("shape_t", "shape_h", "shape_w")
PACKED = ("sample", "time", "x", "y", "component")
STREAM, FILE = b"\xff\xff\xff\xff", b"ARROW1"  # how the two kinds of Arrow files begin


class ArrowDataset(ArraysSource):
    """A table of samples."""

    layout = "arrow"
    sampled = True

    def __init__(self, path: str | Path, schema: Schema | None = None) -> None:
        self._table: Any = None
        super().__init__(path, schema)

    @classmethod
    def matches(cls, path: Path, file: h5py.File | None) -> bool:
        """Whether it is a folder that ``save_to_disk`` wrote, or begins as an Arrow file."""
        if path.is_dir():
            return (path / STATE).is_file()
        with path.open("rb") as stream:
            return stream.read(6).startswith((STREAM, FILE))

    def _require(self) -> None:
        if not self.path.exists():
            raise FileNotFoundError(f"no data {self.path}")

    def _files(self) -> list[Path]:
        """Files of the table, in order.

        Raises:
            LayoutError: If the folder does not say, or chooses rows of them.
        """
        if not self.path.is_dir():
            return [self.path]
        state = json.loads((self.path / STATE).read_text(encoding="utf-8"))
        if state.get("_indices_data_files"):
            raise LayoutError(
                f"{self.path} chooses rows of its files: write it again, after flatten_indices()"
            )
        files = [self.path / Path(entry["filename"]).name for entry in state["_data_files"]]
        for file in files:
            if not file.is_file():
                raise LayoutError(f"{self.path} lacks its file {file.name}; get it again")
        return files

    def _rows(self) -> Any:
        """The table, mapped."""
        if self._table is None:
            with needed_by(f"reading {self.path}", "formats"):
                import pyarrow
                import pyarrow.ipc
            self._require()
            tables = []
            for file in self._files():
                with file.open("rb") as stream:
                    streamed = stream.read(4) == STREAM
                mapped = pyarrow.memory_map(str(file))
                ipc = pyarrow.ipc
                tables.append((ipc.open_stream if streamed else ipc.open_file)(mapped).read_all())
            self._table = pyarrow.concat_tables(tables)
            self._table.validate()
        return self._table

    def _entries(self) -> Entries:
        found, table = Entries(), self._rows()
        if len(set(table.column_names)) < len(table.column_names):
            raise LayoutError(f"{self.path} has two columns of one name")
        sides = self._sides(found)
        for name in table.column_names:
            if sides and name.endswith((*SIDES, "_channels")):
                continue
            try:
                column = self._column(name)
            except LayoutError as error:
                found.left_out[name] = reason(self.path, name, error)
                continue
            found.arrays[name] = column.shape, column.dtype
            if isinstance(column, Packed):
                found.labels[name] = " ".join(PACKED[: len(column.shape)])
        return found

    def _sides(self, found: Entries | None = None) -> list[NDArray[Any]]:
        """Frames, and points along each axis of space, of each row of fields that are bytes."""
        table = self._rows()
        if not {*SIDES} <= {*table.column_names} or not table.num_rows:
            return []
        sides = [Column(self.path, name, table.column(name))[:] for name in SIDES]
        low, high = (int(end) for end in (sides[0].min(), sides[0].max()))
        if found is not None and low < high:
            found.notes.append(f"trajectories of {low} to {high} frames: the first {low} count")
        return sides

    def _column(self, name: str) -> Packed | Column:
        table, sides = self._rows(), self._sides()
        if not sides or "binary" not in str(table.schema.field(name).type):
            return Column(self.path, name, table.column(name))
        if (more := f"{name}_channels") in table.column_names:
            sides.append(Column(self.path, more, table.column(more))[:])
        return Packed(self.path, name, table.column(name), np.stack(sides, -1))

    def _array(self, name: str) -> Indexed:
        return self._column(name)

    def close(self) -> None:
        """Give up the mapped files; the next read maps them again."""
        super().close()
        self._table = None

    def __getstate__(self) -> Mapping[str, Any]:
        return {**super().__getstate__(), "_table": None}
