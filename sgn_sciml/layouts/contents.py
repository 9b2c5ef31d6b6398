"""The contents of a file: fields with canonical axes, coordinates, constants and notes.

Canonical axes are ``sample``, then ``time``, ``x``, ``y``, ``z``, ``component`` where present,
whatever order the file keeps them in.
"""

import errno
import math
import os
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sgn_sciml.system.extras import MissingExtra

__all__ = [
    "AXES",
    "SPACE",
    "Contents",
    "Field",
    "LayoutError",
    "check",
    "foreign",
    "reason",
    "system_cause",
]

AXES = ("sample", "time", "x", "y", "z", "component")
SPACE = ("x", "y", "z")
# Errors of disks, networks and locks, in which the bytes of the file may be sound.
SYSTEM = {
    errno.EACCES, errno.EAGAIN, errno.EBUSY, errno.EIO, errno.EINTR, errno.ENOMEM, errno.ENOSPC,
    errno.ENOLCK, errno.ENXIO, errno.ESTALE, errno.ETIMEDOUT, errno.EPERM,
}  # fmt: skip


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
        missing: What marks missing values in the file; empty where nothing does.
    """

    name: str
    axes: tuple[str, ...]
    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    chunks: tuple[int, ...] | None = None
    missing: str = ""

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
    """What a layout found in a file; attributes as those of a source.

    Attributes:
        left_out: What is not a field, or cannot be read as one, by name: why.
        expected: Fields that belong to the layout, which are not left out to suit others.
    """

    fields: Mapping[str, Field]
    coordinates: Mapping[str, NDArray[Any]] = field(default_factory=dict)
    parameters: Mapping[str, Any] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    left_out: Mapping[str, str] = field(default_factory=dict)
    expected: frozenset[str] = frozenset()
    assumed: tuple[str, ...] = ()
    sample_parameters: Mapping[str, NDArray[Any]] = field(default_factory=dict)
    stored_axes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


def reason(path: Path, name: str, error: Exception) -> str:
    """Why something in a file is left out: the message of an error, about ``it``."""
    text = str(error).removeprefix(f"{path}: ")
    return re.sub(rf"^(\S*/)?{re.escape(name)} ", "", text)


@contextmanager
def foreign(
    path: Path, damage: str = "damaged or incomplete", advice: str = "get it again"
) -> Iterator[None]:
    """Turn whatever a library raises over foreign bytes into one line about the file.

    HDF5, zlib, pickle and MAT parsers answer damage with a dozen exception types, so all are
    caught; a layout's own :class:`LayoutError` passes, as does a file that is gone or forbidden.
    Where the system refused and the bytes may be sound, they are not called damaged.

    Args:
        path: The file.
        damage: What it is if its bytes are not sound.
        advice: What to do then.

    Raises:
        LayoutError: Instead of any other exception.
    """
    try:
        yield
    except (LayoutError, FileNotFoundError, PermissionError, MissingExtra):
        raise
    except MemoryError as error:
        raise LayoutError(f"{path}: not enough memory; read fewer samples at once") from error
    except Exception as error:
        if (cause := system_cause(error)) is not None:
            raise LayoutError(f"{path} could not be read: {cause}") from error
        why = (str(error).splitlines() or [""])[0][:200] or type(error).__name__
        raise LayoutError(f"{path} is {damage} ({why}); {advice}") from error


def system_cause(error: Exception) -> str | None:
    """How the machine, not the file, caused an error; None where nothing says that it did."""
    text = str(error)
    number = getattr(error, "errno", None)
    found = re.search(r"errno = (\d+)", text)  # h5py keeps it in the message only
    number = int(found[1]) if number is None and found else number
    if number in (errno.EMFILE, errno.ENFILE) or os.strerror(errno.EMFILE) in text:
        return "too many files are open (see ulimit -n)"
    if number in SYSTEM:
        return os.strerror(number)
    if "locking" in text or "unable to lock" in text or "already open" in text:
        return f"it is open elsewhere ({text.splitlines()[0][:200]}): close it there"
    if "filter" in text and ("not registered" in text or "plugin" in text):
        return f"a filter is not installed ({text.splitlines()[0][:200]}): pip install hdf5plugin"
    return None


def check(path: Path, contents: Contents, apart: frozenset[str] = frozenset()) -> Contents:
    """Refuse parts that do not fit together, and leave out a field that does not fit the rest.

    Args:
        path: The file, for messages.
        contents: What it holds.
        apart: Axes in which fields may differ, as they have grids of their own.

    Returns:
        The contents, of which the fields fit the coordinates and each other.

    Raises:
        LayoutError: If there is no field, a field is empty, lengths of an axis differ, or a
            coordinate is not finite, or neither rises nor falls strictly.
    """
    left_out = dict(contents.left_out)
    if not contents.fields:
        why = "; ".join(f"{name} {what}" for name, what in [*left_out.items()][:3])
        raise LayoutError(
            f"{path} holds no field" + (f": {why}" if why else "; is it the right file?")
        )
    known: dict[str, tuple[int, str]] = {}
    for name, values in contents.coordinates.items():
        if not np.isfinite(values).all():
            raise LayoutError(f"{path}: coordinate {name} holds NaN or infinity")
        steps = np.diff(values)
        if not ((steps > 0).all() or (steps < 0).all()):
            raise LayoutError(
                f"{path}: coordinate {name} does not increase strictly, nor does it fall"
            )
        known["time" if name == "t" else name] = len(values), f"coordinate {name}"
    fields: dict[str, Field] = {}
    reference = _lengths(contents, known)
    for name, about in contents.fields.items():
        why = ""
        if math.prod(about.shape) == 0:
            why = f"is empty, its shape is {about.shape}"
        for axis, length in about.lengths.items():
            wanted, other, sure = reference[axis]
            if length != wanted and axis not in {"component", *apart}:
                why = f"has {length} along {axis}, {other} has {wanted}"
                if name in contents.expected or not sure:
                    raise LayoutError(f"{path}: {name} {why}; they do not belong together")
        if why:
            left_out[name] = why
        else:
            fields[name] = about
    if not fields:
        name, why = next((name, left_out[name]) for name in contents.fields)
        raise LayoutError(f"{path}: {name} {why}")
    return replace(contents, fields=fields, left_out=left_out)


def _lengths(
    contents: Contents, known: Mapping[str, tuple[int, str]]
) -> dict[str, tuple[int, str, bool]]:
    """Length of each axis, what has it, and whether that outweighs a field that differs.

    A coordinate does, a field that belongs to the layout, or the greater number of fields.
    """
    found = {axis: (length, name, True) for axis, (length, name) in known.items()}
    for axis in {axis for about in contents.fields.values() for axis in about.axes}:
        if axis in found:
            continue
        having = [name for name, about in contents.fields.items() if axis in about.axes]
        lengths = {name: contents.fields[name].lengths[axis] for name in having}
        ours = [name for name in having if name in contents.expected]
        counts = Counter(lengths.values()).most_common(2)
        first = next(n for n in ours or having if ours or lengths[n] == counts[0][0])
        sure = bool(ours) or len(counts) == 1 or counts[0][1] > counts[1][1]
        found[axis] = lengths[first], first, sure
    return found
