"""Parts of a file that is being made: blocks of samples in a hidden folder beside it."""

import io
import json
import shutil
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import h5py
import numpy as np
import scipy

from sgn_sciml.laws import Law
from sgn_sciml.laws.law import Array
from sgn_sciml.layouts import SgnSamples
from sgn_sciml.system.archives import refuse_damaged_archive
from sgn_sciml.system.locks import held
from sgn_sciml.system.names import __version__
from sgn_sciml.system.writing import write_whole

__all__ = [
    "Recipe",
    "blocks",
    "discard_damaged",
    "held_parts",
    "make_part",
    "part_files",
    "part_path",
]


@dataclass(frozen=True)
class Recipe:
    """What decides the content of a block.

    Attributes:
        law: The law.
        seed: The seed.
        dtype: Type of the stored fields.
    """

    law: Law
    seed: int
    dtype: str

    def versions(self) -> dict[str, str]:
        """Versions of the software that a file depends on."""
        return {
            "sgn-sciml": __version__,
            "numpy": np.__version__,
            "scipy": scipy.__version__,
            "h5py": h5py.__version__,
            **self.law.software(),
        }

    def text(self) -> str:
        """The recipe as a file's content."""
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
        """Whether a file is what this recipe makes."""
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
def held_parts(path: Path, recipe: Recipe, restart: bool) -> Iterator[Path]:
    """The folder of parts, held by this process alone.

    Args:
        path: The file that is being made.
        recipe: How.
        restart: Throw away parts of another recipe.

    Yields:
        The folder. If it holds no part when the block ends, it is removed.

    Raises:
        OSError: If another process is making the file.
        FileExistsError: If there are parts of another recipe and ``restart`` is not set.
    """
    parts = path.with_name(f".{path.name}.parts")
    lock = path.with_name(f".{path.name}.lock")
    with held(lock, f"another process is making {path}", remove=True):
        note = parts / "plan.json"
        if note.exists() and note.read_bytes() != recipe.text().encode():
            if not restart and part_files(parts):
                raise FileExistsError(
                    f"an unfinished {path} was asked for differently (see {note}); "
                    "finish that one, or use --restart to throw its parts away"
                )
            shutil.rmtree(parts)
        write_whole(note, recipe.text())
        try:
            yield parts
        finally:
            if not part_files(parts):  # nothing that a later run could use
                shutil.rmtree(parts, ignore_errors=True)


def part_files(parts: Path) -> list[Path]:
    """The blocks that are whole, in order."""
    return sorted(parts.glob("[0-9]*.npz"))


def part_path(parts: Path, first: int) -> Path:
    """Where the block that begins with a sample lies."""
    return parts / f"{first:07d}.npz"


def make_part(recipe: Recipe, parts: Path, first: int) -> None:
    """Solve one whole block, also past the end of the file: a longer file takes it as it is."""
    fields = recipe.law.samples(recipe.seed, range(first, first + recipe.law.block))
    buffer = io.BytesIO()
    kinds = {name: recipe.dtype if axes else "float64" for name, axes in recipe.law.axes.items()}
    np.savez(buffer, **{k: v.astype(kinds[k]) for k, v in fields.items()})  # type: ignore[arg-type]
    write_whole(part_path(parts, first), buffer.getbuffer(), durable=True)


def discard_damaged(parts: Path) -> None:
    """Remove the blocks and the note of convergence that are empty or damaged: all are made again.

    A block is damaged if it differs from its checksums.
    """
    note = parts / "convergence.json"
    try:
        if note.exists() and not isinstance(json.loads(note.read_bytes()), dict):
            note.unlink()
    except ValueError:
        note.unlink()
    for path in part_files(parts):
        try:
            if not zipfile.is_zipfile(path):
                raise ValueError(f"{path} is not a block")
            refuse_damaged_archive(path)
        except ValueError:
            path.unlink()


def blocks(parts: Path, law: Law, samples: int) -> Iterator[Mapping[str, Array]]:
    """The parts in order, cut to the number of samples."""
    for first in range(0, samples, law.block):
        with np.load(part_path(parts, first)) as part:
            yield {name: part[name][: samples - first] for name in law.axes}
