"""Parts of a file that is being made: blocks of samples in a hidden folder beside it."""

import fcntl
import io
import json
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import h5py
import numpy as np
import scipy

import sgn_sciml
from sgn_sciml.laws import Law
from sgn_sciml.laws.law import Array
from sgn_sciml.layouts import SgnSamples

__all__ = ["Plan", "blocks", "held_parts", "make_part", "part_path", "write_whole"]


@dataclass(frozen=True)
class Plan:
    """What decides the content of a block.

    Attributes:
        law: The law.
        seed: The seed.
        dtype: Type of the stored fields.
    """

    law: Law
    seed: int
    dtype: str

    @staticmethod
    def versions() -> dict[str, str]:
        """Versions of the software that a file depends on."""
        return {
            "sgn-sciml": sgn_sciml.__version__,
            "numpy": np.__version__,
            "scipy": scipy.__version__,
            "h5py": h5py.__version__,
        }

    def text(self) -> str:
        """The plan as a file's content."""
        return json.dumps(
            {
                "law": self.law.name,
                "parameters": self.law.parameters(),
                "seed": self.seed,
                "dtype": self.dtype,
                "versions": self.versions(),
            },
            indent=1,
        )

    def made(self, path: Path, samples: int) -> bool:
        """Whether a file is what this plan makes."""
        try:
            source = SgnSamples(path)
        except ValueError:
            return False
        wanted = {"law": self.law.name, "seed": self.seed} | self.law.parameters()
        types = {str(field.dtype) for field in source.fields.values()}
        return (dict(source.parameters), source.num_samples, types) == (
            wanted,
            samples,
            {self.dtype},
        )


@contextmanager
def held_parts(path: Path, plan: Plan, restart: bool) -> Iterator[Path]:
    """The folder of parts, held by this process alone."""
    parts = path.with_name(f".{path.name}.parts")
    parts.mkdir(exist_ok=True)
    with (parts / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise OSError(f"another process is making {path}") from error
        note = parts / "plan.json"
        if note.exists() and note.read_text() != plan.text():
            if not restart and any(parts.glob("*.npz")):
                raise FileExistsError(
                    f"an unfinished {path} was asked for differently (see {note}); "
                    "finish that one, or use --restart to throw its parts away"
                )
            for part in parts.iterdir():
                if part.name != "lock":
                    part.unlink()
        note.write_text(plan.text())
        try:
            yield parts
        finally:
            if parts.exists() and not any(parts.glob("*.npz")):
                shutil.rmtree(parts)  # nothing that a later run could use


def part_path(parts: Path, first: int) -> Path:
    """Where the block that begins with a sample lies."""
    return parts / f"{first:07d}.npz"


def make_part(plan: Plan, parts: Path, first: int) -> None:
    """Solve one whole block, also past the end of the file: a longer file takes it as it is."""
    fields = plan.law.samples(plan.seed, range(first, first + plan.law.block))
    buffer = io.BytesIO()
    np.savez(buffer, **{k: v.astype(plan.dtype) for k, v in fields.items()})  # type: ignore[arg-type]
    write_whole(part_path(parts, first), buffer.getbuffer())


def write_whole(path: Path, content: bytes | memoryview) -> None:
    """Write a file under a name that appears when all of it is there."""
    partial = path.with_suffix(".partial")
    partial.write_bytes(content)
    partial.replace(path)


def blocks(parts: Path, law: Law, samples: int) -> Iterator[Mapping[str, Array]]:
    """The parts in order, cut to the number of samples."""
    for first in range(0, samples, law.block):
        with np.load(part_path(parts, first)) as part:
            yield {name: part[name][: samples - first] for name in law.axes}
