"""``sgn data make reference``: the solution of any problem on a grid, by local least squares."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from sgn_sciml.app.dialect import hyphenated
from sgn_sciml.app.words import own_folders, resolve_words
from sgn_sciml.app.workflow import read_problem
from sgn_sciml.layouts.grid_fields import write_grid
from sgn_sciml.local_solver import solve
from sgn_sciml.local_solver.on_grid import on_grid
from sgn_sciml.pde import Problem
from sgn_sciml.system.blame import lack_of_memory
from sgn_sciml.system.classes import instantiate

__all__ = ["reference_command"]


def reference_command(args: Sequence[str]) -> None:
    """Run the command.

    Args:
        args: Words after ``sgn data make reference``.

    Raises:
        ValueError: If the configuration names no problem, or the problem cannot be solved.
        OSError: If the disk is full or there is not enough memory; no file is left.
    """
    parser = argparse.ArgumentParser(
        "sgn data make reference",
        description="Solve the problem of a configuration by local least squares and write it as "
        "a reference file, the estimate of its error within.",
        allow_abbrev=False,
    )
    parser.add_argument("--config", required=True, help="configuration of a PINN, or of a problem")
    parser.add_argument("--tolerance", type=float, default=1e-9, help="relative error (1e-9)")
    parser.add_argument("-o", "--output", type=Path, help="file (default: data/LAW_reference.h5)")
    parser.add_argument("--grid", type=int, nargs="+", help="points along each coordinate")
    words = resolve_words(args)
    sys.path += [folder for folder in own_folders(words) if folder not in sys.path]
    options = parser.parse_args(hyphenated(words))
    settings = read_problem(options.config)[1]["problem"]
    problem = instantiate(Problem, settings, "problem")  # type: ignore[type-abstract]
    axes = problem.axes(options.grid)  # a wrong number of points is told before anything is solved
    try:
        solution = solve(problem, options.tolerance)
        output = options.output or Path(f"data/{problem.law}_reference.h5")
        path = write_grid(output, on_grid(solution, axes))
    except (MemoryError, RuntimeError) as error:
        if (said := lack_of_memory(error)) is None:
            raise
        raise OSError(said) from error
    size = " x ".join(f"{len(values)} ({name})" for name, values in axes.items())
    print(f"wrote {path}: {problem.law} on {size}, estimated error {solution.estimate:.1e}")
