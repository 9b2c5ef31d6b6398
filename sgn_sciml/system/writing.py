"""Files that are whole or absent: written beside their place, and moved there."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

__all__ = ["whole_file", "write_whole"]


@contextmanager
def whole_file(path: str | Path) -> Iterator[Path]:
    """A path to write to; what was written moves to its place when the block ends.

    An error or a kill leaves what was there before. The name to write to keeps the ending, since
    many writers choose the format by it.

    Args:
        path: The file to write; its folder is made.

    Yields:
        Path of a file beside it, which does not exist.

    Raises:
        OSError: If it cannot be written; it names ``path``.
    """
    path = Path(path)
    partial = path.with_name(f".{path.stem}.{os.getpid()}.partial{path.suffix}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        yield partial
        partial.replace(path)
    except OSError as error:
        if error.errno is None:
            raise
        raise type(error)(error.errno, error.strerror, str(path)) from error
    finally:
        partial.unlink(missing_ok=True)


def write_whole(path: str | Path, content: str | bytes | memoryview) -> Path:
    """Write a file in one go.

    Args:
        path: The file; its folder is made.
        content: Bytes, or text, which is written as UTF-8.

    Returns:
        The path.

    Raises:
        OSError: If it cannot be written; what was there before stays.
    """
    with whole_file(path) as partial:
        partial.write_bytes(content.encode() if isinstance(content, str) else content)
    return Path(path)
