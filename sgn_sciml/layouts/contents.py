"""What a file holds: fields with canonical axes, coordinates, constants and notes.

Canonical axes are ``sample``, then ``time``, ``x``, ``y``, ``z``, ``component`` where present,
whatever order the file keeps them in.
"""

import math
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["AXES", "SPACE", "Contents", "Field", "LayoutError", "check", "foreign"]

AXES = ("sample", "time", "x", "y", "z", "component")
SPACE = ("x", "y", "z")


class LayoutError(ValueError):
    """A file that cannot be used as asked; the message is one line for the user."""

    def __init__(self, message: str) -> None:
        # Names in a damaged file may hold anything.
        super().__init__("".join(c if c.isprintable() else "?" for c in message))


@dataclass(frozen=True)
class Field:
    """One field of a file, before anything of it is read.

    Attributes:
        name: Name in the file.
        axes: Canonical axis names, in canonical order, ``sample`` first.
        shape: Length of each axis.
        dtype: Native-endian type of the values.
        chunks: Storage chunk, in the order of ``axes``; None if contiguous or unknown.
    """

    name: str
    axes: tuple[str, ...]
    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    chunks: tuple[int, ...] | None = None

    @classmethod
    def of(
        cls,
        name: str,
        axes: tuple[str, ...],
        shape: tuple[int, ...],
        dtype: Any,
        repeated: Mapping[str, int] | None = None,
    ) -> "Field":
        """A field stored as one array of these axes, in any order.

        ``repeated`` are axes that the array lacks and the field shows by repetition.
        """
        lengths = dict(zip(axes, shape, strict=True)) | dict(repeated or {})
        shown = tuple(axis for axis in AXES if axis in lengths)
        native = np.dtype(dtype).newbyteorder("=")
        return cls(name, shown, tuple(lengths[axis] for axis in shown), native)

    @property
    def lengths(self) -> dict[str, int]:
        """Length of each axis by name."""
        return dict(zip(self.axes, self.shape, strict=True))

    def selected(self, samples: int, times: int, stride: int) -> tuple[int, ...]:
        """Shape of ``samples`` samples at ``times`` times on every ``stride``-th point."""
        length = {name: -(-n // stride) for name, n in self.lengths.items() if name in SPACE}
        length |= {"sample": samples, "time": times}
        return tuple(length.get(a, n) for a, n in zip(self.axes, self.shape, strict=True))


@dataclass(frozen=True)
class Contents:
    """What a layout found in a file; attributes as those of a source."""

    fields: Mapping[str, Field]
    coordinates: Mapping[str, NDArray[Any]] = field(default_factory=dict)
    parameters: Mapping[str, Any] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    assumed: tuple[str, ...] = ()
    sample_parameters: Mapping[str, NDArray[Any]] = field(default_factory=dict)
    stored_axes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@contextmanager
def foreign(path: Path) -> Iterator[None]:
    """Turn whatever a library raises over foreign bytes into one line about the file.

    HDF5, zlib, pickle and MAT parsers answer damage with a dozen exception types, so all are
    caught; a layout's own :class:`LayoutError` passes, as does a file that is gone or forbidden.

    Raises:
        LayoutError: Instead of any other exception.
    """
    try:
        yield
    except (LayoutError, FileNotFoundError, PermissionError):
        raise
    except MemoryError as error:
        raise LayoutError(f"{path}: not enough memory; read fewer samples at once") from error
    except Exception as error:
        reason = (str(error).splitlines() or [""])[0][:200] or type(error).__name__
        raise LayoutError(f"{path} is damaged or incomplete ({reason}); get it again") from error


def check(path: Path, contents: Contents) -> None:
    """Refuse parts that do not fit together.

    Raises:
        LayoutError: If there is no field, a field is empty, lengths of an axis differ, or a
            coordinate is not finite and strictly increasing.
    """
    if not contents.fields:
        raise LayoutError(f"{path} holds no field; is it the right file?")
    known: dict[str, tuple[int, str]] = {}
    for name, values in contents.coordinates.items():
        if not np.isfinite(values).all():
            raise LayoutError(f"{path}: coordinate {name} holds NaN or infinity; get it again")
        if not (np.diff(values) > 0).all():
            raise LayoutError(f"{path}: coordinate {name} does not increase strictly")
        known["time" if name == "t" else name] = len(values), f"coordinate {name}"
    for name, about in contents.fields.items():
        if math.prod(about.shape) == 0:
            raise LayoutError(f"{path}: {name} is empty, its shape is {about.shape}; get it again")
        for axis, length in about.lengths.items():
            expected, other = known.setdefault(axis, (length, name))
            if length != expected and axis != "component":
                raise LayoutError(
                    f"{path}: {name} has {length} along {axis}, {other} has {expected}; "
                    "they do not belong together"
                )
