"""Archives that were fetched, unpacked beside themselves: whole, or not at all.

Nothing is written outside the folder: a member with an absolute name, one that climbs out of the
folder, a link or a device is refused before anything is unpacked.
"""

import shutil
import stat
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path, PurePosixPath, PureWindowsPath

__all__ = ["is_archive", "unpack"]

TAR = (".tgz", ".tar", ".tar.gz", ".tar.bz2", ".tar.xz")
ENDINGS = (*TAR, ".zip")


def is_archive(path: Path) -> bool:
    """Whether a file is called as archives are; ``.pt`` and ``.npz``, which are, are not."""
    return path.name.lower().endswith(ENDINGS)


def unpack(path: Path, report: Callable[[str], object] = print) -> Path:
    """Unpack an archive into a folder of its name beside it.

    Args:
        path: The archive, tar (compressed or not) or ZIP.
        report: Takes a line of what happened.

    Returns:
        The folder; one that is there already is left as it is.

    Raises:
        OSError: If the disk is full or the folder cannot be written; nothing is left behind.
        ValueError: If the archive is damaged, or would write anything but files in its folder.
    """
    ending = next(end for end in ENDINGS if path.name.lower().endswith(end))
    folder = path.with_name(path.name[: -len(ending)])
    if folder.exists():
        report(f"{folder} is already there; {path.name} is not unpacked again")
        return folder
    partial = folder.with_name(f"{folder.name}.unpacking")
    shutil.rmtree(partial, ignore_errors=True)
    try:
        try:
            (_unpack_tar if ending in TAR else _unpack_zip)(path, partial)
        except (tarfile.TarError, zipfile.BadZipFile, zlib.error, EOFError, RuntimeError) as error:
            raise ValueError(f"{path} is damaged ({error}); get it again with --force") from error
        partial.rename(folder)
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    found = sorted(each for each in folder.rglob("*") if each.is_file())
    listed = ", ".join(each.relative_to(folder).as_posix() for each in found[:4])
    report(f"unpacked {len(found)} files into {folder}: {listed}" + ", ..." * (len(found) > 4))
    return folder


def _unpack_tar(path: Path, folder: Path) -> None:
    with tarfile.open(path) as archive:
        members = archive.getmembers()
        for member in members:
            _refuse(path, member.name, member.isfile() or member.isdir())
        _refuse_too_large(path, sum(member.size for member in members))
        for member in members:
            target = folder / member.name
            if member.isdir():
                target.mkdir(parents=True, exist_ok=True)
            elif (stream := archive.extractfile(member)) is not None:
                _write(target, iter(lambda: stream.read(2**20), b""))


def _unpack_zip(path: Path, folder: Path) -> None:
    with zipfile.ZipFile(path) as archive:
        members = archive.infolist()
        for member in members:
            kind = stat.S_IFMT(member.external_attr >> 16)
            _refuse(path, member.filename, kind in (0, stat.S_IFREG, stat.S_IFDIR))
        _refuse_too_large(path, sum(member.file_size for member in members))
        for member in members:
            target = folder / member.filename
            if member.is_dir():
                target.mkdir(parents=True, exist_ok=True)
                continue
            with archive.open(member) as stream:
                _write(target, iter(lambda: stream.read(2**20), b""))


def _refuse(path: Path, name: str, plain: bool) -> None:
    """Refuse what is not a file or folder below the one that is unpacked to."""
    parts = PurePosixPath(name).parts
    rooted = PurePosixPath(name).is_absolute() or PureWindowsPath(name).drive or "\\" in name
    if not plain or rooted or ".." in parts:
        raise ValueError(
            f"{path} is not unpacked: its member {name!r} is "
            + ("outside its folder" if plain else "a link or a device")
        )


def _refuse_too_large(path: Path, size: int) -> None:
    free = shutil.disk_usage(path.parent).free
    if size > free:
        raise OSError(f"{path} unpacked takes {size} bytes; {free} are free in {path.parent}")


def _write(target: Path, chunks: Iterator[bytes]) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    with target.open("xb") as stream:
        stream.writelines(chunks)
