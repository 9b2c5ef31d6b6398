"""Make a file of samples from its law: in parallel, resumable, whole or not at all.

Blocks of samples are solved by worker processes and lie as parts in a hidden folder beside the
file until all are there; a kill loses the blocks at work. What is in a block depends on the law,
the seed and its number only, so neither the number of workers nor a resume changes a byte of it.
"""

import fcntl
import io
import json
import shutil
from collections.abc import Iterator, Mapping
from concurrent.futures import as_completed
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import h5py
import numpy as np
import scipy
from tqdm import tqdm

import sgn_sciml
from sgn_sciml.commands.workers import worker_processes
from sgn_sciml.laws import Law
from sgn_sciml.laws.law import Array
from sgn_sciml.layouts.samples import SgnSamples, write_samples

__all__ = ["make"]


def make(
    law: Law,
    path: str | Path,
    samples: int,
    seed: int = 0,
    *,
    workers: int = 0,
    dtype: str = "float32",
    restart: bool = False,
    force: bool = False,
    progress: bool = True,
) -> Path:
    """Make a file of samples.

    Args:
        law: What to sample and solve.
        path: File to write.
        samples: Number of samples.
        seed: Seed of the samples.
        workers: Processes; 0 takes every core this process may use.
        dtype: Type of the stored fields; the solve is in float64.
        restart: Throw away the parts of an unfinished file that was asked for differently.
        force: Replace an existing file that was asked for differently.
        progress: Show a progress bar.

    Returns:
        The path.

    Raises:
        FileExistsError: If there is another file of this name.
        ValueError: If an argument is out of range, or a solution is not finite.
        OSError: If another process is making the file, or the disk is full.
    """
    path = Path(path)
    if samples < 1 or seed < 0 or workers < 0:
        raise ValueError("the number of samples must be >= 1, seed and workers >= 0")
    if dtype not in ("float32", "float64"):
        raise ValueError(f"dtype must be float32 or float64, got {dtype}")
    plan = Plan(law, seed, dtype)
    if path.exists() and not force:
        if plan.made(path, samples):
            return path
        raise FileExistsError(
            f"{path} exists and was made differently; use --force to replace it, or another name"
        )
    path.parent.mkdir(parents=True, exist_ok=True)
    with _parts(path, plan, restart) as parts:
        _check_space(parts, law, samples, dtype)
        convergence = _solve(parts, plan, samples, workers, progress)
        write_samples(
            path,
            law.coordinates(),
            law.axes,
            _blocks(parts, law, samples),
            samples,
            dtype=dtype,
            attrs={"law": law.name, "about": law.about, "seed": seed, "licence": "CC0-1.0"},
            groups={
                "parameters": law.parameters(),
                "convergence": convergence,
                "versions": plan.versions(),
            },
        )
        shutil.rmtree(parts)
    return path


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
def _parts(path: Path, plan: Plan, restart: bool) -> Iterator[Path]:
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


def _check_space(parts: Path, law: Law, samples: int, dtype: str) -> None:
    """Refuse at once what cannot end well: parts and file lie side by side for a moment."""
    points = {name: len(values) for name, values in law.coordinates().items()}
    sample = sum(np.prod([points[a] for a in axes]) for axes in law.axes.values())
    there = sum(part.stat().st_size for part in parts.glob("*.npz"))
    size = int(sample) * samples * np.dtype(dtype).itemsize
    free = shutil.disk_usage(parts).free + there
    if 2 * size > free:
        raise OSError(
            f"not enough room: {samples} samples of {law.name} need up to "
            f"{2 * size / 2**20:.0f} MB while they are made, {free / 2**20:.0f} MB are free"
        )


def _solve(
    parts: Path, plan: Plan, samples: int, workers: int, progress: bool
) -> dict[str, float | str]:
    """Make the parts that are missing; returns the solver's convergence."""
    law, note = plan.law, parts / "convergence.json"
    size = {first: min(law.block, samples - first) for first in range(0, samples, law.block)}
    missing = [first for first in size if not _part(parts, first).exists()]
    bar = tqdm(
        total=samples,
        initial=samples - sum(size[first] for first in missing),
        unit="sample",
        desc=law.name,
        disable=not progress,
        leave=False,
    )
    with bar, worker_processes(workers) as pool:
        check = None if note.exists() else pool.submit(law.self_convergence, plan.seed)
        futures = {pool.submit(_make_part, plan, parts, first): first for first in missing}
        for future in as_completed(futures):
            future.result()
            bar.update(size[futures[future]])
        if check is not None:
            bar.set_description(f"{law.name}: checking the solver")
            _write_whole(note, json.dumps(_convergence(law, check.result())).encode())
    result: dict[str, float | str] = json.loads(note.read_text())
    return result


def _convergence(law: Law, difference: float) -> dict[str, float | str]:
    """What is known of the solver's error, as the file says it."""
    ours, other = law.parameters(), law.other_solver().parameters()
    against = ", ".join(f"{k} = {v}" for k, v in other.items() if v != ours[k])
    return {
        "relative_difference": difference,
        "against": against,  # empty if there is nothing to refine
        "samples": law.checked,
    }


def _part(parts: Path, first: int) -> Path:
    return parts / f"{first:07d}.npz"


def _make_part(plan: Plan, parts: Path, first: int) -> None:
    """Solve one whole block, also past the end of the file: a longer file takes it as it is."""
    fields = plan.law.samples(plan.seed, range(first, first + plan.law.block))
    buffer = io.BytesIO()
    np.savez(buffer, **{k: v.astype(plan.dtype) for k, v in fields.items()})  # type: ignore[arg-type]
    _write_whole(_part(parts, first), buffer.getbuffer())


def _write_whole(path: Path, content: bytes | memoryview) -> None:
    partial = path.with_suffix(".partial")
    partial.write_bytes(content)
    partial.replace(path)


def _blocks(parts: Path, law: Law, samples: int) -> Iterator[Mapping[str, Array]]:
    """The parts in order, cut to the number of samples."""
    for first in range(0, samples, law.block):
        with np.load(_part(parts, first)) as part:
            yield {name: part[name][: samples - first] for name in law.axes}
