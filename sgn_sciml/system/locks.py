"""Locks between processes, on every platform; they end with the process that holds them."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

__all__ = ["held", "is_held"]


@contextmanager
def held(path: str | Path, busy: str, patience: float = 0.0) -> Iterator[None]:
    """Hold a lock while the block runs.

    Where the file system has no locks (some network file systems) the block runs all the same.

    Args:
        path: File of the lock; it stays when the block ends.
        busy: What to say if another process holds it.
        patience: Seconds to wait for that process.

    Raises:
        OSError: If another process holds it, or the file cannot be made.
    """
    lock = FileLock(path)
    try:
        lock.acquire(timeout=patience, poll_interval=0.1)
    except Timeout:
        raise OSError(busy) from None
    except NotImplementedError:
        pass
    try:
        yield
    finally:
        lock.release()


def is_held(path: str | Path) -> bool:
    """Whether some process holds a lock; a file that is missing is no lock."""
    if not Path(path).exists():
        return False
    lock = FileLock(path)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        return True
    except (OSError, NotImplementedError):
        return False
    lock.release()
    return False
