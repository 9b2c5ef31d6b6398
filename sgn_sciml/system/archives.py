"""Checksums of ZIP archives, which torch writes (``.pt``, ``.ckpt``) and does not look at."""

import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

__all__ = ["refuse_damaged_archive"]

BLOCK = 2**20  # bytes


def refuse_damaged_archive(
    path: str | Path, wanted: Callable[[str], bool] = lambda name: True
) -> None:
    """Compare the members of an archive with their checksums.

    A checksum of 0 is none: torch leaves them out on demand. A file that is not an archive passes.

    Args:
        path: The file.
        wanted: Which members to read, by name.

    Raises:
        ValueError: If a member differs from its checksum, or the archive is cut off.
        OSError: If the file cannot be read.
    """
    if not zipfile.is_zipfile(path):
        return
    try:
        with zipfile.ZipFile(path) as archive:
            for member in archive.infolist():
                if member.CRC and wanted(member.filename):
                    with archive.open(member) as stream:
                        while stream.read(BLOCK):
                            pass
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError) as error:
        raise ValueError(f"{path} is damaged ({error})") from error
