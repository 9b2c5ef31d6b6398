"""Files that are whole or absent: written beside their place, and moved there."""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

__all__ = ["whole_file", "write_whole"]


@contextmanager
def whole_file(path: str | Path, durable: bool = False) -> Iterator[Path]:
    """A path to write to; what was written moves to its place when the block ends.

    An error or a kill leaves what was there before. The name to write to keeps the ending, since
    many writers choose the format by it.

    Args:
        path: The file to write; its folder is made.
        durable: Wait until the disk has it, so that a power cut leaves no empty file of that name.

    Yields:
        Path of a file beside it, which does not exist.

    Raises:
        OSError: If it cannot be written; it names ``path``, or the folder that cannot be made.
    """
    path = Path(path)
    partial = path.with_name(f".{path.stem}.{os.getpid()}.partial{path.suffix}")
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        yield partial
        if durable:
            flush_to_disk(partial)
        partial.replace(path)
    except OSError as error:
        # What a library says of a full disk names no file, or the one that is removed here.
        if error.errno is None or error.filename not in (None, str(partial)):
            raise
        raise OSError(error.errno, error.strerror, str(path)) from error
    finally:
        with suppress(OSError):
            partial.unlink()


def flush_to_disk(path: Path) -> None:
    """Wait until the bytes of a file are on the disk."""
    descriptor = os.open(path, os.O_RDWR)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def write_whole(
    path: str | Path, content: str | bytes | memoryview, durable: bool = False
) -> Path:
    """Write a file in one go.

    Args:
        path: The file; its folder is made.
        content: Bytes, or text, which is written as UTF-8 with its line ends as they are.
        durable: Wait until the disk has it.

    Returns:
        The path.

    Raises:
        OSError: If it cannot be written; what was there before stays.
    """
    with whole_file(path, durable) as partial:
        partial.write_bytes(content.encode() if isinstance(content, str) else content)
    return Path(path)
