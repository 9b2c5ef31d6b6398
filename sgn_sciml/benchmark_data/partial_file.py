"""A file that is still arriving: its bytes, their hash, and what is needed to go on after a kill.

Beside ``data/x.h5`` lie ``data/.x.h5.part`` (the bytes) and ``data/.x.h5.part.json`` (what the
server said of the file they belong to), and while they arrive ``data/.x.h5.part.lock``. The name
``data/x.h5`` is given to a whole file only.
"""

import hashlib
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sgn_sciml.benchmark_data.web import Answer
from sgn_sciml.system.locks import held
from sgn_sciml.system.writing import write_whole

__all__ = ["PartialFile", "hash_of", "partial_file"]


def new_hash(algorithm: str) -> Any:
    """A hash that also works where md5 is forbidden as a signature."""
    return hashlib.new(algorithm, usedforsecurity=False)


def hash_of(path: Path, algorithm: str) -> str:
    """The hash of a file in hexadecimal."""
    with path.open("rb") as file:
        return str(hashlib.file_digest(file, lambda: new_hash(algorithm)).hexdigest())


@contextmanager
def partial_file(target: Path, url: str, algorithm: str) -> Iterator["PartialFile"]:
    """The bytes of a file that have arrived; no other process has them while the block runs.

    Args:
        target: Where the whole file goes.
        url: Where the bytes come from; those of another address are forgotten.
        algorithm: Name of the hash.

    Raises:
        OSError: If another process is downloading the same file.
    """
    lock = target.with_name(f".{target.name}.part.lock")
    with held(lock, f"another process is downloading {target}", remove=True):
        part = PartialFile(target, url, algorithm)
        try:
            yield part
        finally:
            part.close()


class PartialFile:
    """The bytes of a file that have arrived, open to take more.

    Args:
        target: Where the whole file goes.
        url: Where the bytes come from; those of another address are forgotten.
        algorithm: Name of the hash.

    Attributes:
        path: Where the bytes are.
        size: Their number.
        validator: What the server said to recognise the file by, if anything.
        total: Size of the whole file, if known.
    """

    def __init__(self, target: Path, url: str, algorithm: str) -> None:
        self.target, self.url, self.algorithm = target, url, algorithm
        self.path = target.with_name(f".{target.name}.part")
        self.notes = target.with_name(f".{target.name}.part.json")
        self._file = self.path.open("ab", buffering=0)
        self.size = os.fstat(self._file.fileno()).st_size
        self.validator: str | None = None
        self.total: int | None = None
        self._hash: Any = None
        self._recall()

    def _recall(self) -> None:
        try:
            notes = json.loads(self.notes.read_text(encoding="utf-8"))
            if notes["url"] != self.url:
                return self.restart(None)
            self.validator, self.total = notes["validator"], notes["total"]
        except (OSError, ValueError, LookupError, TypeError):
            pass  # the kill came before they were written; a checksum can still save the bytes

    def close(self) -> None:
        """Take no more bytes; if there are none, leave nothing behind."""
        self._file.close()
        if not self.size:
            self.remove()

    @property
    def hexdigest(self) -> str:
        """The hash of the bytes so far."""
        return str(self.prepare().hexdigest())

    def prepare(self) -> Any:
        """The running hash; the bytes of an earlier process are read for it once."""
        if self._hash is None:
            with self.path.open("rb") as file:
                self._hash = hashlib.file_digest(file, lambda: new_hash(self.algorithm))
        return self._hash

    def belongs_to(self, answer: Answer) -> bool:
        """Whether the bytes are of the file that the server has now, as far as is known."""
        said = ((self.validator, answer.validator), (self.total, answer.total))
        return all(None in pair or pair[0] == pair[1] for pair in said)

    def restart(self, answer: Answer | None) -> None:
        """Forget the bytes; note what is known of the file to come."""
        self._file.truncate(0)
        self.size, self._hash = 0, None
        self.validator = answer.validator if answer else None
        self.total = answer.total if answer else None
        notes = {"url": self.url, "validator": self.validator, "total": self.total}
        write_whole(self.notes, json.dumps(notes) + "\n")

    def write(self, data: bytes) -> None:
        """Append bytes; where the disk is full, those that fit are kept."""
        running, rest = self.prepare(), memoryview(data)
        while rest:
            written = os.write(self._file.fileno(), rest)
            running.update(rest[:written])
            self.size += written
            rest = rest[written:]

    def finish(self) -> None:
        """Give the bytes their final name, in one step."""
        os.fsync(self._file.fileno())
        self._file.close()  # Windows gives no open file another name
        self.path.replace(self.target)
        self.notes.unlink(missing_ok=True)

    def remove(self) -> None:
        """Remove the bytes."""
        self._file.close()
        for path in (self.path, self.notes):
            path.unlink(missing_ok=True)
