"""Make a file of samples from its law: in parallel, resumable, whole or not at all.

Blocks of samples are solved by worker processes and lie as parts in a hidden folder beside the
file until all are there; a kill loses the blocks at work. What is in a block depends on the law,
the seed and its number only, so neither the number of workers nor a resume changes a byte of it.
"""

import json
import shutil
from concurrent.futures import as_completed
from pathlib import Path

import numpy as np
from tqdm import tqdm

from sgn_sciml.benchmark_data.blocks import (
    Recipe,
    blocks,
    discard_damaged,
    held_parts,
    make_part,
    part_files,
    part_path,
)
from sgn_sciml.benchmark_data.workers import worker_processes
from sgn_sciml.laws import Law
from sgn_sciml.layouts import write_samples
from sgn_sciml.system.writing import write_whole

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
    recipe = Recipe(law, seed, dtype)
    if path.is_dir():
        raise ValueError(f"{path} is a folder: name a file in it, such as {path / law.name}.h5")
    if path.exists() and not force:
        if recipe.made(path, samples):
            return path
        raise FileExistsError(
            f"{path} exists and was made differently; use --force to replace it, or another name"
        )
    path.parent.mkdir(parents=True, exist_ok=True)
    with held_parts(path, recipe, restart) as parts:
        _check_space(parts, law, samples, dtype)
        convergence = _solve(parts, recipe, samples, workers, progress)
        write_samples(
            path,
            law.coordinates(),
            law.axes,
            blocks(parts, law, samples),
            samples,
            dtype=dtype,
            attrs={"law": law.name, "about": law.about, "seed": seed}
            | ({"licence": law.licence} if law.licence else {}),
            groups={
                "parameters": law.parameters(),
                "convergence": convergence,
                "versions": recipe.versions(),
            },
        )
        shutil.rmtree(parts)
    return path


def _check_space(parts: Path, law: Law, samples: int, dtype: str) -> None:
    """Refuse at once what cannot end well: parts and file lie side by side for a moment."""
    points = {name: len(values) for name, values in law.coordinates().items()}
    sample = sum(np.prod([points[a] for a in axes]) for axes in law.axes.values())
    there = sum(part.stat().st_size for part in part_files(parts))
    size = int(sample) * samples * np.dtype(dtype).itemsize
    free = shutil.disk_usage(parts).free + there
    if 2 * size > free:
        raise OSError(
            f"not enough room: {samples} samples of {law.name} need up to "
            f"{2 * size / 2**20:.0f} MB while they are made, {free / 2**20:.0f} MB are free"
        )


def _solve(
    parts: Path, recipe: Recipe, samples: int, workers: int, progress: bool
) -> dict[str, float | str]:
    """Make the parts that are missing; returns the solver's convergence."""
    law, note = recipe.law, parts / "convergence.json"
    discard_damaged(parts)
    size = {first: min(law.block, samples - first) for first in range(0, samples, law.block)}
    missing = [first for first in size if not part_path(parts, first).exists()]
    bar = tqdm(
        total=samples,
        initial=samples - sum(size[first] for first in missing),
        unit="sample",
        desc=law.name,
        disable=not progress,
        leave=False,
    )
    with bar, worker_processes(workers) as pool:
        check = None if note.exists() else pool.submit(law.self_convergence, recipe.seed)
        futures = {pool.submit(make_part, recipe, parts, first): first for first in missing}
        try:
            for future in as_completed(futures):
                future.result()
                bar.update(size[futures[future]])
        except KeyboardInterrupt:
            bar.write(f"{int(bar.n)} of {samples} samples are kept: the same command goes on")
            raise
        if check is not None:
            bar.set_description(f"{law.name}: checking the solver")
            write_whole(note, json.dumps(_convergence(law, check.result())))
    result: dict[str, float | str] = json.loads(note.read_text(encoding="utf-8"))
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
