"""The way of bytes from a server to a part file: answers judged, breaks survived."""

import time
from collections.abc import Callable
from functools import partial

from tqdm import tqdm

from sgn_sciml.benchmark_data.catalog import Remote
from sgn_sciml.benchmark_data.partial_file import PartialFile
from sgn_sciml.benchmark_data.web import Answer, Dropped, request

__all__ = ["Report", "receive_all"]

Report = Callable[[str], object]
LONGEST_PAUSE = 30.0
SLACK = 10**6  # bytes


def align(part: PartialFile, answer: Answer, report: Report) -> bool:
    """Make the part end where the answer begins; False if nothing is left to come.

    Raises:
        Dropped: If the part is of no use and the answer neither; the next request starts over.
    """
    if answer.start == 0:
        if part.size:
            same = part.belongs_to(answer)
            why = "the server cannot continue" if same else "the file on the server has changed"
            report(f"{why}; starting over")
        part.restart(answer)
        return True
    fits = part.belongs_to(answer)
    if fits and answer.start == part.size:
        return True
    if fits and answer.start is None and part.size == (answer.total or part.total):
        return False
    part.restart(None)
    raise Dropped("what is here does not fit the file on the server; starting over")


def receive(
    remote: Remote,
    part: PartialFile,
    agree: Callable[[int | None], None],
    report: Report,
    timeout: float,
) -> None:
    """One request: append what comes until the file is whole.

    Raises:
        Dropped: If it is not whole yet.
        OSError: For a fault that stays.
    """
    verifiable = remote.checksum[1] is not None
    if part.size and not (part.validator or verifiable):
        part.restart(None)  # nothing would tell if two versions of the file were joined
    with request(remote.url, timeout, start=part.size, validator=part.validator) as answer:
        if not align(part, answer, report):
            return
        if answer.total is None and not verifiable:
            raise OSError(f"{remote.url}: without size and checksum a cut file looks whole")
        agree(answer.total)
        # Sizes of the catalogue are rounded.
        limit = answer.total if remote.size is None else round(1.1 * remote.size) + SLACK
        if limit is not None and answer.total is not None and answer.total > limit:
            raise OSError(
                f"{remote.url}: the server announces {answer.total} bytes, the file has about "
                f"{remote.size}; this is another file"
            )
        bar = partial(tqdm, unit="B", unit_scale=True, desc=remote.file, disable=None)
        with bar(total=answer.total, initial=part.size) as progress:
            for chunk in answer.chunks():
                if limit is not None and part.size + len(chunk) > limit:
                    part.restart(None)
                    raise OSError(
                        f"{remote.url}: the server sends more than {limit} bytes, the file is "
                        "smaller; nothing of it is kept"
                    )
                part.write(chunk)
                progress.update(len(chunk))
    if answer.total is not None and part.size != answer.total:
        raise Dropped(f"the connection ended after {part.size} of {answer.total} bytes")


def receive_all(
    remote: Remote,
    part: PartialFile,
    agree: Callable[[int | None], None],
    report: Report,
    *,
    timeout: float,
    patience: int,
    pause: float,
) -> None:
    """Receive a file until it is whole, through broken connections and busy servers.

    Args:
        remote: What to download.
        part: Where the bytes go; those that are there are continued.
        agree: Called with the size that the server announces, before the first byte is taken.
        report: Takes each line of what happens.
        timeout: Seconds of silence after which a connection counts as broken.
        patience: Attempts in a row that may bring nothing new.
        pause: Seconds before the second attempt; they double with each further one.

    Raises:
        OSError: If the patience is used up, or for a fault that stays.
    """
    attempts = furthest = 0
    while True:
        try:
            return receive(remote, part, agree, report, timeout)
        except Dropped as error:
            attempts = 1 if part.size > furthest else attempts + 1
            furthest = max(furthest, part.size)  # a restart is not news: it may break there again
            if attempts >= patience:
                raise OSError(f"{remote.url}: {error}, {attempts} attempts") from error
            wait = min(pause * 2 ** (attempts - 1), LONGEST_PAUSE)
            report(f"{error}; trying again in {wait:g} s")
            time.sleep(wait)
