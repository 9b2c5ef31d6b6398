"""A rendered signal that comes in strips or slabs, written as they come.

The file appears when it is whole; an interrupted render leaves none.
"""

from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Any

import h5py
import numpy as np
from torch import Tensor

from sgn_sciml.inr.description import Signal
from sgn_sciml.system.names import __version__
from sgn_sciml.system.writing import whole_file

__all__ = ["PartsWriter", "describe"]

CHUNK = 64  # of an HDF5 file, along each axis


class PartsWriter:
    """Write ``predictions.tif`` of an image, ``predictions.h5`` of another signal.

    An image has the bits of its file, 8 or 16, uncompressed (BigTIFF beyond 4 GB); other values
    are float32 in chunks, one data set ``values`` beside the axes.

    Args:
        path: HDF5 file; the image is named after it.
        signal: The signal that is rendered.
        checkpoint: What it is rendered from.
    """

    def __init__(self, path: Path, signal: Signal, checkpoint: Any = None) -> None:
        self.image = signal.kind == "image"
        self.path = path.with_suffix(".tif") if self.image else path
        self.signal = signal
        self.checkpoint = checkpoint
        self.deep = signal.facts.get("bits") == 16
        self._stack = ExitStack()
        self._partial: Path | None = None
        self._file: Any = None
        self._offset = 0

    def add(self, prediction: Mapping[str, Tensor], first: int, rows: int) -> bool:
        """Write a part.

        Args:
            prediction: Coordinates ``axis0``, ... and ``values``, shape ``(channels, *part)``.
            first: Its first row.
            rows: Rows of the whole.

        Returns:
            Whether that was the last one, and the file is there.
        """
        values = prediction["values"].numpy(force=True)
        shape = (len(values), rows, *values.shape[2:])
        if self._partial is None:
            self._partial = self._stack.enter_context(whole_file(self.path))
            (self._begin_image if self.image else self._begin_field)(self._partial, shape)
        (self._add_image if self.image else self._add_field)(values, first, shape)
        if not self.image:
            self._axes(prediction, first, rows)
        if first + values.shape[1] < rows:
            return False
        self._stack.close()
        return True

    def abandon(self, error: BaseException, trace: TracebackType | None = None) -> None:
        """Leave no file, after an error."""
        self._stack.__exit__(type(error), error, trace)

    # -- images ------------------------------------------------------------------------------

    @property
    def _pixel(self) -> np.dtype[Any]:
        return np.dtype(np.uint16 if self.deep else np.uint8)

    def _begin_image(self, partial: Path, shape: tuple[int, ...]) -> None:
        from tifffile import TiffWriter

        channels, height, width = shape
        size = (height, width, *([3] if channels == 3 else []))
        large = int(np.prod(size)) * self._pixel.itemsize > 2**32 - 2**25
        with TiffWriter(partial, bigtiff=large) as file:
            kind = "rgb" if channels == 3 else "minisblack"
            place = file.write(
                shape=size,
                dtype=self._pixel,
                photometric=kind,
                metadata=None,
                returnoffset=True,
            )
        assert place is not None
        self._offset = place[0]

    def _add_image(self, values: Any, first: int, shape: tuple[int, ...]) -> None:
        low, high = self.signal.low, self.signal.high
        top = np.iinfo(self._pixel).max
        pixels = np.rint((values - low) / (high - low) * top).clip(0, top).astype(self._pixel)
        assert self._partial is not None
        with self._partial.open("r+b") as file:  # no map: its pages would count as memory
            file.seek(self._offset + first * pixels[:, 0].nbytes)
            file.write(np.ascontiguousarray(np.moveaxis(pixels, 0, -1)).tobytes())

    # -- fields ------------------------------------------------------------------------------

    def _begin_field(self, partial: Path, shape: tuple[int, ...]) -> None:
        file = self._file = self._stack.enter_context(h5py.File(partial, "w"))
        signal = self.signal
        describe(file, signal, self.checkpoint)
        chunks = (1, *(min(n, CHUNK) for n in shape[1:]))
        data = file.create_dataset("values", shape, np.float32, chunks=chunks)
        for dim, label in zip(data.dims, ("channel", *signal.axes), strict=True):
            dim.label = label
        for label, length in zip(("channel", *signal.axes), shape, strict=True):
            file[label] = np.arange(length, dtype=np.float32)
            file[label].make_scale(label)
        for dim in data.dims:
            dim.attach_scale(file[dim.label])

    def _add_field(self, values: Any, first: int, shape: tuple[int, ...]) -> None:
        self._file["values"][:, first : first + values.shape[1]] = values

    def _axes(self, prediction: Mapping[str, Tensor], first: int, rows: int) -> None:
        for k, label in enumerate(self.signal.axes):
            axis = prediction[f"axis{k}"].numpy(force=True)
            start = first if k == 0 else 0
            self._file[label][start : start + len(axis)] = axis


def describe(file: h5py.File, signal: Signal, checkpoint: Any) -> None:
    """Write into a file what it renders, and from which checkpoint."""
    file.attrs.update(
        law="signal",
        kind=signal.kind,
        low=signal.low,
        high=signal.high,
        written_by=f"sgn-sciml {__version__}",
    )
    if checkpoint:
        file.attrs["checkpoint"] = str(checkpoint)
