"""``sgn data fetch NAME``: an official benchmark file, whole and verified, or not at all.

A broken download continues where it stopped, in the same process or the next one. (pooch, the
usual tool, cannot: it has no range requests.)
"""

import argparse
import shutil
import sys
from collections.abc import Callable
from functools import cache, partial
from pathlib import Path

from sgn_sciml.benchmark_data.catalog import Remote, find_remote, list_remotes, readable_size
from sgn_sciml.benchmark_data.partial_file import PartialFile, hash_of, partial_file
from sgn_sciml.benchmark_data.transfer import Report, receive_all
from sgn_sciml.benchmark_data.unpack import is_archive, unpack
from sgn_sciml.benchmark_data.web import size_of
from sgn_sciml.system.terminal import printable

__all__ = ["add_fetch_parser", "fetch"]

LARGE = 10**9  # bytes; above, the user is asked


def ask(question: str) -> bool:
    """Put a yes/no question on the terminal.

    Raises:
        ValueError: If there is no terminal to ask on.
    """
    if not sys.stdin.isatty():
        raise ValueError(
            "above 1 GB (or of unknown size) a yes is needed and there is no terminal: add --yes"
        )
    try:
        return input(f"{question} [y/N] ").strip().lower() in ("y", "yes")
    except EOFError:
        return False


def is_there(remote: Remote, target: Path, force: bool, report: Report) -> bool:
    """Whether the file need not be fetched.

    Raises:
        ValueError: If another file has its name and ``force`` is not set.
    """
    if not target.exists():
        return False
    algorithm, expected = remote.checksum
    report(f"checking {target}")
    found = hash_of(target, algorithm)
    if expected is None and not force:
        report(f"{target} is already there; no checksum is known for it, its sha256 is {found}")
        return True
    if found == expected:
        report(f"{target} is already there, {algorithm} verified")
        return True
    if not force:
        raise ValueError(
            f"{target} exists and is another file: {algorithm} {found}, expected {expected}; "
            "move it away, or replace it with --force"
        )
    return False


def permit(
    remote: Remote,
    part: PartialFile,
    report: Report,
    confirm: Callable[[str], bool],
    total: int | None,
) -> None:
    """Show size and free space; let a download pass that fits and that the user wants.

    Raises:
        OSError: If the disk cannot hold it.
        ValueError: If the user declines, or cannot be asked.
    """
    free = shutil.disk_usage(part.path.parent).free
    size = f"{readable_size(total)} ({total} bytes)" if total is not None else "of unknown size"
    have = f", {readable_size(part.size)} of it already here" if part.size else ""
    report(
        f"{remote.file}: {size}{have}; {readable_size(free)} free in {part.path.parent}\n"
        f"  {remote.about}\n  from {remote.url}\n  licence: {remote.licence}"
    )
    if total is not None and total - part.size > free:
        missing = readable_size(total - part.size - free)
        raise OSError(
            f"the disk of {part.path.parent} is too small for {remote.file} by {missing}"
        )
    if (total is None or total > LARGE) and not confirm("Download it?"):
        raise ValueError(f"{remote.file} was not downloaded")


def fetch(
    remote: Remote,
    folder: Path | str,
    *,
    force: bool = False,
    assume_yes: bool = False,
    confirm: Callable[[str], bool] = ask,
    report: Report = print,
    timeout: float = 60.0,
    patience: int = 6,
    pause: float = 1.0,
) -> Path:
    """Download a file, or continue an earlier download of it.

    Args:
        remote: What to download.
        folder: Where to put it; made if need be.
        force: Replace a file of that name whose checksum is another or unknown.
        assume_yes: Do not ask before a download above 1 GB.
        confirm: Asks the user a yes/no question.
        report: Takes each line of what happens.
        timeout: Seconds of silence after which a connection counts as broken.
        patience: Attempts in a row that may bring nothing new.
        pause: Seconds before the second attempt; they double with each further one.

    Returns:
        The file. It is whole, and verified if a checksum is published.

    Raises:
        OSError: If the server, the network or the disk fails; what arrived is kept.
        ValueError: If the checksum differs, another file is in the way, or the user declines.
    """
    target = Path(folder) / remote.file
    if is_there(remote, target, force, report):
        return target
    target.parent.mkdir(parents=True, exist_ok=True)
    algorithm, expected = remote.checksum
    with partial_file(target, remote.url, algorithm) as part:
        if not force and is_there(remote, target, force, report):
            return target  # another process finished it a moment ago
        yes = (lambda question: True) if assume_yes else confirm
        agree = cache(partial(permit, remote, part, report, yes))  # once for each size announced
        try:
            if size := size_of(remote.url, timeout):
                agree(size)
            if part.size:  # now, because a server does not wait until gigabytes are read again
                report(f"reading the {readable_size(part.size)} that are here")
                part.prepare()
            receive_all(
                remote, part, agree, report, timeout=timeout, patience=patience, pause=pause
            )
        except KeyboardInterrupt:
            report(kept(part))
            raise
        except OSError as error:
            raise OSError(f"{error}; {kept(part)}") from error
        found = part.hexdigest
        if expected not in (None, found):
            part.remove()
            raise ValueError(
                f"{remote.file} arrived damaged or is another file: {algorithm} {found}, "
                f"expected {expected}; it was removed"
            )
        part.finish()
    if expected is None:
        report(f"NOT VERIFIED: no checksum is known for {remote.file}; its sha256 is {found}")
    verified = f", {algorithm} verified" if expected else ""
    report(f"wrote {target} ({readable_size(part.size)}{verified})")
    return target


def kept(part: PartialFile) -> str:
    """What an interrupted download leaves."""
    if not part.size:
        return "nothing was downloaded"
    return f"{readable_size(part.size)} are kept in {part.path}, the same command resumes"


def add_fetch_parser(
    subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]",
) -> argparse.ArgumentParser:
    """Add the command ``fetch``; the parsed options carry the function ``run(options)``."""
    parser = subparsers.add_parser(
        "fetch",
        help="download an official benchmark file",
        description="Download an official benchmark file; the same command resumes. "
        "An archive is unpacked into a folder beside it.",
    )
    parser.add_argument("name", nargs="?", metavar="NAME", help="which file; none lists them all")
    parser.add_argument("-o", "--folder", type=Path, default=Path("data"), help="default: data")
    parser.add_argument("--yes", action="store_true", help="do not ask before more than 1 GB")
    parser.add_argument("--force", action="store_true", help="replace a file that differs")
    parser.add_argument("--no-unpack", action="store_true", help="leave an archive as it is")
    parser.add_argument("--list", action="store_true", help="list the files")
    parser.set_defaults(run=run)
    return parser


def run(options: argparse.Namespace) -> None:
    """Carry out ``sgn data fetch``."""
    if options.list or options.name is None:
        print(list_remotes())
        return

    def report(line: str) -> None:
        print(printable(line), flush=True)  # a log file shows it while the download runs

    remote = find_remote(options.name)
    folder, yes = options.folder, options.yes
    target = fetch(remote, folder, force=options.force, assume_yes=yes, report=report)
    if is_archive(target) and not options.no_unpack:
        unpack(target, report)
