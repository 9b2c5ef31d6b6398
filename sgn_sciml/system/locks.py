"""Locks between processes, on every platform; they end with the process that holds them.

A lock is a file that a process has locked. Some network file systems have no locks: there nothing
is excluded, and nobody is told that a lock is held.
"""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from filelock import lock_descriptor, unlock_descriptor

__all__ = ["held", "is_held"]

WINDOWS = os.name == "nt"
PAUSE = 0.1  # seconds between two attempts


@contextmanager
def held(
    path: str | Path, busy: str, patience: float = 0.0, *, remove: bool = False
) -> Iterator[None]:
    """Hold a lock while the block runs.

    Where the file system has no locks the block runs all the same.

    Args:
        path: File of the lock, which is made if need be. It holds nothing, since Windows lets no
            other process read a locked file.
        busy: What to say if another process holds it.
        patience: Seconds to wait for that process.
        remove: Remove the file when the block ends.

    Raises:
        OSError: If another process holds it, or the file cannot be made.
    """
    path, end = Path(path), time.monotonic() + patience
    while (descriptor := _take(path)) is None:
        if time.monotonic() >= end:
            raise OSError(busy)
        time.sleep(PAUSE)
    try:
        yield
    finally:
        # Elsewhere than on Windows, which lets no open file be removed, this comes while it is
        # locked, so that a process that has opened it already sees that it is gone.
        if remove and not WINDOWS:
            _remove(path)
        _release(descriptor)
        if remove and WINDOWS:
            _remove(path)


def is_held(path: str | Path) -> bool | None:
    """Whether some process holds a lock; None where the file system does not say."""
    try:
        descriptor = _open_to_look(path)
    except FileNotFoundError:
        return False
    except OSError:
        return None
    try:
        return not lock_descriptor(descriptor, blocking=False)
    except OSError:
        return None
    finally:
        _release(descriptor)


def _open_to_look(path: str | Path) -> int:
    """Open a lock's file for writing, as NFS demands, or for reading if it is another user's."""
    try:
        return os.open(path, os.O_RDWR)
    except PermissionError:
        return os.open(path, os.O_RDONLY)


def _take(path: Path) -> int | None:
    """The descriptor of a file that is locked now, or None if another process has locked it."""
    while True:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
        try:
            taken = lock_descriptor(descriptor, blocking=False)
        except OSError:  # there are no locks
            return descriptor
        if taken and _is_at(descriptor, path):
            return descriptor
        _release(descriptor)
        if not taken:
            return None


def _is_at(descriptor: int, path: Path) -> bool:
    """Whether an open file still has its name: its last holder may have removed it."""
    if WINDOWS:  # where an open file cannot be removed
        return True
    try:
        return os.path.samestat(os.fstat(descriptor), path.stat())
    except FileNotFoundError:
        return False


def _release(descriptor: int) -> None:
    """Unlock, which Windows would do only some time after the file is closed, and close."""
    with suppress(OSError):
        unlock_descriptor(descriptor)
    os.close(descriptor)


def _remove(path: Path) -> None:
    with suppress(OSError):
        path.unlink()
