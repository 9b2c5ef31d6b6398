"""Run folders: ``runs/<name>/version_k/`` and what lies in them.

====================  ==========================================================================
config.yaml           the resolved configuration; ``--config`` it to replay the run
card.json             what is needed to trust a number: versions, seed, data, budget, results
metrics.csv           every logged number; TensorBoard events lie beside it
checkpoints/          ``best.ckpt`` (by held-out loss) and ``last.ckpt``
figures/              PNG
results.csv           what ``sgn test`` measured: test set, metric, value
results.md            the same as a table, with notes
predictions.h5        what ``sgn predict`` wrote; of several test sets a file each,
                      ``predictions_<test set>.h5``; of a signal also PNG or WAV
export/               what ``sgn export`` wrote: weights, ONNX, rate and distortion
====================  ==========================================================================
"""

import os
import re
import shutil
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

__all__ = ["RunFolder", "find_checkpoint", "find_run", "new_run"]


@dataclass(frozen=True)
class RunFolder:
    """One version of a run.

    Attributes:
        root: Folder of all runs.
        name: Name of the run.
        version: Number of the version.
    """

    root: Path
    name: str
    version: int

    @property
    def path(self) -> Path:
        """The folder."""
        return self.root / self.name / f"version_{self.version}"

    @property
    def checkpoints(self) -> Path:
        """The folder of its checkpoints."""
        return self.path / "checkpoints"

    def discard(self) -> None:
        """Remove the folder, unless it holds a checkpoint, and those above it if empty then."""
        if any(self.checkpoints.glob("*.ckpt")):
            return
        shutil.rmtree(self.path, ignore_errors=True)
        for folder in (self.path.parent, self.root):
            with suppress(OSError):
                folder.rmdir()

    @classmethod
    def holding(cls, path: Path) -> "RunFolder | None":
        """The run folder that a file lies in, or None."""
        for folder in path.absolute().parents:
            if match := re.fullmatch(r"version_(\d+)", folder.name):
                return cls(folder.parent.parent, folder.parent.name, int(match[1]))
        return None


def versions(root: Path, name: str) -> list[RunFolder]:
    """The versions of a run, oldest first."""
    numbers = [path.name.removeprefix("version_") for path in (root / name).glob("version_*")]
    return [RunFolder(root, name, k) for k in sorted(int(n) for n in numbers if n.isdigit())]


def new_run(root: Path, name: str) -> RunFolder:
    """Create the folder of a new version; no existing one is ever reused.

    Raises:
        OSError: If it cannot be created.
    """
    last = versions(root, name)
    version = last[-1].version + 1 if last else 0
    while True:
        run = RunFolder(root, name, version)
        try:
            run.path.mkdir(parents=True)
            return run
        except FileExistsError:  # another process was faster
            version += 1


def find_checkpoint(
    word: str | None, root: Path, name: str, inside: RunFolder | None = None
) -> tuple[Path, RunFolder | None]:
    """Resolve ``best``, ``last`` or a path to a checkpoint and the run folder it lies in, if any.

    Args:
        word: ``best``, ``last`` or the path of a checkpoint; None for ``best`` or, where a run
            validated nothing, ``last``.
        root: Folder of all runs.
        name: Name of the run.
        inside: The version that is meant; None for the newest that has such a checkpoint.

    Raises:
        FileNotFoundError: If there is none.
    """
    if word is not None and word not in ("best", "last"):
        path = Path(word)
        if not path.is_file():
            raise FileNotFoundError(f"no checkpoint {word} (give a file, 'best' or 'last')")
        return path, RunFolder.holding(path)
    for run in [inside] if inside else reversed(versions(root, name)):
        for kind in (word,) if word else ("best", "last"):
            path = run.checkpoints / f"{kind}.ckpt"
            if path.is_file():
                return path, run
    where = inside.path if inside else root / name
    raise FileNotFoundError(f"no {word or 'best'} checkpoint under {where}; run `sgn fit` first")


def find_run(path: Path, word: str | None) -> tuple[RunFolder, Path]:
    """The folder of a run and one of its checkpoints.

    Args:
        path: A run folder, the folder of all its versions (the newest is taken), a file in a run
            folder, or a checkpoint in one.
        word: ``best``, ``last`` or the path of a checkpoint.

    Raises:
        FileNotFoundError: If there is none.
        ValueError: If a checkpoint lies in no run folder.
    """
    if path.suffix == ".ckpt" and path.is_file():
        run = RunFolder.holding(path)
        if run is None:
            raise ValueError(
                f"{path} lies in no run folder, so its data are unknown; "
                f"name the run as well, and the checkpoint with --ckpt {path}"
            )
        return run, path
    run = RunFolder.holding(path if path.is_file() else path / "config.yaml")
    if run is None:
        found = versions(path.parent, path.name)
        if not found:
            raise FileNotFoundError(
                f"no run {path}; give a folder such as runs/image_inr/version_0"
            )
        run = found[-1]
    if not run.path.is_dir():
        raise FileNotFoundError(f"no run {path}")
    if not path.is_absolute():  # to be shown as it was given
        run = replace(run, root=Path(os.path.relpath(run.root)))
    return run, find_checkpoint(word, run.root, run.name, run)[0]
