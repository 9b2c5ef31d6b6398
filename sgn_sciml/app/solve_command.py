"""``sgn solve``: the problem of a PINN's configuration solved by local least squares."""

import argparse
import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch

from sgn_sciml.app.solve_progress import Recorder
from sgn_sciml.app.workflow import read_problem, reference_of
from sgn_sciml.local_solver import solve
from sgn_sciml.local_solver.checks import rows_of
from sgn_sciml.local_solver.checks.fingerprint import fingerprint
from sgn_sciml.local_solver.dictionary import DICTIONARIES
from sgn_sciml.local_solver.solver import check_arguments, in_slabs
from sgn_sciml.local_solver.storage import load_slabs
from sgn_sciml.pde import Problem
from sgn_sciml.runs.folder import RunFolder, new_run, versions
from sgn_sciml.runs.results import read_card
from sgn_sciml.system.blame import lack_of_memory
from sgn_sciml.system.classes import instantiate
from sgn_sciml.system.writing import write_whole

__all__ = ["solve_command"]

SETTINGS = "solve.json"  # what a run that goes on must share with the one that was stopped
EQUATION = "equation"  # among them: what it says, as a hash


def solve_command(options: argparse.Namespace) -> None:
    """Run the command.

    Args:
        options: Those of :func:`~sgn_sciml.app.solve_options.parsed`.

    Raises:
        ValueError: If the configuration names no problem, or the problem cannot be solved.
        OSError: If the disk is full or there is not enough memory; slabs are kept.
    """
    config, data = read_problem(options.config)
    problem = instantiate(Problem, data["problem"], "problem")  # type: ignore[type-abstract]
    if options.threads:
        torch.set_num_threads(options.threads)
    check_arguments(problem, options.tolerance, options.degree)
    equations = rows_of(problem, options.tolerance)
    settings = {
        "problem": {"law": problem.law, **problem.parameters},
        "tolerance": options.tolerance,
        "dictionary": options.dictionary,
        "degree": options.degree,
        EQUATION: fingerprint(equations),
    }
    settings = json.loads(json.dumps(settings, default=str))
    root, name = Path(options.runs), options.name or config.get("name") or name_of(options.config)
    run = unfinished(root, name, settings) if options.resume else begun_run(root, name, settings)
    marched = in_slabs(equations)
    recorder = Recorder(run.path / "slabs", problem, marched)
    begun = load_slabs(run.path / "slabs")
    recorder.begin(begun)
    started = time.perf_counter(), time.process_time()
    with kept(run, recorder):
        solution = solve(
            problem,
            options.tolerance,
            DICTIONARIES[options.dictionary],
            options.degree,
            recorder,
            begun,
        )
        recorder.close()
        spent = {
            "wall_seconds": round(recorder.before[0] + time.perf_counter() - started[0], 2),
            "cpu_seconds": round(recorder.before[1] + time.process_time() - started[1], 2),
        }
        from sgn_sciml.app.solve_report import report  # slow to import: what is refused needs none

        write_whole(run.path / "config.yaml", Path(options.config).read_bytes())
        named = reference_of(data)  # one that this solver makes would only show itself
        reference = Path(named) if isinstance(named, str) else None
        report(run, solution, marched, reference, settings, spent)


@contextmanager
def kept(run: RunFolder, recorder: Recorder) -> Iterator[None]:
    """Keep the slabs of a run that is stopped and say how it goes on; without any leave nothing.

    Raises:
        ValueError: If the problem cannot be solved.
        OSError: If the disk is full or there is not enough memory.
    """
    try:
        yield
    except (Exception, KeyboardInterrupt) as error:
        recorder.close()
        said = str(error) if isinstance(error, OSError) else lack_of_memory(error)
        if not recorder.slabs:
            run.discard()
        else:
            many = "1 slab is" if recorder.slabs == 1 else f"{recorder.slabs} slabs are"
            where = f"{many} kept in {run.path}"
            if isinstance(error, ValueError):
                raise ValueError(f"{error} ({where})") from error
            if said is not None:
                raise OSError(f"{said} ({where}; --resume goes on with them)") from error
            print(f"{where}; --resume goes on with them")
        if said is not None:
            raise OSError(said) from error
        raise


def name_of(config: str) -> str:
    """The name of a run from the name of its configuration."""
    return f"{Path(config).stem.removesuffix('_pinn')}_solve"


def begun_run(root: Path, name: str, settings: dict[str, Any]) -> RunFolder:
    """A new run folder that says what it solves."""
    run = new_run(root, name)
    try:
        write_whole(run.path / SETTINGS, json.dumps(settings, indent=2) + "\n")
    except OSError:
        run.discard()
        raise
    return run


def unfinished(root: Path, name: str, settings: dict[str, Any]) -> RunFolder:
    """The last run of a name, which must not have ended and must solve the same.

    Raises:
        ValueError: If there is none, it has ended, or it solves something else.
    """
    runs = [run for run in versions(root, name) if (run.path / SETTINGS).is_file()]
    if not runs:
        raise ValueError(f"nothing to resume: no run of sgn solve under {root / name}")
    run = runs[-1]
    if read_card(run.path):
        raise ValueError(f"nothing to resume: {run.path} has ended")
    there = json.loads((run.path / SETTINGS).read_text())
    for key, value in settings.items():
        if there.get(key) == value:
            continue
        if key == EQUATION:
            raise ValueError(
                f"{run.path} was begun with another equation: the code of its problem, or of the "
                "solver, has changed since. Leave --resume out to begin anew"
            )
        raise ValueError(
            f"{run.path} was begun with {key} {there.get(key)}, now it is {value}: "
            "leave --resume out to begin anew"
        )
    print(f"going on with {run.path}")
    return run
